"""Files and JSON that others wrote: what is read of them, and what is beyond a limit."""

import io
import json
import os
import sys
import threading
from pathlib import Path

import pytest

from elastx_mrs import limits
from elastx_mrs.limits import Limit
from elastx_mrs.reading import BeyondError, read_json, read_octets

TEN = Limit("", "", 10, "octets", "")


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    assert read_octets(str(path), TEN) == b"0123456789"
    path.write_bytes(b"0123456789a")
    with pytest.raises(BeyondError, match="has more than 10 octets"):
        read_octets(str(path), TEN)


def test_an_endless_device_is_read_up_to_the_limit() -> None:
    with pytest.raises(BeyondError):
        read_octets("/dev/zero", TEN)


class Heard(io.StringIO):
    """Standard error that tells when something is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = threading.Event()

    def flush(self) -> None:
        self.heard.set()


def test_a_pipe_without_a_writer_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "QUIET", 0.01)
    monkeypatch.setattr(sys, "stderr", said := Heard())
    os.mkfifo(path := tmp_path / "pi\npe")

    def write() -> None:
        said.heard.wait(60)
        path.write_bytes(b"at last")

    writing = threading.Thread(target=write)
    writing.start()
    assert read_octets(str(path), TEN) == b"at last"
    writing.join(60)
    assert said.getvalue() == f"waiting for '{tmp_path}/pi\\npe', a pipe; write to it, or stop this with Ctrl-C …\n"


def test_a_pipe_with_a_writer_is_not_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(path := tmp_path / "pipe")
    writing = threading.Thread(target=path.write_bytes, args=(b"at once",))
    writing.start()
    assert read_octets(str(path), TEN) == b"at once"
    writing.join(60)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("path", ["", "nowhere", "x" * 5000, "/"])
def test_a_missing_file_is_an_error_of_the_system(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OSError, match=r".") as raised:
        read_octets(path, TEN)
    assert raised.value.strerror


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100 + "]" * 100,
        '{"a":' * 100 + "1" + "}" * 100,
        '"' + "[" * 200_000 + '"',
        "9" * 100,
        '[1, 2.5, -3e10, true, null, "\\ud83d\\ude00", {}]',
    ],
)
def test_json_within_the_limits_is_what_python_reads(text: str) -> None:
    assert read_json(text) == json.loads(text)


@pytest.mark.limit("DIGITS")
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[" * 101 + "]" * 101, "has more than 100 nested lists and objects"),
        ('{"a":' * 101 + "1" + "}" * 101, "has more than 100 nested lists and objects"),
        ("[" * 900 + "]" * 900, "has more than 100 nested lists and objects"),
        ("[" * 200_000, "has more than 100 nested lists and objects"),
        ('{"a":' * 200_000, "has more than 100 nested lists and objects"),
        ("9" * 101, "has a number of more than 100 digits"),
        ("9" * 5000, "has a number of more than 100 digits"),
        (f"1.{'9' * 101}", "has a number of more than 100 digits"),
        ("1e999", "has the number 1e999, which is too large"),
    ],
)
def test_json_beyond_a_limit(text: str, problem: str) -> None:
    with pytest.raises(BeyondError) as raised:
        read_json(text)
    assert str(raised.value) == problem


@pytest.mark.parametrize("text", ["", "NaN", "[Infinity]", "[1,]", "{", '"\t"', "\ufeff[]"])
def test_text_that_is_not_json(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as raised:
        read_json(text)
    assert not isinstance(raised.value, BeyondError)


def test_values_are_counted_outside_of_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "VALUES", limits.VALUES._replace(most=5))
    assert read_json('[1, 2, "a,b,c,[[[[{{\\",,,"]') == [1, 2, 'a,b,c,[[[[{{",,,']
    for text in ("[1, 2, 3, 4, 5]", "[[], [], [], 1]", '{"a": {}, "b": {}, "c": {}, "d": 1}'):
        with pytest.raises(BeyondError, match="has more than 5 values"):
            read_json(text)


def test_a_process_without_standard_input_gets_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(OSError, match="Bad file descriptor"):
        read_octets("-", TEN)
