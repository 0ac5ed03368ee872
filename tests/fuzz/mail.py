"""Octets through what reads a saved message, a mail server's replies and a preview: no crash, no unbounded output.

``python -m tests.fuzz.mail message --seconds 600`` is the long run of one of them.
"""

import asyncio
import json
import random
import socket
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from elastx_mrs.cli import message as message_command
from elastx_mrs.message.chain import judge
from elastx_mrs.message.parse import NotAMessage, read
from elastx_mrs.review import preview as previews
from elastx_mrs.review.markdown import markdown
from elastx_mrs.review.plain import as_json, as_text
from elastx_mrs.review.report import review
from elastx_mrs.smtp.clock import Clock, CouldNotAsk
from elastx_mrs.smtp.dialogue import Dialogue
from elastx_mrs.smtp.probe import Errand, probe
from elastx_mrs.smtp.session import Session
from elastx_mrs.smtp.test_message import Letter
from tests import signed
from tests.fuzz import letters, long
from tests.fuzz.octets import ODD, mutated, printable
from tests.lookup.fakes import Dns
from tests.review.previews import preview, step, txt

PASSWORD = "Hunter two & three"
KEY = signed.key()
SERVED = Dns(
    {
        "elastx._domainkey.mail.example": [f"TXT {signed.record(KEY)}"],
        "_dmarc.mail.example": ["TXT v=DMARC1; p=reject;"],
    }
)
GOOD = signed.received(signed.signed(signed.message(), KEY))
PIECES = (b"(", b'"', b"\\", b"<", b"[", b" ", b"\r\n ", b"=", b";", b":", b",", b"@", b"\0", b"\xff", b"220-x\r\n")


def _stirred(rng: random.Random, octets: bytes) -> bytes:
    """Return octets changed in some places, and now and then one piece a thousand times."""
    for _ in range(rng.randrange(5)):
        octets = mutated(rng, octets)[:200_000]
    if rng.random() < 0.2:
        at = rng.randrange(len(octets) + 1)
        octets = octets[:at] + rng.choice(PIECES) * rng.choice((10, 1000, 20_000)) + octets[at:]
    return octets


def message(rng: random.Random) -> list[str]:
    """A message, made up or nearly a good one."""
    octets = letters.letter(rng, ["mail.example", "other.example"]) if rng.random() < 0.5 else GOOD
    try:
        found = read(_stirred(rng, octets))
    except NotAMessage as error:
        return [str(error)]
    chain = asyncio.run(judge(SERVED.ask, found))
    return [*"\n".join(message_command._as_text(chain)).splitlines(), *message_command._as_json(chain).splitlines()]


class _Connection(socket.socket):
    """What a server says is read from memory; what is said to it goes nowhere."""

    def __init__(self, rng: random.Random, octets: bytes) -> None:
        super().__init__()
        self._rng, self._left = rng, octets

    def recv(self, most: int, flags: int = 0) -> bytes:
        size = self._rng.choice((1, 7, most))
        found, self._left = self._left[:size], self._left[size:]
        return found

    def sendall(self, octets: object, flags: int = 0) -> None:
        pass

    def getsockname(self) -> Any:
        return ("127.0.0.1", 1)


class _Session(Session):
    """A session whose TLS is there from the beginning."""

    def __init__(self, rng: random.Random, octets: bytes) -> None:
        super().__init__("mail.example", 587, 5, PASSWORD)
        self.connection = _Connection(rng, octets)

    def connect(self) -> Any:
        self._dialogue = Dialogue(self.connection, Clock(5))
        return self._told(self._heard())

    def encrypt(self) -> str:
        self._extensions, self._trusted = {}, True
        return "a certificate"


