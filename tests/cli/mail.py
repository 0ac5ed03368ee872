"""A real mail server on loopback."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

ACCOUNT = "smtp-prod@acme.example"
PASSWORD = "correct horse åäö"


@dataclass
class Handler:
    """What happened at the server, in order, and what it refuses.

    :param refused: the reply to a command, by its verb.
    :param denied: the reply to a wrong password.
    """

    refused: dict[str, str] = field(default_factory=dict)
    denied: str = "535 5.7.8 Authentication credentials invalid"
    events: list[str] = field(default_factory=list)
    letters: list[bytes] = field(default_factory=list)

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.events.append(f"AUTH {mechanism} {'in TLS' if session.ssl else 'in the clear'}")
        if (data.login, data.password) == (ACCOUNT.encode(), PASSWORD.encode()):
            return AuthResult(success=True)
        return AuthResult(success=False, handled=False, message=self.denied)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.events.append(f"MAIL {address}")
        if "MAIL" not in self.refused:
            envelope.mail_from = address
        return self.refused.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.events.append(f"RCPT {address}")
        if "RCPT" not in self.refused:
            envelope.rcpt_tos.append(address)
        return self.refused.get("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.letters.append(envelope.content)
        return self.refused.get("DATA", "250 2.0.0 queued as 4711")


@contextmanager
def serve(handler: Handler, context: ssl.SSLContext | None, **options: Any) -> Iterator[int]:
    """A server's port; options are aiosmtpd's."""
    settings = {"tls_context": context, "hostname": "relay.test", "authenticator": handler.authenticate} | options

    def protocol() -> SMTP:
        return SMTP(handler, **settings)

    with looped() as loop:
        server = asyncio.run_coroutine_threadsafe(_listen(loop, protocol), loop).result(10)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            loop.call_soon_threadsafe(server.close)


@contextmanager
def scripted(*answers: bytes | None, heard: int = 0) -> Iterator[tuple[int, threading.Event]]:
    """A port at which each connection is told the answers, one before each thing that it says; None hangs up.

    After the last it says nothing more.

    :param heard: the answers after which the event is set.
    """
    met = threading.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for number, answer in enumerate(answers, start=1):
                if answer is None:
                    return
                writer.write(answer)
                await writer.drain()
                if number == heard:
                    met.set()
                if not await reader.read(65536):
                    return
            await reader.read()
        except (ConnectionError, asyncio.CancelledError):
            pass  # the test is done with it
        finally:
            writer.close()

    with looped() as loop:
        started = asyncio.run_coroutine_threadsafe(asyncio.start_server(talk, "127.0.0.1", 0), loop)
        server = started.result(10)
        try:
            yield server.sockets[0].getsockname()[1], met
        finally:
            loop.call_soon_threadsafe(server.close)


@contextmanager
def looped() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop in a thread; what still runs on it is ended with it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(_end(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _listen(loop: asyncio.AbstractEventLoop, protocol: Any) -> asyncio.Server:
    return await loop.create_server(protocol, "127.0.0.1", 0)


async def _end() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0)  # transports close on the loop's next turn
