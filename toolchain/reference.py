"""Makes ``docs/reference.md`` of the plugin's schema: every input and output, with its default and an example.

The errors, environment variables, exit codes, limits and notices follow, each in a table.
"""
# ruff: noqa: E501  a row of a Markdown table is one line

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from elastx_mrs import registry
from elastx_mrs.cli.exits import MEANINGS
from elastx_mrs.config.environment import DEBUG, VARIABLES
from elastx_mrs.config.model import below, shape
from elastx_mrs.config.parse import stack_keys
from elastx_mrs.config.schema import examples
from elastx_mrs.identity import COMPONENT_TYPE, NAMESPACE, PLUGIN_STRING_TYPE, PLUGIN_TYPE
from elastx_mrs.limits import GROUPS, LIMITS
from elastx_mrs.notices import NOTICES
from elastx_mrs.records import TxtRecord
from elastx_mrs.service import ELASTX
from toolchain.schema import keep, schema

TARGET = Path(__file__).resolve().parent.parent / "docs" / "reference.md"
PREFIX = f"#/types/{NAMESPACE}:index:"

SMTP: Mapping[str, Any] = dict(ELASTX.smtp)
VERIFIED = {"require": ["example.com"], "warn": ["example.se"], "off": ["parked.example"]}
MAIL_RECORD = TxtRecord("example.com", "spf", "example.com", ELASTX.basic_spf).row
OUTPUT_TYPES = ("MailRecord", "Smtp", "VerifiedDomains")
RECORD = {
    "profile": "default",
    "zone": "example.com",
    "owner": "_dmarc.example.com",
    "value": "v=DMARC1; p=none;",
    "ttl": 1800,
    "guard": "warn",
}
STRING = {
    **{key: value for key, value in RECORD.items() if key != "profile"},
    "publisher": "route53",
    "zone": "Z0123456789ABCDEFGHIJ",
}
"""Examples of what has no model."""

_DEFAULT = re.compile(r" Default: (.+)\.$")
_REQUIRED = re.compile(r" (Required\b.*)\.$")
HEAD = """# Reference

This page lists every input, output, error, environment variable, exit code and limit. `python -m toolchain.reference` generates it from the
plugin's schema and the code.

Names are those of TypeScript, YAML and the stack's config. In Python they are in snake_case, and in Go in PascalCase. Examples are YAML.

In the stack's config, you can write a string instead of an object with one key:

- `dmarc: v=DMARC1; p=reject` sets `record`, and so do strings for `spf` and `dkim`.
- `domains: [example.com]` sets the `name` of each domain.
- `guard: warn` sets `mode`, and so does a string for `verification`.
"""
ERRORS = """
## Errors

The component checks all inputs before it creates a record. It prints one line for each error: the path as your language writes it, the
problem, and the fix. It reports missing inputs in the same way.

| message | meaning |
|---|---|
| `<path>: is missing; write it` | a required input is missing |
| `<path>: is not a key here; did you mean …?` | an unknown key; the most similar known key is suggested |
| `<path>: is …; write …` | a value of the wrong type, or not one of the listed values |
| `<path>: is known only after another resource is deployed` | the preview does not know the value of this Output; only the ids of Cloudflare zones may be unknown |
| `<path>: cannot be an input` | the program sets the address or key of a server; write it into the stack's config or an environment variable instead |
| `cloudflare, rfc2136, route53, octodns: no publisher` | the config has no publisher: add one of these keys, or `external: true` to [publish by hand](by-hand.md) |
| `no publisher is known to have a zone for …`, `… each have a zone …` | the config has [several publishers](publishers.md#several-publishers-in-one-stack), and the zones do not decide: write `publish` |
| `before hook "<component>-guard" failed` | the guard stopped a record: see [policy](policy.md) |
| `… is not verified:` | a name server serves something else: see [verification](verification.md) |
| `BADKEY`, `REFUSED`, `answered …` | a primary refused an update: see [rfc2136](rfc2136.md) |
| `cloudflare: …` | Cloudflare refused a request: see [cloudflare](cloudflare.md) |
"""

ENVIRONMENT = """
## Environment variables

elastx-mrs reads these variables at each run. An empty variable counts as unset. [Cloudflare](cloudflare.md) lists the variables of its provider.

| variable | what it does | values | default |
|---|---|---|---|
{rows}

`<PROFILE>` is a name in `rfc2136.profiles`, in capitals and with `_` for each `-`. Such a variable applies only to that profile. The keys in
the column “default” are then the keys of the same profile; see [several servers](rfc2136.md#several-servers).
"""

