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
from elastx_mrs.limits import DNS, FILES, LIMITS, MAIL, PUBLISHING
from elastx_mrs.notices import NOTICES
from elastx_mrs.service import ELASTX
from toolchain.schema import keep, schema

TARGET = Path(__file__).resolve().parent.parent / "docs" / "reference.md"
PREFIX = f"#/types/{NAMESPACE}:index:"

SMTP: Mapping[str, Any] = dict(ELASTX.smtp)
VERIFIED = {"require": ["example.com"], "warn": ["example.se"], "off": ["parked.example"]}
OUTPUT_TYPES = ("Smtp", "VerifiedDomains")
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

Every input, output, error, environment variable, exit code and limit. `python -m toolchain.reference` makes this page from the schema of the
plugin and from the code.

Names are written as in TypeScript, YAML and the stack's config. Python has them in snake_case, and Go in PascalCase. Examples are YAML.
In the stack's config, a string may stand for an object with only `record` (`spf`, `dkim`, `dmarc`), `name` (`domains`) or `mode` (`guard`,
`verification`).
"""
ERRORS = """
## Errors

The component checks all inputs before it declares a record. It prints one line for each error: the path as your language writes it, the
problem, and the fix. The schema requires no input, so a missing one is reported in the same way.

| message | meaning |
|---|---|
| `<path>: is missing; write it` | a required input is missing |
| `<path>: is not a key here; did you mean …?` | an unknown key, with the most similar known one |
| `<path>: is …; write …` | a value of the wrong type, or not one of the listed values |
| `<path>: is known only after another resource is deployed` | an Output that a preview does not know; only the ids of Cloudflare zones may be one |
| `<path>: is read at update time` | the address or key of a server is among the inputs; write it into the stack's config or the environment |
| `cloudflare, rfc2136, route53: no publisher` | no key says where records are published |
| `before hook "<component>-guard" failed` | the guard stops a record: [policy](policy.md) |
| `… is not verified:` | a name server has another answer: [verification](verification.md) |
| `BADKEY`, `REFUSED`, `answered …` | a primary refuses an update: [rfc2136](rfc2136.md) |
| `cloudflare: …` | Cloudflare refuses a request: [cloudflare](cloudflare.md) |
"""

ENVIRONMENT = """
## Environment variables

elastx-mrs reads them at each run. An empty variable counts as not set. [Cloudflare](cloudflare.md) lists the variables of its provider.

| variable | what it does | values | default |
|---|---|---|---|
{rows}

`<PROFILE>` is a name in `rfc2136.profiles`, in capitals and with `_` for each `-`. Such a variable applies to that profile only, and so do the
keys in the config that the table names ([several servers](rfc2136.md#several-servers)).
"""

EXITS = f"""
## Exit codes

Every command of `elastx-mrs` ends with one of these codes:

| code | meaning |
|---|---|
{{rows}}

- 1 outweighs 3: if one record is wrong and a query for another one fails, the code is 1.
- `config check` ends with 1 when a file has an error, because finding errors is its task. It ends with 2 when a file cannot be read at
  all. For every other command, a config with errors is bad input: 2.
- `lab -- COMMAND` ends with the code of COMMAND. Without a COMMAND, Ctrl-C is the way to stop the lab, and the code is 0.
- 3 can go away by itself, for example when a name server was down for a moment. Run the command again before you change anything.
- 70 is a fault in elastx-mrs. The command prints one line with the place of the fault. Set `{DEBUG}=1` to see the whole traceback.
  A traceback can contain values from your config: read it before you send it to anybody.
- 141 is the code that shells report for `elastx-mrs records … | head -1` once `head` has read enough. It says nothing about the result.
"""

SHOWN = """
## Colors, progress and how much is printed

Every command of `elastx-mrs` takes these options, before or after the name of a subcommand:

| option | what it does |
|---|---|
| `--color auto`, `always`, `never` | sets when to use colors; `auto` is the default |
| `-q`, `--quiet` | prints problems only: no progress, no notices, nothing that passed |
| `-v`, `--verbose` | prints more, such as what passed and what was expected there |

The first of these that is set decides whether output has colors:

1. `--color always` or `--color never`
2. `NO_COLOR`, with any value: no colors
3. `FORCE_COLOR`, with any value: colors, in a pipe or a file too
4. `TERM=dumb`: no colors
5. otherwise: colors on a terminal, none in a pipe or a file

Formats for programs, such as JSON, never have colors, and these options do not change them. Progress goes to standard error. Tables fit the
width of the terminal, and lines in a pipe are not wrapped; `COLUMNS` overrides the width.
"""

GROUPS = (DNS, MAIL, FILES, PUBLISHING)

BOUNDS = """
## Limits

Everything that comes from outside is limited: DNS answers, mail, files, and what other programs print.

| for | what | at most | beyond it |
|---|---|---|---|
{rows}
"""

NAMES = """
## Notices

A notice is good to know and needs no action. It ends in its name. [`acknowledged`](policy.md#acknowledged-notices) leaves it out of previews.

| name | found by | it says that |
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
            yield from _values(type_["enum"])
        else:
            table = _outputs if name in OUTPUT_TYPES else _inputs
            yield from table("", type_["properties"], shown[name])


def shown_values() -> dict[str, Mapping[str, Any]]:
    """Return the example of each property, by the resource or type that has it."""
    known = registry.providers()
    root = shape(known)
    found = {COMPONENT_TYPE: _in_camel_case(root)}
    found |= {model.__name__: _in_camel_case(model) for model in models_in(root)}
    keys = {key.name: key.example for key in stack_keys(known).values()}
    verification = {"verification": {"nameservers": ["192.0.2.1"]}}
    outputs = {"smtp": SMTP, "verification": VERIFIED}
    return found | {
        NAMESPACE: {"rfc2136": {"server": "ns1.example.com", "keyName": "mail-relay"}, **keys, **verification},
        f"{COMPONENT_TYPE} outputs": outputs,
        PLUGIN_TYPE: RECORD,
        f"{PLUGIN_TYPE} outputs": RECORD,
        PLUGIN_STRING_TYPE: STRING,
        f"{PLUGIN_STRING_TYPE} outputs": {**STRING, "change": "C2682N5HXP0BZ4"},
        "Smtp": SMTP,
        "VerifiedDomains": VERIFIED,
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
    yield "| name | type | description |\n|---|---|---|"
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


def _values(choices: list[dict[str, str]]) -> Iterator[str]:
    yield "| value | in Go and Python | meaning |\n|---|---|---|"
    for one in choices:
        yield f"| `{one['value']}` | `{one['name']}` | {one['description']} |"
    yield ""


def _type(one: dict[str, Any]) -> str:
    if "$ref" in one:
        name = one["$ref"].removeprefix(PREFIX)
        return f"[{name}](#{name.lower()})"
    if one["type"] == "array":
        return f"list of {_type(one['items'])}"
    if one["type"] == "object":
        return f"map of {_type(one['additionalProperties'])} by name"
    return str(one["type"])


if __name__ == "__main__":
    main()
