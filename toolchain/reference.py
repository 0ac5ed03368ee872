"""Makes ``docs/reference.md`` of the plugin's schema: every input, output, default and error; and of four tables.

These are the environment variables, the exit codes, the limits and the notices. How much a command prints is
explained here, too.
"""
# ruff: noqa: E501  a row of a Markdown table is one line

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from elastx_mrs.cli.exits import MEANINGS
from elastx_mrs.config.environment import DEBUG, VARIABLES
from elastx_mrs.identity import NAMESPACE
from elastx_mrs.limits import DNS, FILES, LIMITS, MAIL, PUBLISHING
from elastx_mrs.notices import NOTICES
from toolchain.schema import keep, schema

TARGET = Path(__file__).resolve().parent.parent / "docs" / "reference.md"
PREFIX = f"#/types/{NAMESPACE}:index:"
HEAD = """# Reference

Made of the plugin's schema and the docstrings by `python -m toolchain.reference`. Names are as TypeScript, YAML and the stack's config have
them; Python's are in snake_case, Go's in PascalCase. In the stack's config a bare string may stand for an object with only `record`
(`spf`, `dkim`, `dmarc`), `name` (`domains`) or `mode` (`guard`, `verification`).
"""
ERRORS = """
## Errors

Whatever is wrong with the inputs is told at once, before anything is declared: one line a fault, with the path in the casing of the
program's language, what is wrong and what to write. Nothing is required by the schema, so that what is missing is told so too.

| it says | it means |
|---|---|
| `<path>: is missing; write it` | a required input is not there |
| `<path>: is not a key here; did you mean …?` | an unknown key, with the one that is near |
| `<path>: is …; write …` | a value of another type, or not one of those that there are |
| `<path>: is known only after something else is deployed` | an Output that a preview does not know; only the ids of Cloudflare's zones may be such |
| `<path>: is read where the update is sent` | a server's address or key among the inputs; it belongs into the stack's config or the environment |
| `cloudflare, rfc2136, route53: no publisher` | no key says where records are published |
| `before hook "<component>-guard" failed` | the guard stops a record: [policy](policy.md) |
| `… is not verified:` | a name server says something else: [verification](verification.md) |
| `BADKEY`, `REFUSED`, `answered …` | a primary refuses an update: [rfc2136](rfc2136.md) |
| `cloudflare: …` | Cloudflare refuses: [cloudflare](cloudflare.md) |
"""

ENVIRONMENT = """
## Environment variables

All of them are read at each run, and one that is empty counts as not set. Those of Cloudflare are in [cloudflare](cloudflare.md).

| variable | what it does | values | where it is not set |
|---|---|---|---|
{rows}

`<PROFILE>` is a name among `rfc2136.profiles` in capitals, with `_` for each `-`. The variables with it hold for that profile alone, and the keys in
the config are then those of the profile ([rfc2136](rfc2136.md#several-servers)).
"""

EXITS = f"""
## Exit codes

Every command of `elastx-mrs` ends with one of these codes:

| code | meaning |
|---|---|
{{rows}}

- 1 outweighs 3: when one record is wrong and another could not be asked for, the code is 1.
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
    for token, resource in spec["resources"].items():
        yield f"## {token}\n\n{resource['description']}\n"
        yield from _table("Inputs", resource["inputProperties"])
        yield from _table("Outputs", resource["properties"])
    yield f"## The provider {NAMESPACE}\n\n{spec['provider']['description']}\n"
    yield from _table("Inputs, and the stack's config", spec["provider"]["inputProperties"])
    yield "## Types\n"
    for token, type_ in spec["types"].items():
        name = token.rpartition(":")[2]
        yield f"### {name}\n\n{' '.join(type_['description'].split())}\n"
        yield from _values(type_["enum"]) if "enum" in type_ else _table("", type_["properties"])


def _table(title: str, properties: dict[str, Any]) -> Iterator[str]:
    if title:
        yield f"{title}:\n"
    yield "| name | type | |\n|---|---|---|"
    for name, one in properties.items():
        said = one["description"].replace("|", "\\|").replace("<", "\\<")
        if "default" in one:
            default = str(one["default"]).lower() if isinstance(one["default"], bool) else one["default"]
            said += f" Default: {default}."
        said += " Secret." if one.get("secret") else ""
        yield f"| `{name}` | {_type(one)} | {said} |"
    yield ""


def _values(choices: list[dict[str, str]]) -> Iterator[str]:
    yield "| value | in Go and Python | |\n|---|---|---|"
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