EXITS = f"""
## Exit codes

Every command of `elastx-mrs` ends with one of these codes:

| code | meaning |
|---|---|
{{rows}}

- If one record is wrong and the query for another one fails, the code is 1, not 3.
- `config check` ends with 1 if a file has an error, and with 2 if a file cannot be read at all. Every other command ends with 2 if the config
  has an error.
- `lab -- COMMAND` ends with the code of COMMAND. Without a COMMAND, the code is 0 after Ctrl-C.
- 3 is often temporary: a name server may have been down for a moment. Run the command again before you change anything.
- 70 is a bug in elastx-mrs. The command prints one line with the place of the bug in the code. Set `{DEBUG}=1` to see the whole traceback.
  A traceback can contain values from your config: read it before you send it to anybody.
- 141 means that the next program in a pipe stopped reading, such as in `elastx-mrs records … | head -1`. It says nothing about the result.
"""

SHOWN = """
## Colors, progress and how much is printed

Every command of `elastx-mrs` takes these options, before or after the name of a subcommand:

| option | what it does |
|---|---|
| `--color auto`, `always`, `never` | sets when to use colors; `auto` is the default |
| `-q`, `--quiet` | prints only problems: no progress, no notices, no passed checks |
| `-v`, `--verbose` | prints more, such as passed checks with their expected values |

The first of these settings that applies decides on colors:

1. `--color always` or `--color never`
2. `NO_COLOR`, with any value: no colors
3. `FORCE_COLOR`, with any value: colors, in a pipe or a file too
4. `TERM=dumb`: no colors
5. otherwise: colors on a terminal, none in a pipe or a file

Output for programs, such as JSON, never has colors, and does not depend on these options. Progress goes to standard error. Tables fit the
width of the terminal; to set another width, use `COLUMNS`. Lines in a pipe are not wrapped.
"""

BOUNDS = """
## Limits

Everything that comes from outside is limited: DNS answers, mail, files, and the output of other programs. In the table, a *question* is a
name and a record type; one question can need many *queries* to servers.

| for | what | at most | beyond the limit |
|---|---|---|---|
{rows}
"""

NAMES = """
## Notices

A notice is information that needs no action. Its text ends with its name. To hide a notice in previews, add its name to
[`acknowledged`](policy.md#acknowledged-notices).

| name | found by | meaning |
|---|---|---|
{rows}
"""


def main() -> None:
    """Write the page, or print a line and end with 1 where it is not current (``--check``)."""
    keep("reference", TARGET, text(), "toolchain.reference")


def text() -> str:
    """Return the page as it is kept."""
    codes = "\n".join(f"| {code} | {meaning} |" for code, meaning in MEANINGS.items())
    variables = "\n".join(
        f"| {', '.join(f'`{name}`' for name in one.names)} | {one.description} | {one.values} | {one.default} |"
        for one in VARIABLES
    )
    limits = "\n".join(
        f"| {one.group} | {one.what} | {one.text} | {one.beyond} |"
        for one in sorted(LIMITS, key=lambda one: GROUPS.index(one.group))
    )
    notices = "\n".join(f"| `{one.name}` | the {one.by} | {one.about} |" for one in NOTICES)
    tables = ENVIRONMENT.format(rows=variables) + EXITS.format(rows=codes) + SHOWN + BOUNDS.format(rows=limits)
    tables += NAMES.format(rows=notices)
    return HEAD + "\n" + "\n".join(_lines(schema())) + ERRORS + tables


def _lines(spec: dict[str, Any]) -> Iterator[str]:
    shown = shown_values()
    for token, resource in spec["resources"].items():
        yield f"## {token}\n\n{resource['description']}\n"
        required = () if resource.get("isComponent") else resource["required"]
        yield from _inputs("Inputs", resource["inputProperties"], shown[token], required)
        yield from _outputs("Outputs", resource["properties"], shown[f"{token} outputs"])
    yield f"## The provider {NAMESPACE}\n\n{spec['provider']['description']}\n"
    yield from _inputs("Inputs, and the stack's config", spec["provider"]["inputProperties"], shown[NAMESPACE])
    yield "## Types\n"
    for token, type_ in spec["types"].items():
        name = token.rpartition(":")[2]
        yield f"### {name}\n\n{' '.join(type_['description'].split())}\n"
        if "enum" in type_:
            yield from _values(name, type_["enum"])
        else:
            table = _outputs if name in OUTPUT_TYPES else _inputs
            yield from table("", type_["properties"], shown[name])


