"""``docs/cli.md`` and the manual page are made of the commands, and have all of them."""

import shutil
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from elastx_mrs.cli.help import SECTIONS
from elastx_mrs.cli.main import main
from tests.cli.commands import COMMANDS, found
from tests.engine.stack import ROOT
from toolchain import command_docs

PAGE = command_docs.PAGE.read_text(encoding="utf-8")
MANUAL = command_docs.MANUAL.read_text(encoding="utf-8")


def options() -> Iterator[str]:
    for words in COMMANDS:
        yield from (name for one in found(words).params if isinstance(one, click.Option) for name in one.opts)


def test_they_are_current() -> None:
    """In a process of its own: click keeps a command's help option as it was made first, by whichever test that was."""
    command = [sys.executable, "-m", "toolchain.command_docs", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_command_and_option_is_in_them() -> None:
    for words in COMMANDS:
        assert f"\n## elastx-mrs {' '.join(words)}\n" in PAGE
        assert f"\n.SS elastx\\-mrs {' '.join(words)}\n" in MANUAL
    for name in set(options()):
        assert name in PAGE
        assert name.replace("-", r"\-") in MANUAL


def test_help_has_every_command_once_under_a_heading() -> None:
    names = [name for section in SECTIONS.values() for name in section]
    assert sorted(names) == main.list_commands(click.Context(main))
    text = CliRunner().invoke(main, ["--help"]).stdout
    for heading, own in SECTIONS.items():
        section = text.partition(f"\n{heading}:\n")[2].partition("\n\n")[0]
        assert [line.split()[0] for line in section.splitlines() if line.startswith("  ") and line[2] != " "] == [*own]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_shows_what_to_type(words: tuple[str, ...]) -> None:
    text = CliRunner().invoke(main, [*words, "--help"]).stdout
    assert text.count("\n  Examples:\n    ") == 1
    block = text.partition("\n  Examples:\n")[2].partition("\n\n")[0]
    assert f"elastx-mrs {' '.join(words)}" in block, "every command's own"


@pytest.mark.skipif(shutil.which("man") is None, reason="there is no man")
def test_a_reader_of_manuals_finds_nothing_wrong() -> None:
    command = ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(command_docs.MANUAL)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_line_of_the_manual_is_no_request() -> None:
    requests = {".TH", ".SH", ".SS", ".B", ".BR", ".PP", ".TP", ".nf", ".fi"}
    assert {line.split()[0] for line in MANUAL.splitlines() if line.startswith((".", "'"))} <= requests
    assert command_docs._roff(".so /etc/passwd") == r"\&.so /etc/passwd"
    assert command_docs._roff(r"a\fB'b") == r"a\efB\(aqb"
