"""``elastx-mrs config``: checks stack files without a network and without Pulumi."""

from collections.abc import Sequence

import click

from elastx_mrs.cli import exits
from elastx_mrs.cli.group import Group
from elastx_mrs.cli.inputs import BadInput
from elastx_mrs.cli.options import format_option
from elastx_mrs.cli.terminal import note, quiet
from elastx_mrs.cli.views.config import FORMATS, passed
from elastx_mrs.display import visible
from elastx_mrs.stackfile.check import Checked, Finding, check


@click.group("config", cls=Group)
def command() -> None:
    """Check stack files, and print their schema for editors.

    \b
    elastx-mrs config check stacks/Pulumi.*.yaml
    elastx-mrs config schema > stack.schema.json
    """


@command.command("check")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--strict", is_flag=True, help="Fail on warnings, too.")
@format_option(FORMATS)
@click.pass_context
def check_(context: click.Context, files: tuple[str, ...], strict: bool, format_: str) -> None:
    """Check stack files, such as Pulumi.prod.yaml, before you commit them.

    \b
    elastx-mrs config check stacks/Pulumi.prod.yaml
    elastx-mrs config check --strict --format github stacks/Pulumi.*.yaml

    The command reports everything that a preview would refuse or warn about, with its line and column:

    \b
    stacks/Pulumi.prod.yaml:9:5: domains[1].dkim: is cut off: …
    stacks/Pulumi.prod.yaml:3:3: warning: dmarc: has pct=, which RFC 9989 dropped …

    It also reports mistyped prefixes (elastx-mr:accounts), duplicate keys, and a TSIG key or Cloudflare token in
    plain text. It cannot check encrypted values, and prints a notice for each. Values in the project's Pulumi.yaml
    count for every stack, as in Pulumi. Files without an elastx-mrs: key are skipped.

    To use it as a pre-commit hook, add this to .pre-commit-config.yaml:

    \b
    repos:
      - repo: https://github.com/elastx/elastx-mrs
        rev: v0.1.0
        hooks:
          - id: elastx-mrs-config

    With --format json, the output is a list of objects with the keys file, line, column, path, level, seen and fix.
    The level is error, warning or notice. A notice that you can acknowledge also has the key notice, with the name to
    add to elastx-mrs:acknowledged. With --format github, the output is workflow commands: GitHub shows each finding
    next to its line.

    The command always checks all files. The exit code is 1 if a file has an error (with --strict: or a warning). It is
    2 if a file cannot be read or exceeds a limit.
    """
    told: dict[Finding, None] = {}
    codes = [exits.OK]
    for checked in map(check, files):
        new = [one for one in checked.findings if one not in told]  # two stacks may share an error in Pulumi.yaml
        told.update(dict.fromkeys(new))
        codes.append(_code(checked, strict))
        if format_ != "json":
            click.echo(FORMATS[format_](shown(new, format_)), nl=False)
            if codes[-1] == exits.OK and checked.state == "checked" and not quiet():
                click.echo(passed(checked.file, checked.counts))
        if checked.state == "other":
            note(f"{visible(checked.file)}: has no elastx-mrs: key; skipped")
    if format_ == "json":
        click.echo(FORMATS[format_](list(told)), nl=False)
    context.exit(max(codes))


def shown(findings: Sequence[Finding], format_: str) -> list[Finding]:
    """Return the findings to show: ``--quiet`` drops notices from the text, but not from what programs read."""
    return [one for one in findings if format_ != "text" or one.level != "notice" or not quiet()]


def _code(checked: Checked, strict: bool) -> int:
    if checked.state == "inaccessible":
        return exits.INPUT
    failing = ("error", "warning") if strict else ("error",)
    return exits.exit_code(wrong=any(one.level in failing for one in checked.findings), unasked=False)


@command.command("schema")
def schema_() -> None:
    """Print the JSON Schema of stack files, which editors use to complete and check them.

    \b
    elastx-mrs config schema > stack.schema.json

    Then add this first line to each stack file. VS Code's YAML extension and every other editor with
    yaml-language-server read it:

    \b
    # yaml-language-server: $schema=stack.schema.json

    The path is relative to the stack file. If other installed packages add publishers, the schema includes them.
    """
    from elastx_mrs import registry
    from elastx_mrs.config import schema

    try:
        click.echo(schema.current(), nl=False)
    except registry.RegistryError as error:
        raise BadInput(str(error)) from None
