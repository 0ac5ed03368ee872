"""A folder has one running lab, which any number of commands join; whatever ends without a word is in nobody's way."""

import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dns.rcode
import pytest

from elastx_mrs import limits
from elastx_mrs.lab.session import LabError, open_lab, run
from elastx_mrs.lab.sharing import Running, alone, announced, joined
from elastx_mrs.limits import Limit
from tests import secrecy
from tests.lab.client import ask, strings
from tests.lab.test_session import START

PRINT = ("sh", "-c", "echo $ELASTX_MRS_LAB_DNS $CLOUDFLARE_BASE_URL $ELASTX_MRS_RFC2136_KEY $PULUMI_HOME")


@contextmanager
def owner(folder: Path, *command: str) -> Iterator["subprocess.Popen[str]"]:
    """A lab in a process of its own."""
    pipe = subprocess.PIPE
    given = [sys.executable, "-c", START, str(folder), *command]
    with subprocess.Popen(given, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def began(process: "subprocess.Popen[str]", line: str) -> None:
    assert process.stdout is not None
    for said in process.stdout:
        if line in said:
            return
    pytest.fail(f"it ended before it said {line!r}")


def test_a_command_joins_the_lab_that_runs(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with open_lab(tmp_path) as lab:
        assert run(tmp_path, PRINT) == 0
        assert run(tmp_path, ["sh", "-c", "exit 7"]) == 7
        expected = [lab.address, lab.url, lab.key, str(tmp_path / "pulumi-home")]
    assert capfd.readouterr().out.split() == expected


def test_without_a_command_it_says_how_to_use_the_one_that_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_lab(tmp_path) as lab:
        assert run(tmp_path, []) == 0
        said = capsys.readouterr().out
        assert lab.address in said
        assert said.splitlines()[-1] == "The lab runs in another terminal."
        assert secrecy.shown(said, [lab.key, lab.token]) == []


def test_a_lab_outlives_the_commands_that_joined_it(tmp_path: Path) -> None:
    with owner(tmp_path, "sh", "-c", "echo ready; read line; exit 3") as process:
        began(process, "ready")
        with joined(tmp_path) as running:
            assert running is not None
            assert process.stdin is not None
            assert process.stderr is not None
            process.stdin.close()
            assert "a command in another terminal still uses this lab" in process.stderr.readline()
            assert running.answers()
            with joined(tmp_path) as late:
                assert late is None, "nobody joins one that ends"
        assert process.wait(60) == 3


def test_a_signal_ends_it_all_the_same(tmp_path: Path) -> None:
    with owner(tmp_path, "sh", "-c", "echo ready; read line") as process:
        began(process, "ready")
        with joined(tmp_path):
            assert process.stdin is not None
            assert process.stderr is not None
            process.stdin.close()
            process.stderr.readline()
            process.send_signal(signal.SIGINT)
            process.wait(60)


def test_one_that_was_killed_is_in_nobodys_way(tmp_path: Path) -> None:
    with owner(tmp_path) as process:
        began(process, "Ctrl-C")
        process.kill()
        process.wait(60)
    assert {"lock", "running.json"} <= {path.name for path in tmp_path.iterdir()}
    with joined(tmp_path) as running:
        assert running is None
    with open_lab(tmp_path) as lab:
        assert strings(ask(lab, "example.com", "NS"))


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_the_lab(tmp_path: Path, sent: signal.Signals) -> None:
    with owner(tmp_path) as process:
        began(process, "Ctrl-C")
        process.send_signal(sent)
        assert process.wait(60) == 0
    assert not (tmp_path / "running.json").exists()


def test_nohup_is_heeded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert run(tmp_path, ["sh", "-c", f"kill -HUP {os.getpid()}; echo on"]) == 0
    finally:
        signal.signal(signal.SIGHUP, before)


STALE = [
    "",
    "{",
    "[]",
    "{}",
    json.dumps({"address": "127.0.0.1:9", "url": "http://127.0.0.1:9/x", "zones": []}),
    json.dumps({"address": "127.0.0.1:99999999", "url": "x", "zones": []}),
    json.dumps({"address": "nowhere", "url": "http://127.0.0.1:9/x", "zones": 1}),
]


@pytest.mark.limit("LAB_JOIN_SECONDS")
@pytest.mark.parametrize("left", STALE)
def test_what_a_lab_left_behind_is_no_lab(tmp_path: Path, left: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here some process has the lock, and answers nothing."""
    monkeypatch.setattr(limits, "LAB_JOIN_SECONDS", Limit("", "", 0, "seconds", ""))
    with alone(tmp_path):
        (tmp_path / "running.json").write_text(left)
        with pytest.raises(LabError, match=r"another lab is using it and did not answer in 0 seconds; stop it"):
            run(tmp_path, ["true"])
    assert run(tmp_path, ["true"]) == 0


def test_one_that_begins_is_waited_for(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Whatever time it takes below the limit; the keys are there by then."""
    with open_lab(tmp_path):
        pass
    leave = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server, alone(tmp_path):
        address = "{}:{}".format(*server.getsockname())

        def announce() -> None:
            with announced(tmp_path, Running(address, f"http://{address}/client/v4", ["example.com"])):
                leave.wait(60)

        timer = threading.Timer(0.3, announce)
        timer.start()
        try:
            assert run(tmp_path, PRINT) == 0
        finally:
            leave.set()
            timer.join()
    assert capfd.readouterr().out.split()[0] == address


def test_what_only_a_start_can_do_is_refused(tmp_path: Path) -> None:
    with open_lab(tmp_path, added=["mine.example"]):
        assert run(tmp_path, ["true"], added=["mine.example", "example.com"]) == 0
        for more, named in (({"added": ["other.example"]}, "--zone other.example"), ({"delay": 1.0}, "--dns-delay"),
                            ({"requests": 5}, "--rate-limit")):  # fmt: skip
            given: dict[str, Any] = more
            with pytest.raises(LabError, match=f"{named}: a lab already runs in this folder"):
                run(tmp_path, ["true"], **given)


def test_a_zone_of_ones_own_is_served_and_kept(tmp_path: Path) -> None:
    with open_lab(tmp_path) as lab:
        assert ask(lab, "mine.example").rcode() != dns.rcode.NOERROR
    with open_lab(tmp_path, added=["mine.example"]) as lab:
        assert strings(ask(lab, "mine.example", "NS")) == ["ns1.mine.example.", "ns2.mine.example."]
        assert lab.cloudflare.api.zone("mine.example").status == "active"
    file = tmp_path / "zones" / "mine.example.zone"
    file.write_text(file.read_text() + 'mine.example. 60 IN TXT "kept"\n')
    with open_lab(tmp_path, added=["mine.example"]) as lab:
        assert '"kept"' in strings(ask(lab, "mine.example"))
    with open_lab(tmp_path) as lab:
        assert strings(ask(lab, "mine.example", "MX")) == ["10 mail.mine.example."]


def test_a_file_system_without_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    with pytest.raises(LabError, match="No locks available; name another folder with --dir"):
        run(tmp_path, ["true"])


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    for name in ("lock", "running.unfinished"):
        folder = tmp_path / name
        (folder / name).mkdir(parents=True)
        with pytest.raises(LabError, match="Is a directory; name another folder"), open_lab(folder):
            pass


def test_a_folder_that_others_may_not_read_holds_the_locks(tmp_path: Path) -> None:
    with open_lab(tmp_path):
        assert (tmp_path / "lock").stat().st_mode & 0o077 == 0
