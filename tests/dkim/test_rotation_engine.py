"""Rotations from start to end: the real engine, BIND, and mail that dkimpy and opendkim verify at each step.

The clock is set, and never waited for. Each step is interrupted once before it is taken.
"""

import datetime
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from elastx_mrs.config.environment import LAB_TODAY
from elastx_mrs.dkim import edit
from tests import golden, signed
from tests.cli.commands import completed
from tests.dkim.receivers import message, passing
from tests.engine.stack import Stack
from tests.servers import NameServer, start

pytestmark = pytest.mark.engine

ELASTX, ELASTX_NEW, OWN, OWN_NEW = range(1, 5)
SELECTORS = ("elastx", "s2026", "s2027")
NEGATIVE, TTL = 300, 1800
"""Seconds: what the zone's SOA says, and the TTL of the records."""


def record(number: int) -> str:
    return signed.record(signed.key(number=number))


@dataclass
class Trial:
    """A stack, its name server, and the time."""

    stack: Stack
    server: NameServer
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    now: datetime.datetime = datetime.datetime(2026, 11, 30, 10, 0, tzinfo=datetime.UTC)
    looks: int = 0
    said: list[str] = field(default_factory=list)

    def up(self) -> None:
        self.stack.environment |= self.clock
        self.stack.up()

    @property
    def clock(self) -> dict[str, str]:
        return {LAB_TODAY.name: self.now.strftime("%Y-%m-%dT%H:%MZ")}

    @property
    def file(self) -> Path:
        return self.stack.directory / "stacks" / "Pulumi.test.yaml"

    def rotate(self, *arguments: str, code: int = 0) -> str:
        """Take a step: shown first, then interrupted while it is written, then taken."""
        self.stack.write()
        before = self.file.read_bytes()
        dry = self._run(*arguments)
        assert self.file.read_bytes() == before
        with self.monkeypatch.context() as patch:
            patch.setattr(edit, "replace_file", interrupted)
            assert self._run(*arguments, "--write").returncode in (130, code)
        assert self.file.read_bytes() == before
        done = self._run(*arguments, "--write")
        assert (done.returncode, dry.returncode) == (code, code), done.stdout + done.stderr
        written = self.stack.written()
        self.stack.config = {key.removeprefix("elastx-mrs:"): value for key, value in written.items()}
        return f"{done.stdout}{done.stderr}"

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        given = ("dkim", "rotate", "--stack-config", str(self.file), "-n", self.server.address, *arguments)
        return completed(*given, **self.clock)

    def passes(self, **messages: bytes) -> set[str]:
        self.looks += 1
        return passing(self.server, messages, SELECTORS, self.folder / f"receivers-{self.looks}")


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trial]:
    config: dict[str, Any] = {
        "accounts": [golden.ACCOUNT],
        "dmarc": golden.DMARC,
        "domains": ["example.com"],
        "rfc2136": {"zones": ["example.com"]},
        "dkim": [
            {"record": record(ELASTX), "since": datetime.date(2026, 1, 1)},  # without quotes, as people write it
            {"selector": "s2026", "own": True, "record": record(OWN), "since": datetime.date(2026, 1, 1)},
        ],
    }
    with start("bind", tmp_path / "server") as server:
        stack = Stack.create(tmp_path / "stack", server.environment(), config)
        yield Trial(stack, server, tmp_path, monkeypatch)