def shown_values() -> dict[str, Mapping[str, Any]]:
    """Return the example of each property, by the resource or type that has it."""
    known = registry.providers()
    root = shape(known)
    open_: dict[str, Any] = {one.name: {} for one in known if one.model.model_config.get("extra") == "allow"}
    found: dict[str, Mapping[str, Any]] = {COMPONENT_TYPE: _in_camel_case(root) | open_}  # a program writes no keys
    found |= {model.__name__: _in_camel_case(model) for model in models_in(root)}
    keys = {key.name: key.example for key in stack_keys(known).values()}
    verification = {"verification": {"nameservers": ["192.0.2.1"]}}
    outputs = {"smtp": SMTP, "verification": VERIFIED, "records": [MAIL_RECORD]}
    return found | {
        NAMESPACE: {
            "rfc2136": {"server": "ns1.example.com", "keyName": "mail-relay"},
            "octodns": {"hetzner": {"class": "octodns_hetzner.HetznerProvider", "token": "env/HCLOUD_TOKEN"}},
            **keys,
            **verification,
        },
        f"{COMPONENT_TYPE} outputs": outputs,
        PLUGIN_TYPE: RECORD,
        f"{PLUGIN_TYPE} outputs": RECORD,
        PLUGIN_STRING_TYPE: STRING,
        f"{PLUGIN_STRING_TYPE} outputs": {**STRING, "change": "C2682N5HXP0BZ4"},
        "Smtp": SMTP,
        "VerifiedDomains": VERIFIED,
        "MailRecord": MAIL_RECORD,
    }


def models_in(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Yield the models of a model's fields, and theirs."""
    for field in model.model_fields.values():
        if (inner := below(field.annotation)) is not None:
            yield inner
            yield from models_in(inner)


def _in_camel_case(model: type[BaseModel]) -> dict[str, Any]:
    return {to_camel(name): value for name, value in examples(model).items()}


def _inputs(
    title: str, properties: dict[str, Any], shown: Mapping[str, Any], required: Sequence[str] = ()
) -> Iterator[str]:
    yield from [f"{title}:\n"] if title else []
    yield from ["| name | type | description |\n|---|---|---|"] if properties else ["It has no keys."]
    for name, one in properties.items():
        said, default = _parts(one)
        default = "Required" if name in required else default
        said += " Secret." if one.get("secret") else ""
        yield f"| `{name}` | {_type(one)} | {said}<br>{default}. Example: {_yaml(shown[name])} |"
    yield ""


def _outputs(title: str, properties: dict[str, Any], shown: Mapping[str, Any]) -> Iterator[str]:
    yield from [f"{title}:\n"] if title else []
    yield "| name | type | description |\n|---|---|---|"
    for name, one in properties.items():
        yield f"| `{name}` | {_type(one)} | {_parts(one)[0]}<br>Example: {_yaml(shown[name])} |"
    yield ""


def _parts(one: dict[str, Any]) -> tuple[str, str]:
    """Return a description and, apart from it, the default that it may end in, or that the value is required."""
    said = one["description"].replace("|", "\\|").replace("<", "\\<")
    if "default" in one:
        return said.partition(" Default: ")[0], f"Default: {_yaml(one['default'])}"
    if found := _REQUIRED.search(said):
        return said[: found.start()], found[1]
    if found := _DEFAULT.search(said):
        is_value = " " not in found[1] or found[1].startswith("v=")
        return said[: found.start()], f"Default: `{found[1]}`" if is_value else f"Default: {found[1]}"
    return said, "Default: none"


def _yaml(value: Any) -> str:
    """Return a value as YAML has it, in one line."""
    dumped = yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True, sort_keys=False)
    return f"`{dumped.removesuffix(chr(10)).removesuffix(chr(10) + '...')}`"


def _values(type_: str, choices: list[dict[str, str]]) -> Iterator[str]:
    yield "| value | in Go | in Python | meaning |\n|---|---|---|---|"
    for one in choices:
        python = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", one["name"]).upper()
        yield f"| `{one['value']}` | `{type_}{one['name']}` | `{type_}.{python}` | {one['description']} |"
    yield ""


def _type(one: dict[str, Any]) -> str:
    if one.get("$ref") == "pulumi.json#/Any":
        return "object"
    if "$ref" in one:
        name = one["$ref"].removeprefix(PREFIX)
        return f"[{name}](#{name.lower()})"
    if "oneOf" in one:
        return " or ".join(map(_type, one["oneOf"]))
    if one["type"] == "array":
        return f"list of {_type(one['items'])}"
    if one["type"] == "object":
        return f"map of {_type(one['additionalProperties'])} by name"
    return str(one["type"])


if __name__ == "__main__":
    main()
