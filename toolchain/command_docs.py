"""Generates ``docs/cli.md`` and the manual page ``docs/elastx-mrs.1`` from ``elastx-mrs --help``."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from elastx_mrs import __version__
from elastx_mrs.cli.exits import EPILOG, MEANINGS
from elastx_mrs.cli.help import EXAMPLES, SECTIONS, Part, parts
from elastx_mrs.cli.main import main as elastx_mrs
from elastx_mrs.cli.options import FORMATS
from elastx_mrs.config.environment import VARIABLES
from elastx_mrs.display import markdown_cell_code, markdown_cell_text, markdown_text
from toolchain.schema import keep

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE, MANUAL = DOCS / "cli.md", DOCS / "elastx-mrs.1"
NAME = "elastx-mrs"

_TOKENS = re.compile(
    r"(?P<before>\(?)(?:(?P<code>"
    r"(?:pulumi (?:up|preview|import|config|stack export)|elastx-mrs (?:adopt|records|smtp))(?: --[a-z-]+)*(?: json)?"
    r"|--[a-z-]+(?: (?:json|markdown|zone|fragment|github|PROJECT/STACK))?|Zone > \w+ > Read"
    r"|config:(?= in )|elastx-mrs:(?= key)"
    r")|(?P<word>\S+?))(?P<after>[,.;:)]*)(?!\S)"
)
"""The words of a help text; a command, an option or a permission is one token, and code as a whole."""

_AS_IS = {"IPv6": "IPv6"}
"""Words that look like code, but are not."""

_RANGE = re.compile(r"; (\d+)<=x<=(\d+)(?=\])|\[x>=\d+\]$")
"""The range of a number, as click writes it at the end of an option's help; a lower bound alone says nothing new."""

HEAD = """# The command

This page lists every command and option of `elastx-mrs`. It has the same texts as `--help` and the manual page
[elastx-mrs.1](elastx-mrs.1); `python -m toolchain.command_docs` generates both pages.

| command | what it does |
|---|---|
"""
FORMAT_HEAD = """
## Formats

`--format` has the same values in every command, and each command lists those that it supports:

| format | what it is |
|---|---|
"""
TAIL = """
In the JSON of every command, a finding has the keys `expected`, `seen` and `fix`. If there is no expected value, or no
fix, the key is empty or missing. The [exit codes](reference.md#exit-codes) are the same for every command.
"""


def main() -> None:
    """Write the page and the manual, or print a line and end with 1 where one is not current (``--check``)."""
    keep("command", PAGE, page(), "toolchain.command_docs")
    keep("manual", MANUAL, manual(), "toolchain.command_docs")


def contexts() -> Iterator[click.Context]:
    """Yield a context of each command that does something, in the order of help."""
    root = click.Context(elastx_mrs, info_name=NAME, **elastx_mrs.context_settings)
    for name in (name for names in SECTIONS.values() for name in names):
        command = elastx_mrs.get_command(root, name) or elastx_mrs
        context = click.Context(command, info_name=name, parent=root)
        if isinstance(command, click.Group):
            below = command.commands.items()
            yield from (click.Context(one, info_name=under, parent=context) for under, one in below)
        else:
            yield context


def page() -> str:
    """Return ``docs/cli.md``."""
    every = list(contexts())
    rows = [f"| [`{c.command_path}`](#{c.command_path.replace(' ', '-')}) | {_cell(_summary(c))} |\n" for c in every]
    shared = [f"| `{name}` | {meaning} |\n" for name, meaning in FORMATS.items()]
    sections = [section for context in every for section in _section(context)]
    return "".join([HEAD, *rows, FORMAT_HEAD, *shared, TAIL, *sections])


def _summary(context: click.Context) -> str:
    return next(parts(context.command.help or "")).text.partition(". ")[0].rstrip(".") + "."


def _cell(text: str) -> str:
    """Return the meaning of an option, or another short text, for a cell."""
    bounds = _RANGE.search(text)
    said, bracket, default = _RANGE.sub("", text).rstrip().partition(" [default: ")
    shown = f" Default: {markdown_cell_code(default.removesuffix(']'))}." if bracket else ""
    shown += f" From {bounds[1]} to {bounds[2]}." if bounds and bounds[1] else ""
    return _prose(said, markdown_cell_text) + shown