def smtp(rng: random.Random) -> list[str]:
    """Replies of a server that may be hostile, and may know the password."""
    odd = (*ODD, PASSWORD, PASSWORD.upper(), PASSWORD[::-1], "ok", "x" * 500)

    def reply(code: str) -> str:
        lines = [f"{rng.choice(odd)}{rng.choice(('', ' AUTH PLAIN', 'AUTH LOGIN'))}" for _ in range(rng.randrange(4))]
        return "".join(f"{code}-{line}\r\n" for line in lines) + f"{code} {rng.choice(odd)}\r\n"

    hello = "250-x\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n"
    codes = ["220", "250", "220", "250", "235", "250", "250", "354", "250"]
    texts = [hello if code == "250" and rng.random() < 0.7 else reply(code) for code in codes]
    octets = "".join(texts).encode("latin-1", "replace")
    with (session := _Session(rng, _stirred(rng, octets) if rng.random() < 0.8 else octets)).connection:
        letter = Letter("a@mail.example", "b@mail.example", b"Subject: x\r\n\r\n.\r\n")
        found = list(probe(session, Errand("a@acme.example", letter, relay=None)))
    text = json.dumps([(check.seen, check.cure) for check in found], ensure_ascii=False)
    assert PASSWORD.lower() not in text.lower(), "the password is shown"
    assert PASSWORD[::-1] not in text, "the password is shown backwards"
    return [f"{check.seen} {check.cure}" for check in found]


def _value(rng: random.Random, depth: int = 0) -> Any:
    how = rng.randrange(8 if depth < 3 else 6)
    if how < 3:
        return rng.choice((*ODD, "v=spf1 -all", "v=DMARC1; p=none", "v=DKIM1; p=AAAA", "a.example", "x" * 999))
    if how < 6:
        return rng.choice((None, True, 0, -1, 10**400, 1.5, float("inf"), float("nan"), "\ud800"))
    if how == 6:
        return [_value(rng, depth + 1) for _ in range(3)]
    return {rng.choice(("value", "owner", "ttl", "x")): _value(rng, depth + 1) for _ in range(3)}


def review_(rng: random.Random) -> list[str]:
    """A preview with values that nobody expects, and octets that are changed."""
    values = ("v=spf1 a -all", "v=spf1 include:elastx.email ~all", "v=DMARC1; p=reject", "v=DMARC1; p=none; rua=x", "")
    owners = ("a.example", "_dmarc.a.example", "elastx._domainkey.a.example", "b.example._report._dmarc.a.example")
    steps = []
    for _ in range(rng.randrange(4)):
        op = rng.choice(("create", "update", "delete", "replace", "same", "import", "x"))
        sides = [txt(rng.choice(owners), rng.choice(values)) for _ in range(2)]
        for side in sides:
            if rng.random() < 0.4:
                side[rng.choice(("owner", "value", "ttl", "zone", "name", "content"))] = _value(rng)
        steps.append(step(op, rng.choice(("mail-a.example-spf", "mail-report-\n", *ODD)), sides[0], sides[1]))
        if rng.random() < 0.1:
            steps[-1][rng.choice(("urn", "op", "oldState", "newState"))] = _value(rng)
    said = tuple((rng.choice(("error", "warning", "info", "x")), rng.choice((*ODD, "x" * 9999))) for _ in range(3))
    text = preview(*steps, said=said, accounts=_value(rng))
    if rng.random() < 0.3:
        text = _stirred(rng, text.encode()).decode("utf-8", "replace")
    try:
        found = review(previews.read(text))
    except previews.PreviewError as error:
        return [str(error)]
    shown = markdown(found, 65_536)
    assert len(shown.encode()) <= 65_536, "does not fit"
    assert as_json(found)
    return [*as_text(found).splitlines(), *shown.splitlines()]


READERS: Mapping[str, Callable[[random.Random], list[str]]] = {"message": message, "smtp": smtp, "preview": review_}


def check(reader: str, seed: int) -> list[str]:
    """Give a reader the input of a seed; return what does not hold."""
    try:
        lines = READERS[reader](random.Random(seed))
    except CouldNotAsk as error:
        lines = [str(error)]
    except Exception as error:
        return ["".join(traceback.format_exception(error)[-6:])]
    return [f"prints {line[:300]!r}" for line in lines if not printable(line)]


def main() -> int:
    return long.run("tests.fuzz.mail", __doc__, READERS, check)


if __name__ == "__main__":
    sys.exit(main())
