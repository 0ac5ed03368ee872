"""A session's own promises: the password, the bounds, and what a server may say."""

import base64
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import SimpleNamespace

import pytest

from elastx_mrs import limits
from elastx_mrs.smtp import clock as clock_module
from elastx_mrs.smtp.clock import Clock, CouldNotAsk
from elastx_mrs.smtp.dialogue import Dialogue, Said
from elastx_mrs.smtp.session import Session
from tests.cli.mail import ACCOUNT, PASSWORD, scripted


class Fed(socket.socket):
    """A connection from which octets are read, one piece at a time; it needs no time."""

    def __init__(self, octets: bytes, piece: int = 4096) -> None:
        super().__init__()
        self.octets, self.piece, self.read, self.sent = memoryview(octets), piece, 0, b""

    def recv(self, most: int, flags: int = 0) -> bytes:
        found = bytes(self.octets[self.read : self.read + min(most, self.piece)])
        self.read += len(found)
        return found

    def sendall(self, octets: object, flags: int = 0) -> None:
        assert isinstance(octets, bytes)
        self.sent += octets


@contextmanager
def dialogue(octets: bytes, piece: int = 4096) -> Iterator[Dialogue]:
    with Fed(octets, piece) as connection:
        yield Dialogue(connection, Clock(10))


def said(octets: bytes, piece: int = 4096) -> Said:
    with dialogue(octets, piece) as talking:
        return talking.reply()


def test_no_password_is_sent_before_the_certificate_is_verified() -> None:
    with scripted(b"220 hi\r\n", b"235 welcome\r\n", heard=2) as (port, met):
        talking = Session("localhost", port, 5, PASSWORD)
        talking.connect()
        with pytest.raises(AssertionError, match="over verified TLS only"):
            talking.login("PLAIN", ACCOUNT)
        assert not met.is_set(), "nothing was sent"
        talking.close()


@pytest.mark.parametrize("piece", [1, 2, 4096])
@pytest.mark.parametrize(
    ("octets", "reply"),
    [
        (b"220 hi\r\n", Said(220, (b"hi",))),
        (b"220-a\r\n220-\r\n220 b\r\nand more", Said(220, (b"a", b"", b"b"))),
        (b"250\r\n", Said(250, (b"",))),
        (b"250", Said(250, (b"",))),
        (b"250-a\n250 b\n", Said(250, (b"a", b"b"))),
        (b"\r\n", Said(0, (b"",))),
        (b"SSH-2.0\r\n", Said(0, (b"SSH-2.0",))),
        (b"250-a\r\nrubbish\r\n", Said(0, (b"rubbish",))),
        (b"2500 x\r\n", Said(0, (b"2500 x",))),
        (b"100 x\r\n", Said(0, (b"100 x",))),
        ("\N{ARABIC-INDIC DIGIT TWO}50 x\r\n".encode(), Said(0, ("\N{ARABIC-INDIC DIGIT TWO}50 x".encode(),))),
    ],
)
def test_replies(octets: bytes, reply: Said, piece: int) -> None:
    assert said(octets, piece) == reply


@pytest.mark.parametrize("octets", [b"", b"250-a\r\n"])
def test_an_endless_reply(octets: bytes) -> None:
    with pytest.raises(CouldNotAsk, match="the server closed the connection"):
        said(octets)


def test_extensions() -> None:
    found = said(b"250-relay.test\r\n250-AUTH=LOGIN\r\n250-auth PLAIN LOGIN\r\n250-8BITMIME\r\n250-:\r\n250 SIZE 9\r\n")
    assert found.extensions == {"auth": b"LOGIN PLAIN LOGIN", "8bitmime": b"", "size": b"9"}


@pytest.mark.limit("SMTP_REPLY_LINES")
def test_lines_of_a_reply_are_bounded() -> None:
    most = limits.SMTP_REPLY_LINES.most
    assert len(said(b"220-x\r\n" * (most - 1) + b"220 x\r\n").lines) == most
    with pytest.raises(CouldNotAsk, match="its reply has over 100 lines"):
        said(b"220-x\r\n" * most + b"220 x\r\n")


@pytest.mark.limit("SMTP_LINE")
@pytest.mark.parametrize("end", [b"\r\n", b""])
def test_a_line_is_bounded(end: bytes) -> None:
    most = limits.SMTP_LINE.most
    line = b"220 ".ljust(most - 1, b"x")
    assert said(line + end).code == 220
    with pytest.raises(CouldNotAsk, match="a line of its reply has over 4 KiB"):
        said(line + b"xx" + end)


