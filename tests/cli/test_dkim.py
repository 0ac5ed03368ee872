"""``elastx-mrs dkim``: a key of one's own goes to a file or a pipe, and its record and config to the reader."""

import json
import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from elastx_mrs.config.parse import parse_stack
from elastx_mrs.dkim import keys
from elastx_mrs.secrecy import hints
from tests import golden
from tests.cli.commands import completed

MAIN = [sys.executable, "-c", "from elastx_mrs.cli.entry import run; run()", "dkim"]
DAY = {"ELASTX_MRS_LAB_TODAY": "2026-11-30"}


def generate(*arguments: str) -> subprocess.CompletedProcess[str]:
    return completed("dkim", "generate", "s2026", *arguments, **DAY)


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_the_key_goes_to_a_file_and_the_config_to_the_reader(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "s2026.pem"
    done = generate("--type", kind, "--out", str(file))
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    record = keys.record_of(keys.read(str(file)))
    assert done.stdout.splitlines()[0] == f"# s2026._domainkey.<domain> TXT {record}"
    (item,) = yaml.safe_load(done.stdout)
    assert item == {"selector": "s2026", "own": True, "record": record, "signs": False}
    assert done.stderr == f"wrote the private key to {file}; only you can read it\n"
    secret = "".join(file.read_text().splitlines()[1:-1])
    assert not hints(done.stdout + done.stderr, secret)
    again = completed("dkim", "record", "s2026", str(file), **DAY)
    assert (again.returncode, again.stdout) == (0, done.stdout)


def test_the_lines_are_config(tmp_path: Path) -> None:
    done = generate("--out", str(tmp_path / "key"))
    values = {"accounts": [golden.ACCOUNT], "domains": ["example.com"], "cloudflare": {}}
    given = values | {"dkim": [golden.DKIM, *yaml.safe_load(done.stdout)]}
    arguments = parse_stack({f"elastx-mrs:{key}": value for key, value in given.items()})
    assert [one.suffix for one in arguments.records() if one.kind == "dkim"] == ["dkim", "dkim-s2026"]


def test_the_key_goes_to_a_vault_and_all_else_to_standard_error() -> None:
    done = generate("--out", "-")
    assert done.returncode == 0
    assert done.stdout.startswith("-----BEGIN PRIVATE KEY-----\n")
    assert done.stdout.endswith("-----END PRIVATE KEY-----\n")
    assert "v=DKIM1" not in done.stdout
    assert not hints(done.stderr, "".join(done.stdout.splitlines()[1:-1]))
    (item,) = yaml.safe_load(done.stderr)
    again = completed("dkim", "record", "s2026", "-", stdin=done.stdout)
    assert yaml.safe_load(again.stdout)[0]["record"] == item["record"]


def test_a_key_is_not_shown_on_a_terminal() -> None:
    ours, theirs = pty.openpty()
    command = [*MAIN, "generate", "s1", "--out", "-"]
    done = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, text=True, check=False)
    os.close(theirs)
    with open(ours, "rb") as terminal:  # noqa: PTH123 - a descriptor
        os.set_blocking(ours, False)
        try:
            shown = terminal.read() or b""
        except OSError:
            shown = b""
    assert (done.returncode, shown) == (2, b"")
    assert "would show the private key; pipe it to a vault" in done.stderr


def test_a_closed_pipe_ends_the_command(tmp_path: Path) -> None:
    command = f"{' '.join(map(json.dumps, MAIN))} generate s1 --out - | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout in ("0\n", "141\n")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["elastx", "--out", "{folder}/x"], "SELECTOR elastx: Elastx signs with the key there"),
        (["a b", "--out", "{folder}/x"], "SELECTOR 'a b': is not a selector"),
        (["--out", "{folder}/x"], "Missing argument 'SELECTOR'"),
        (["s1"], "Missing option '--out'"),
        (["s1", "--out", "{folder}/there"], "exists, and a key is never overwritten"),
        (["s1", "--out", "{folder}"], "exists, and a key is never overwritten"),
        (["s1", "--out", "{folder}/no/x"], "No such file or directory; name a file in a folder"),
        (["s1", "--type", "dsa", "--out", "{folder}/x"], "'dsa' is not one of 'rsa', 'ed25519'"),
    ],
)
def test_bad_input(arguments: list[str], said: str, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("old")
    done = completed("dkim", "generate", *(one.format(folder=tmp_path) for one in arguments))
    assert done.returncode == 2
    assert said in done.stderr
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("there", "old")]


def test_a_private_key_as_a_selector_is_not_shown(tmp_path: Path) -> None:
    pem = keys.pem_of(keys.generate("ed25519")).decode()
    body = "".join(pem.splitlines()[1:-1])
    for text in (pem, body, keys.pem_of(keys.generate("rsa")).decode()):
        done = completed("dkim", "generate", "--out", str(tmp_path / "x"), "--", text)
        assert done.returncode == 2
        assert not hints(done.stderr, "".join(text.splitlines()[1:-1]) or body)


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    generate("--out", str(file))
    file.chmod(0o644)
    done = completed("dkim", "record", "s1", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{file}: is readable by others; run: chmod 600" in done.stderr


def test_a_closed_standard_output_loses_no_key() -> None:
    closed = f'exec {sys.executable} -c "from elastx_mrs.cli.entry import run; run()" dkim generate s1 --out - >&-'
    done = subprocess.run(["sh", "-c", closed], stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "Error: --out -: standard output is closed; pipe it to a vault\n")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    done = generate("--out", f"{tmp_path}/new/")
    assert done.returncode == 2
    assert "new/: is a folder; name a file" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_no_umask_changes_the_mode(tmp_path: Path) -> None:
    before = os.umask(0o777)
    try:
        keys.write_new(tmp_path / "key", b"key")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_no_key_is_at_the_relay_s_selector(tmp_path: Path) -> None:
    assert generate("--out", str(tmp_path / "key")).returncode == 0
    done = completed("dkim", "record", "elastx", str(tmp_path / "key"), **DAY)
    assert (done.returncode, done.stdout) == (2, "")
    assert "SELECTOR elastx: Elastx signs with the key there; name another selector" in done.stderr
