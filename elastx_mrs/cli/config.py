"""``elastx-mrs config``: a stack's file, checked where it is written, without a network and without Pulumi."""

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
    """Check the files of stacks, and describe them to editors.

    \b
    elastx-mrs config check stacks/Pulumi.*.yaml
    elastx-mrs config schema > stack.schema.json
    """


@command.command("check")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--strict", is_flag=True, help="Warnings fail, too.")
@format_option(FORMATS)
@click.pass_context
def check_(context: click.Context, files: tuple[str, ...], strict: bool, format_: str) -> None:
    """Check the files of stacks (Pulumi.<stack>.yaml) before they are committed.

    \b
    elastx-mrs config check stacks/Pulumi.prod.yaml
    elastx-mrs config check --strict --format github stacks/Pulumi.*.yaml

    Everything that a preview would refuse, and what it would only remark on, each with its line and column:

    \b
    stacks/Pulumi.prod.yaml:9:5: domains[1].dkim: is cut off: …
    stacks/Pulumi.prod.yaml:3:3: warning: dmarc: has pct=, which RFC 9989 dropped …

    So are keys that Pulumi takes for another's (elastx-mr:accounts), keys that are there twice, and a TSIG key or a
    token for Cloudflare that stands there in plain text. What is encrypted is not checked, and a notice says so. What
    the project's Pulumi.yaml gives all of its stacks is taken with each. The file of another project is passed over.

    As a hook of pre-commit, in .pre-commit-config.yaml:

    \b
    repos:
      - repo: https://git.example.com/platform/elastx-mrs
        rev: v0.1.0
        hooks:
          - id: elastx-mrs-config

    The format json is a list of objects with file, line, column, path, level (error, warning or notice), seen and fix;
    a notice that the config can acknowledge has its name as notice. github is workflow commands,
    which GitHub shows beside the lines.

    All files are checked in any case. The exit code is 1 when a file has an error (with --strict: or a warning), 2 when
    a file cannot be read at all, or is beyond a limit.
    """
    told: dict[Finding, None] = {}
    codes = [exits.OK]
    for checked in map(check, files):
        new = [one for one in checked.findings if one not in told]  # two stacks may share a fault of Pulumi.yaml
        told.update(dict.fromkeys(new))
        codes.append(_code(checked, strict))
        if format_ != "json":
            click.echo(FORMATS[format_](shown(new, format_)), nl=False)
            if codes[-1] == exits.OK and checked.state == "checked" and not quiet():
                click.echo(passed(checked.file, checked.counts))
        if checked.state == "other":
            note(f"{visible(checked.file)}: has no elastx-mrs: key; passed over")
    if format_ == "json":
        click.echo(FORMATS[format_](list(told)), nl=False)
    context.exit(max(codes))


def shown(findings: Sequence[Finding], format_: str) -> list[Finding]:
    """Return what people are shown; what programs read does not depend on ``--quiet``."""
    return [one for one in findings if format_ != "text" or one.level != "notice" or not quiet()]


def _code(checked: Checked, strict: bool) -> int:
    if checked.state == "inaccessible":
        return exits.INPUT
    failing = ("error", "warning") if strict else ("error",)
    return exits.exit_code(wrong=any(one.level in failing for one in checked.findings), unasked=False)


@command.command("schema")
def schema_() -> None:
    """Print the JSON Schema of a stack's file, by which editors complete and check it while it is written.

    \b
    elastx-mrs config schema > stack.schema.json

    Then let each file's first line be (VS Code with its YAML extension, and whatever runs yaml-language-server):

    \b
    # yaml-language-server: $schema=stack.schema.json

    The path is from the file's own folder. DNS providers that other packages bring are in the schema too.
    """
    from elastx_mrs import registry
    from elastx_mrs.config import schema

    try:
        click.echo(schema.current(), nl=False)
    except registry.RegistryError as error:
        raise BadInput(str(error)) from None