@pytest.mark.limit("SMTP_SESSION")
def test_octets_of_a_session_are_bounded() -> None:
    reply = b"250 ".ljust(1022, b"x") + b"\r\n"
    with dialogue(reply * 2000, 1024) as talking:
        for _ in range(limits.SMTP_SESSION.most // 1024):
            talking.ask(b"NOOP")
        with pytest.raises(CouldNotAsk, match="it sent over 128 KiB in one session"):
            talking.ask(b"NOOP")
        assert isinstance(talking.connection, Fed)
        assert talking.connection.read == limits.SMTP_SESSION.most + 1024


def test_endless_lines_end_early() -> None:
    """It took 1.3 GB in 30 s."""
    with scripted(b"220-endless\r\n" * 50_000) as (port, _):
        talking = Session("localhost", port, 5)
        with pytest.raises(CouldNotAsk, match="its reply has over 100 lines"):
            talking.connect()
        talking.close()


@contextmanager
def speaking(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port at which one connection after another is talked to, until it ends."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                talk(connection)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def drip(connection: socket.socket) -> None:
    """Say a greeting and STARTTLS, and a handshake that comes octet by octet."""
    for answer in (b"220 hi\r\n", b"250 STARTTLS\r\n", b"220 go\r\n"):
        connection.sendall(answer)
        connection.recv(4096)
    connection.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")
    while True:
        connection.sendall(b"\0")
        time.sleep(0.02)


def test_a_handshake_octet_by_octet_has_an_end() -> None:
    with speaking(drip) as port:
        talking = Session("localhost", port, 10)
        talking.connect()
        talking.ehlo()
        talking.command("STARTTLS")
        assert talking._clock is not None
        talking._clock.patience = 0.3
        with pytest.raises(CouldNotAsk, match=r"no answer in 0\.3 s"):
            talking.encrypt()
        talking.close()


class Slow(Fed):
    """Each octet takes a second of a clock that the test turns."""

    def __init__(self, octets: bytes, clock: list[float]) -> None:
        super().__init__(octets, 1)
        self.now, self.waits = clock, list[float | None]()

    def settimeout(self, value: float | None) -> None:
        self.waits.append(value)

    def recv(self, most: int, flags: int = 0) -> bytes:
        self.now[0] += 1
        return super().recv(most, flags)


def test_the_time_of_a_session_is_bounded_and_not_of_each_wait_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with Slow(b"220 " + b"x" * 4000, now) as connection:
        talking = Dialogue(connection, Clock(2.5))
        with pytest.raises(CouldNotAsk, match="the session took more than 25 s in total") as raised:
            talking.reply()
        assert now[0] == 25
        assert connection.waits[:2] == [2.5, 2.5]
        assert connection.waits[-3:] == [2.5, 2, 1], "the last waits fit what is left"
        assert "--answer-timeout" in raised.value.cure


@pytest.mark.limit("SMTP_SESSION_WAITS")
def test_waits_of_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(clock_module, "time", SimpleNamespace(monotonic=lambda: now))
    clock = Clock(7)
    for _ in range(limits.SMTP_SESSION_WAITS.most):
        assert clock.wait() == 7
        now += 7
    with pytest.raises(CouldNotAsk, match="the session took more than 70 s in total"):
        clock.wait()


@pytest.mark.limit("SMTP_ADDRESSES")
def test_no_more_addresses_than_a_server_has(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[object] = []

    def addresses(*_: object, **__: object) -> object:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{n}", 25)) for n in range(1, 200)]

    def refuses(_: socket.socket, address: object) -> None:
        tried.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "getaddrinfo", addresses)
    monkeypatch.setattr(socket.socket, "connect", refuses)
    with pytest.raises(CouldNotAsk, match="no connection to port 25 of many"):
        Session("many.example", 25, 5).connect()
    assert len(tried) == limits.SMTP_ADDRESSES.most


PASSPHRASE = "Hunter two & three"


@pytest.mark.parametrize(
    "told",
    [
        PASSPHRASE.upper(),
        PASSPHRASE.swapcase(),
        PASSPHRASE[::-1],
        base64.b64encode(PASSPHRASE.encode()).decode().lower(),
        base64.b64encode(f"\0{ACCOUNT}\0{PASSPHRASE}".encode()).decode()[::-1],
        "hunter%20two%20%26%20three",
        "Hunter\r\n535-two &\r\n535-three",
        "\r\n535-".join(PASSPHRASE),
        "half of it: HUNTER TWO",
    ],
)
def test_no_form_of_the_password_is_shown(told: str) -> None:
    """Not in the greeting either: who knows it from another session says it before it is sent again."""
    first, _, rest = told.partition("\r\n")
    lines = [f"535-{first}", *(rest.split("\r\n") if rest else []), "535 no"]
    with scripted("\r\n".join([*lines, ""]).encode()) as (port, _):
        talking = Session("localhost", port, 5, PASSPHRASE)
        assert str(talking.connect()) == "535 (hidden, because it repeats the login)"
        talking.close()