def _prose(text: str, show: Callable[[str], str] = markdown_text) -> str:
    """Return a help text as Markdown: commands and options are code, with the punctuation around them outside."""
    return " ".join(_shown(token, show) for token in _TOKENS.finditer(text))


def _shown(token: re.Match[str], show: Callable[[str], str]) -> str:
    before, code, word, after = token.group("before", "code", "word", "after")
    return f"{before}{f'`{code}`' if code else _AS_IS.get(word) or show(word)}{after}"


def _section(context: click.Context) -> Iterator[str]:
    yield f"\n## {context.command_path}\n\n"
    yield f"    {_usage(context)}\n"
    for part in _texts(context):
        if part.is_block:
            lines = re.sub(rf"\A{EXAMPLES}\n", "", part.text)
            yield "\n```text\n" + "".join(f"{line}\n" for line in _outdented(lines)) + "```\n"
        else:
            yield f"\n{_prose(part.text)}\n"
    yield "\n| option | meaning |\n|---|---|\n"
    for names, meaning in ((names, meaning) for names, meaning in _options(context) if meaning):
        yield f"| {markdown_cell_code(names)} | {_cell(meaning)} |\n"


def _outdented(text: str) -> list[str]:
    lines = text.splitlines()
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return [line[indent:] for line in lines]


def _usage(context: click.Context) -> str:
    return " ".join([context.command_path, *context.command.collect_usage_pieces(context)])


def _texts(context: click.Context) -> Iterator[Part]:
    """Yield what help says, without the table of exit codes, which every command has."""
    yield from parts(context.command.help or "")
    yield from parts((context.command.epilog or "").replace(EPILOG, ""))


def _options(context: click.Context) -> Iterator[tuple[str, str]]:
    for parameter in context.command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None:
            yield record[0], " ".join(record[1].split())


def manual() -> str:
    """Return the manual page, in the macros of man(7), which every reader of manuals has."""
    lines = [
        f'.TH ELASTX\\-MRS 1 "" "{_roff(f"elastx-mrs {__version__}")}" "User Commands"',
        ".SH NAME",
        r"elastx\-mrs \- every DNS record that Elastx Mail Relay needs",
        ".SH SYNOPSIS",
        r".B elastx\-mrs",
        r"COMMAND [OPTION]\&... [ARGUMENT]\&...",
        ".SH DESCRIPTION",
        "Lists the records, checks the config, reviews a preview, and verifies what every name server serves. It "
        "publishes nothing: the Pulumi component in the same package does that.",
        ".SH COMMANDS",
    ]
    for context in contexts():
        lines += _of_command(context)
    lines.append(".SH EXIT STATUS")
    for code, meaning in MEANINGS.items():
        lines += [".TP", f".B {code}", _roff(meaning)]
    lines.append(".SH ENVIRONMENT")
    for variable in VARIABLES:
        lines += [".TP", f".B {_roff(variable.name)}", _roff(re.sub(r"[`*]", "", variable.description))]
    lines += [".SH SEE ALSO", r".BR pulumi (1),", r".BR dig (1)"]
    return "".join(f"{line}\n" for line in lines)


def _of_command(context: click.Context) -> Iterator[str]:
    yield f".SS {_roff(context.command_path)}"
    yield f".B {_roff(_usage(context))}"
    for part in _texts(context):
        if part.is_block:
            yield ".PP"
            yield ".nf"
            yield from (_roff(line) for line in part.text.splitlines())
            yield ".fi"
        else:
            yield ".PP"
            yield _roff(part.text)
    for names, meaning in _options(context):
        yield ".TP"
        yield f".B {_roff(names)}"
        yield _roff(meaning)


def _roff(text: str) -> str:
    """Return text as roff has it: nothing in it is a request or an escape."""
    shown = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq").replace("`", r"\(ga")
    shown = shown.replace("~", r"\(ti").replace("^", r"\(ha")
    return rf"\&{shown}" if shown.startswith(".") else shown


if __name__ == "__main__":
    main()
