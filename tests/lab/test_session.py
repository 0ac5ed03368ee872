"""The lab's folder, and what it says and sets for those who use it."""

import errno
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import dns.rcode
import pytest
import uvicorn

from elastx_mrs.lab.session import LabError, open_lab, run
from tests import secrecy
from tests.lab.client import ask, strings

START = "import sys; from pathlib import Path; from elastx_mrs.lab.session import run; "
START += "sys.exit(run(Path(sys.argv[1]), sys.argv[2:]))"


def test_the_sample_zones_are_those_of_a_company_without_mail_policy(tmp_path: Path) -> None:
    with open_lab(tmp_path) as lab:
        for domain in ("example.com", "example.se"):
            texts = ask(lab, domain)
            assert len(strings(texts)) >= 2
            assert texts.answer[0].ttl == 3600
            assert not any("spf1" in text or "DMARC" in text for text in strings(texts))
            assert strings(ask(lab, domain, "NS")) == [f"ns1.{domain}.", f"ns2.{domain}."]
            assert strings(ask(lab, f"ns2.{domain}", "A")) == ["127.0.0.1"]
            for name in (domain, f"www.{domain}"):
                assert strings(ask(lab, name, "A"))
                assert strings(ask(lab, name, "AAAA"))
        assert strings(ask(lab, "example.com", "MX")) == ["1 smtp.google.com."]
        assert strings(ask(lab, "example.se", "MX")) == ["10 mail.example.se."]
        assert ask(lab, "news.example.com").rcode() == dns.rcode.NXDOMAIN
        assert strings(ask(lab, "elastx.email")) == ['"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"']


def test_everything_of_pulumi_lies_in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with open_lab(Path("here")) as lab:
        environment = lab.environment()
    here = tmp_path.resolve() / "here"
    assert environment["PULUMI_BACKEND_URL"] == f"file://{here}/state"
    assert (here / "state").is_dir()
    assert environment["PULUMI_HOME"] == str(here / "pulumi-home")
    assert environment["ELASTX_MRS_RFC2136_SERVER"] == environment["ELASTX_MRS_LAB_DNS"] == lab.address


def test_only_the_owner_can_read_key_and_token(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        with open_lab(tmp_path) as lab:
            kept = {path.name for path in tmp_path.rglob("*") if path.is_file() and _has(path, lab.key, lab.token)}
            assert kept == {"tsig.key", "cloudflare.token"}
            assert {(tmp_path / name).stat().st_mode & 0o777 for name in kept} == {0o600}
            assert secrecy.shown(repr(lab) + str(lab), [lab.key, lab.token]) == []
    finally:
        os.umask(umask)


def _has(path: Path, *found: str) -> bool:
    return secrecy.shown(path.read_bytes(), found) != []


@pytest.mark.parametrize("content", ["", "not base64!", "å"])
def test_a_damaged_key_is_named_with_what_to_do(tmp_path: Path, content: str) -> None:
    (tmp_path / "tsig.key").write_text(content, encoding="utf-8")
    with pytest.raises(LabError, match=r"tsig\.key: is not a TSIG key in base64 .*remove it"), open_lab(tmp_path):
        pass


@pytest.mark.parametrize("content", ["", "x" * 39, "x" * 39 + "!", "å" * 40])
def test_a_damaged_token_is_named_with_what_to_do(tmp_path: Path, content: str) -> None:
    (tmp_path / "cloudflare.token").write_text(content, encoding="utf-8")
    with pytest.raises(LabError, match=r"cloudflare\.token: is not an API token \(.*\); remove it"), open_lab(tmp_path):
        pass


def test_a_folder_where_a_file_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "a" / "tsig.key").mkdir(parents=True)
    with pytest.raises(LabError, match=r"tsig\.key: Is a directory; make it readable"), open_lab(tmp_path / "a"):
        pass
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "zones.unfinished").touch()
    with pytest.raises(LabError, match="zones: File exists; name another folder"), open_lab(tmp_path / "b"):
        pass


