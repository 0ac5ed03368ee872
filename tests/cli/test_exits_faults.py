"""How a command ends when something unexpected happens: a fault of ours, Ctrl-C, an output that fails."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from elastx_mrs.cli import exits
from elastx_mrs.cli.main import main
from tests.cli.commands import (
    CLOSED,
    COMMANDS,
    INIT,
    INPUT,
    INTERNAL,
    INTERRUPTED,
    LAB,
    OK,
    RECORDS,
    World,
    ended,
    found,
    sample,
    spelled,
)
from tests.cli.terminal import interrupted, start


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("error", [KeyError("secret"), OSError(5, "secret"), RecursionError("secret")], ids=repr)
def test_an_internal_error_is_one_line(
    world: World, words: tuple[str, ...], error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(found(words), "callback", fail)
    result = world.run(*sample(words))
    assert ended(result) == INTERNAL
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Error: internal error: {type(error).__name__} at ")
    assert "not in your input" in line
    assert "report this line" in line
    assert "ELASTX_MRS_DEBUG=1" in line
    assert "secret" not in line, "what an exception says may hold a password"


def test_the_traceback_of_an_internal_error_is_shown_on_request(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("what it was")

    monkeypatch.setattr(found(("records",)), "callback", fail)
    monkeypatch.setenv("ELASTX_MRS_DEBUG", "1")
    result = world.run(*RECORDS)
    assert result.exit_code == INTERNAL
    assert "Traceback" in result.stderr
    assert "KeyError: 'what it was'" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("Error: internal error: KeyError at ")


def test_a_module_that_cannot_be_loaded_is_an_internal_error() -> None:
    program = (
        "import sys; sys.modules['elastx_mrs.cli.views.records'] = None; from elastx_mrs.cli.entry import run; run()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *RECORDS], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == INTERNAL
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: internal error: ModuleNotFoundError at elastx_mrs/cli/records.py:")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_ctrl_c(world: World, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(found(words), "callback", pressed)
    result = world.run(*sample(words))
    assert ended(result) == INTERRUPTED
    assert result.stderr == "\ninterrupted\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("adopt", "good.com", "--nameserver", "{silent}"),
        (*INIT, "--domain", "good.com", "--nameserver", "{silent}"),
        ("review", "{unserved}", "--dns", "--nameserver", "{silent}"),
        ("spf", "good.com", "--nameserver", "{silent}"),
        ("verify", "good.com", "--nameserver", "{silent}", "--timeout", "60"),
    ],
    ids=spelled,
)
def test_ctrl_c_while_a_name_server_says_nothing(world: World, arguments: tuple[str, ...]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.settimeout(30)
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        process = start(*(world.argument(one.replace("{silent}", address)) for one in arguments))
        assert silent.recv(4096)
        interrupted(process)


@pytest.mark.parametrize(
    "arguments",
    [
        ("adopt", "--import", "--config"),
        ("config", "check"),
        ("records", "--config"),
        ("records", "--stack-config"),
        ("review",),
        ("rfc2136", "policy", "--config"),
        ("verify", "--records"),
    ],
    ids=spelled,
)
def test_ctrl_c_while_a_pipe_says_nothing(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = start(*arguments, str(pipe))
    with pipe.open("wb"):  # opened once the command opens its own end
        interrupted(process)


@pytest.mark.parametrize("words", [*COMMANDS, ("--help",), ("verify", "--help"), ("--version",)], ids=" ".join)
def test_a_reader_that_has_seen_enough_ends_it_quietly(world: World, words: tuple[str, ...]) -> None:
    """As ``elastx-mrs records | head -1`` does, whose ``head`` is gone before the first octet is written."""
    arguments = sample(words) if words in COMMANDS else words
    if words == ("lab",):
        arguments = LAB
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", "from elastx_mrs.cli.entry import run; run()", *map(world.argument, arguments)],
        env=os.environ | world.environment(), stdout=writing, stderr=subprocess.PIPE, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    os.close(writing)
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    assert "Error" not in done.stderr
    assert done.returncode == CLOSED


def buffering(unbuffered: str) -> dict[str, str]:
    """The environment of a run whose Python writes at once, or only when its buffer is full, as it does for users."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"} | (
        {"PYTHONUNBUFFERED": unbuffered} if unbuffered else {}
    )


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_of_errors_that_is_gone_ends_it_quietly(unbuffered: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    program = [sys.executable, "-c", "from elastx_mrs.cli.entry import run; run()", "records", "--nothing"]
    environment = buffering(unbuffered)
    done = subprocess.run(program, env=environment, stdout=subprocess.PIPE, stderr=writing, check=False, timeout=30)
    os.close(writing)
    assert (done.returncode, done.stdout) == (INPUT, b"")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_an_output_that_takes_no_more_is_told(unbuffered: str) -> None:
    environment = buffering(unbuffered)
    with Path("/dev/full").open("w") as full:
        program = [sys.executable, "-c", "from elastx_mrs.cli.entry import run; run()", *RECORDS]
        done = subprocess.run(
            program, env=environment, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=30
        )
    assert done.returncode == INPUT
    assert done.stderr == "Error: cannot write: No space left on device; free some space, or write elsewhere\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_an_output_without_unicode_ends_in_no_error(encoding: str) -> None:
    program = [sys.executable, "-c", "from elastx_mrs.cli.entry import run; run()", "records", "--help"]
    environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = subprocess.run(program, env=environment, capture_output=True, check=False, timeout=30)
    assert (done.returncode, done.stderr) == (OK, b"")


def test_config_that_is_nested_too_deep_is_bad_input(world: World) -> None:
    result = CliRunner().invoke(main, ["records", "--config", "-"], input="[" * 100_000)
    assert ended(result) == INPUT
    assert "standard input: has more than 100 nested lists and objects" in result.stderr


def test_a_process_without_an_output_has_nothing_left_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """As under pythonw, or with ``>&-``."""
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    exits._discard_unwritten()
