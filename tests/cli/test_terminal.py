"""One rule for colour, width and how much a command prints, and every command keeps it."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from elastx_mrs.cli import terminal
from elastx_mrs.cli.main import main
from tests.cli.commands import COMMANDS, DNS, WELL, World, found, spelled

SGR = re.compile(r"\x1b\[[0-9;]*m")
OURS = {"NO_COLOR": "", "FORCE_COLOR": "", "TERM": "xterm"}


@pytest.mark.parametrize(
    ("wish", "environment", "decided"),
    [
        ("auto", {}, None),
        ("auto", {"NO_COLOR": "", "FORCE_COLOR": "", "TERM": ""}, None),
        ("auto", {"NO_COLOR": "1"}, False),
        ("auto", {"NO_COLOR": "0"}, False),
        ("auto", {"FORCE_COLOR": "1"}, True),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ("auto", {"TERM": "dumb"}, False),
        ("auto", {"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        ("always", {"NO_COLOR": "1", "TERM": "dumb"}, True),
        ("never", {"FORCE_COLOR": "1"}, False),
    ],
)
def test_what_decides_on_colour(wish: str, environment: Mapping[str, str], decided: bool | None) -> None:
    assert terminal.chosen(wish, environment) is decided


@pytest.mark.parametrize("words", [(), *COMMANDS], ids=" ".join)
def test_every_command_has_the_same_options(words: tuple[str, ...]) -> None:
    given = [opts for parameter in found(words).params for opts in parameter.opts]
    assert [given.count(option) for option in ("--color", "--quiet", "-q", "--verbose", "-v")] == [1, 1, 1, 1, 1]


# What colours when asked to: each command that has colours at all.
COLOURED = [
    ("config", "check", "{broken}"),
    ("config", "check", "{cloudflare}"),
    ("message", "{changed}", *DNS),
    ("review", "{removed}", "--format", "text"),
    ("smtp", "--host", "localhost", "--port", "{plain}"),
    ("spf", "bad.com", *DNS),
]


@pytest.mark.parametrize("arguments", COLOURED, ids=spelled)
def test_no_color_and_color_never_are_obeyed_on_a_terminal(world: World, arguments: tuple[str, ...]) -> None:
    def shown(*more: str, **environment: str) -> str:
        given = [world.argument(one) for one in (*arguments, *more)]
        # The runner with color=True stands for a terminal: click keeps codes unless somebody decides otherwise.
        result = CliRunner().invoke(main, given, env=world.environment() | OURS | environment, color=True)
        return result.output

    assert SGR.search(shown())
    assert SGR.search(shown("--color", "always", NO_COLOR="1"))
    assert not SGR.search(shown(NO_COLOR="1"))
    assert not SGR.search(shown(TERM="dumb"))
    assert not SGR.search(shown("--color", "never", FORCE_COLOR="1"))


@pytest.mark.parametrize("arguments", COLOURED, ids=spelled)
def test_a_pipe_gets_colour_only_when_it_is_forced(world: World, arguments: tuple[str, ...]) -> None:
    def shown(*before: str, **environment: str) -> str:
        given = [*before, *(world.argument(one) for one in arguments)]
        return CliRunner().invoke(main, given, env=world.environment() | OURS | environment).output

    assert not SGR.search(shown())
    assert SGR.search(shown(FORCE_COLOR="1"))
    assert SGR.search(shown("--color", "always"))  # before the command, too
    assert not SGR.search(shown("--color", "never", FORCE_COLOR="1"))


@pytest.mark.parametrize(
    "arguments", [one for one in WELL if one[0] in ("config", "message", "smtp", "spf", "verify")], ids=spelled
)
def test_quiet_prints_nothing_if_all_is_well(world: World, arguments: tuple[str, ...]) -> None:
    if arguments[:2] == ("config", "schema"):
        return  # its output is what it is for
    for place in ((*arguments, "--quiet"), ("-q", *arguments)):
        result = world.run(*place)
        assert (result.exit_code, result.output) == (0, ""), result.output


def test_quiet_leaves_warnings_errors_and_results(world: World) -> None:
    result = world.run("records", "--stack-config", "{stack}")
    quiet = world.run("records", "--stack-config", "{stack}", "-q")
    assert "notice: " in result.stderr
    assert "notice: " not in quiet.stderr
    assert quiet.stdout == result.stdout
    assert world.run("config", "check", "{broken}", "-q").stdout == world.run("config", "check", "{broken}").stdout
    shown = world.run("message", "{changed}", *DNS, "-q").stdout
    assert all(line.startswith(("wrong", " ")) for line in shown.splitlines()), shown
    assert "pass " in world.run("message", "{changed}", *DNS).stdout


def test_verbose_shows_what_was_expected_for_passed_checks(world: World) -> None:
    mail = ("smtp", "--host", "localhost", "--port", "{smtp}")
    assert "expected: " not in world.run(*mail).stdout
    assert "expected: " in world.run(*mail, "--verbose").stdout


def test_output_for_programs_is_the_same(world: World) -> None:
    command = ("smtp", "--host", "localhost", "--port", "{plain}", "--format", "json")
    plain = world.run(*command).stdout
    for option in ("-q", "-v", "--color=always"):
        assert json.loads(world.run(*command, option).stdout).keys() == json.loads(plain).keys()
        assert "\x1b" not in world.run(*command, option).stdout


def test_quiet_and_verbose_exclude_each_other(world: World) -> None:
    for arguments in (("spf", "-q", "-v", "good.com"), ("-q", "spf", "good.com", "-v")):
        result = world.run(*arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "--quiet and --verbose cannot be combined; give one of them" in result.stderr


@pytest.mark.parametrize(
    ("given", "wide"),
    [("120", 120), ("8", terminal.NARROWEST), ("0", None), ("", None), ("x", None), ("٣٠", None), ("9" * 5000, None)],
)
def test_columns_of_a_pipe(given: str, wide: int | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COLUMNS", given)
    with (tmp_path / "file").open("w") as file:
        assert terminal.columns(file) == wide
    assert terminal.columns(None) == wide


def test_a_missing_stream_is_not_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    assert not terminal.is_terminal(None)
    assert not terminal.colour(None)
    outer, inner = os.openpty()
    with open(inner, "w") as stream:  # noqa: PTH123 - a descriptor
        assert terminal.is_terminal(stream)
        assert terminal.colour(stream)
        assert terminal.columns(stream) == terminal.USUAL, "it says 0"
        with click.Context(click.Command("x")) as context:
            context.color = False
            assert not terminal.colour(stream)
        monkeypatch.setenv("TERM", "dumb")
        assert not terminal.is_terminal(stream)
        assert not terminal.colour(stream)
    os.close(outer)