def test_a_server_that_cannot_begin_ends_the_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOBUFS, "No buffer space available")  # as listen(2) may

    monkeypatch.setattr(uvicorn.Server, "startup", full)
    said = r"the lab cannot listen on the loopback address: No buffer space available; try again"
    with pytest.raises(LabError, match=said), open_lab(tmp_path):
        pass
    monkeypatch.undo()
    with open_lab(tmp_path) as lab:
        assert strings(ask(lab, "example.com", "NS")), "nothing of the first one is left"


def test_an_interrupted_start_is_completed(tmp_path: Path) -> None:
    (tmp_path / "zones.unfinished").mkdir()
    (tmp_path / "zones.unfinished" / "example.com.zone").write_text("half")
    (tmp_path / "tsig.unfinished").write_text("half")
    with open_lab(tmp_path) as lab:
        assert len(lab.key) == 44
        for zone in ("example.com", "example.se", "elastx.email"):
            assert strings(ask(lab, zone, "SOA"))


def test_a_folder_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in ("file", "file/below"):
        with pytest.raises(LabError, match="name another folder"), open_lab(tmp_path / folder):
            pass


def test_a_program_that_cannot_be_run_is_126(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name, mode in (("text", 0o644), ("empty", 0o755)):
        (tmp_path / name).write_bytes(b"\x00\x01")
        (tmp_path / name).chmod(mode)
        assert run(tmp_path / "lab", [str(tmp_path / name)]) == 126
        assert name in capfd.readouterr().err


def test_sigterm_ends_the_command_too(tmp_path: Path) -> None:
    """As a supervisor ends the lab: the command is in no terminal that would tell it."""
    script = "trap 'echo told; kill $!; exit 5' TERM; sleep 600 >/dev/null & echo ready; wait"
    with subprocess.Popen(
        [sys.executable, "-c", START, str(tmp_path), "sh", "-c", script], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)  # the terminal's, which reaches the command by itself
        process.terminate()
        try:
            assert process.stdout.readline() == "told\n"
            assert process.wait(60) == 5
        finally:
            process.kill()


def test_a_signal_that_another_thread_gets_ends_a_lab_without_a_command(tmp_path: Path) -> None:
    """As the second of two signals close together: it interrupts no wait in the main thread."""
    get = "import signal, threading; from elastx_mrs.lab import session; "
    get += "one = lambda: signal.pthread_kill(threading.get_ident(), signal.SIGTERM); "
    get += "session.tell = lambda *_: threading.Timer(0.5, one).start(); "
    subprocess.run([sys.executable, "-c", get + START, str(tmp_path)], check=True, timeout=60)


def test_sigterm_while_the_command_begins_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = subprocess.Popen

    def begun(*arguments: Any, **named: Any) -> "subprocess.Popen[bytes]":
        process = begin(*arguments, **named)
        os.kill(os.getpid(), signal.SIGTERM)
        return process

    monkeypatch.setattr(subprocess, "Popen", begun)
    assert run(tmp_path, ["sleep", "20"]) == 128 + signal.SIGTERM


def test_the_command_has_the_terminal_s_input_and_output(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", START, str(tmp_path), "cat"],
        input=b"through",
        check=True,
        timeout=60,
        capture_output=True,
    )
    assert result.stdout == b"through"


def test_the_exports_that_it_shows_work_in_a_shell_and_hide_the_key(tmp_path: Path) -> None:
    folder = tmp_path / "with a space"
    with subprocess.Popen([sys.executable, "-c", START, str(folder)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C" in line:
                break
        process.terminate()
        assert process.wait(30) == 0
    key, token = ((folder / name).read_text().strip() for name in ("tsig.key", "cloudflare.token"))
    assert secrecy.shown("".join(said), [key, token]) == []
    exports = "".join(line for line in said if line.startswith("  export "))
    shell = subprocess.run(
        ["sh", "-c", f"{exports}\nenv"], env={"PATH": os.environ["PATH"]}, check=True, capture_output=True, text=True
    )
    variables = dict(line.split("=", 1) for line in shell.stdout.splitlines())
    assert variables["ELASTX_MRS_RFC2136_KEY"] == key
    assert variables["PULUMI_HOME"] == str(folder.resolve() / "pulumi-home")
    assert shlex.quote(str(folder.resolve() / "pulumi-home")) in exports