def test_a_rotation_with_two_selectors(trial: Trial) -> None:
    old, new = message(OWN, "s2026"), message(OWN_NEW, "s2027")
    trial.up()
    assert trial.passes(old=old, new=new) == {"old"}
    assert "nothing: no rotation is under way" in trial.rotate()

    said = trial.rotate("--new", "s2027", "--record", record(OWN_NEW))
    assert "now: the key s2027 is new: no name server has it" in said
    assert "signs: false" in trial.file.read_text()

    said = trial.rotate()  # before pulumi up
    assert "not every name server has the key s2027" in said
    assert "no such name" in said
    assert "not now: not every name server has the key s2027" in trial.rotate("--signs", "s2027", code=1)
    assert trial.passes(old=old, new=new) == {"old"}, "whoever signs with it now loses mail"

    trial.up()
    assert trial.passes(old=old, new=new) == {"old", "new"}
    assert "a resolver may still remember" in trial.rotate("--signs", "s2027", code=1)
    said = trial.rotate()
    assert f"wait until 2026-11-30T10:05Z, because a resolver may remember for {NEGATIVE} s" in said
    trial.now += timedelta(seconds=NEGATIVE - 60)
    assert "wait until 2026-11-30T10:05Z" in trial.rotate()
    assert "not now: a resolver may still remember until 2026-11-30T10:05Z" in trial.rotate("--signs", "s2027", code=1)
    trial.now += timedelta(minutes=1)
    assert "let your mail server sign with s2027" in trial.rotate()

    said = trial.rotate("--signs", "s2027")
    assert "now: your mail server signs with s2027, and no longer with s2026" in said
    assert "wait until 2026-12-08, because mail in transit needs the key s2026" in said
    trial.up()
    assert trial.passes(old=old, new=new) == {"old", "new"}, "mail in transit passes"
    assert "s2026   your key, retiring: mail in transit needs it until 2026-12-08" in trial.rotate()
    trial.now += timedelta(days=7)
    assert "wait until 2026-12-08" in trial.rotate()

    trial.now += timedelta(days=1)
    said = trial.rotate()
    assert "run pulumi up, which removes its record" in said
    assert "s2026" not in trial.file.read_text()
    assert trial.passes(old=old, new=new) == {"old", "new"}
    trial.up()
    assert trial.passes(old=old, new=new) == {"new"}
    assert "nothing: no rotation is under way" in trial.rotate()
    names = {name for name in trial.stack.resources() if "-dkim" in name}
    assert names == {"mail-example.com-dkim", "mail-example.com-dkim-s2027"}


def test_a_revocation_after_a_compromise(trial: Trial) -> None:
    old = message(OWN, "s2026")
    trial.up()
    said = trial.rotate("--revoke", "s2026", code=1)
    assert "not now: the key s2026 is not retired, so receivers would reject your mail" in said
    assert "not now: the key elastx is not retired" in trial.rotate("--revoke", "elastx", code=1)
    trial.stack.config["dkim"][1]["retire"] = "2026-12-07"
    assert "all mail that was signed with s2026, also mail in transit" in trial.rotate("--revoke", "s2026")
    assert trial.passes(old=old) == {"old"}
    trial.up()
    assert trial.server.txt("s2026._domainkey.example.com") == {b"v=DKIM1; p=": TTL}
    assert trial.passes(old=old) == set()


def test_a_swap_at_elastx_s_selector_with_a_bridge(trial: Trial) -> None:
    old, new = message(ELASTX, "elastx"), message(ELASTX_NEW, "elastx")
    bridge = message(OWN, "s2026")
    trial.up()
    said = trial.rotate("--swap", "elastx", "--record", record(ELASTX_NEW), code=1)
    assert "not now: the swap is not prepared" in said

    said = trial.rotate("--swap", "elastx")
    assert "must replace the old one, because one selector holds one key" in said
    assert "DMARC depends on aligned SPF alone" in said
    assert "Mail that you also sign with s2026 still passes" in said
    said = trial.rotate("--swap", "elastx")  # before pulumi up
    assert f"a server has it with a TTL of {TTL} s" in said

    trial.up()
    assert trial.server.txt("elastx._domainkey.example.com") == {record(ELASTX).encode(): 60}
    said = trial.rotate("--swap", "elastx")
    assert (
        f"wait until 2026-11-30T10:30Z, because a resolver may remember the record with the old TTL for {TTL} s" in said
    )
    assert "Agree with Elastx Support (support@elastx.se) on a moment after that" in said
    trial.now += timedelta(minutes=29)
    assert "wait until 2026-11-30T10:30Z" in trial.rotate()
    said = trial.rotate("--swap", "elastx", "--record", record(ELASTX_NEW), code=1)
    assert "not now: resolvers may remember the old value until 2026-11-30T10:30Z" in said

    trial.now += timedelta(minutes=1)
    assert "run this command with --swap elastx --record VALUE" in trial.rotate()
    assert trial.passes(old=old, new=new, bridge=bridge) == {"old", "bridge"}
    said = trial.rotate("--swap", "elastx", "--record", record(ELASTX_NEW))
    assert "run pulumi up now, while Elastx Support switches to the new key" in said
    assert "not every name server has the new value at elastx" in trial.rotate()
    trial.up()
    assert trial.passes(old=old, new=new, bridge=bridge) == {"new", "bridge"}, "mail in transit fails, as announced"

    said = trial.rotate()
    assert "check that Elastx signs with it" in said
    assert not re.search("swap|Before", trial.file.read_text())
    trial.up()
    assert trial.server.txt("elastx._domainkey.example.com") == {record(ELASTX_NEW).encode(): TTL}
    assert "nothing: no rotation is under way" in trial.rotate()
