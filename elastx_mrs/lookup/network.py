"""Every query goes through one :class:`Network`: bounded, timed, and nothing asked twice."""

import asyncio
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from elastx_mrs.descriptors import ShortageError
from elastx_mrs.display import visible
from elastx_mrs.lookup.transport import plain
from elastx_mrs.lookup.transport.pool import Idle, Sockets
from elastx_mrs.lookup.transport.wire import NotServedError, Query, UnusableError
from elastx_mrs.records.names import server_address

IN_FLIGHT = 50
"""Queries under way at once, over all servers."""

IN_FLIGHT_PER_SERVER = 10
"""Queries under way at once to one server: many limit the rate per client."""

PATIENCE = 2.0
"""Seconds that a server has to answer one query."""

TRIES = 2
"""Times that a query is sent to a server that does not answer."""

BACK_OFF = 0.1
"""Seconds between two tries."""

REST = 30.0
"""Seconds for which a server that answered nothing at all is left alone, so that it costs its time-out once only."""

LISTED = 6
"""Servers that a message tells of one by one: enough for any zone but the root."""

LENGTH = 400
"""Characters of one server's problem, which for one without glue is the story of a walk of its own."""

_NOT_SERVED = (dns.rcode.REFUSED, dns.rcode.NOTAUTH)
"""What servers answer for a name outside their zones."""

T = TypeVar("T")

_Key = tuple[str, int, str, bytes, int, int]


@dataclass(frozen=True)
class Server:
    """A name server's address.

    :param host: an IPv4 or IPv6 address; with ``url`` it may be a name.
    :param name: the name that led to it, for people; empty where the address was given.
    :param url: ``tls://…`` (RFC 7858) or ``https://…`` (RFC 8484), where it is asked that way; empty for plain DNS.
    """

    host: str
    port: int = 53
    name: str = field(default="", compare=False)
    url: str = ""

    @classmethod
    def parse(cls, text: str) -> "Server":
        """Return the server at ``192.0.2.1``, ``192.0.2.1:53``, ``2001:db8::1`` or ``[2001:db8::1]:53``.

        :raises RecordError: for anything else, such as a name.
        """
        return cls(*server_address(text))

    def __str__(self) -> str:
        if self.url:
            return self.url
        host = f"[{self.host}]" if ":" in self.host and self.port != 53 else self.host
        address = host if self.port == 53 else f"{host}:{self.port}"
        return f"{self.name} ({address})" if self.name else address


@dataclass(frozen=True)
class Question:
    """What is asked.

    :param name: absolute.
    :param flags: ``dns.flags.RD`` to ask a recursive resolver; 0 to ask an authority.
    """

    name: dns.name.Name
    rdtype: dns.rdatatype.RdataType
    flags: int = 0


class LookupFailure(Exception):  # noqa: N818 - it says that asking failed, not that anything is wrong with the program
    """Could not ask.

    :param server: the server that gave no usable answer; None where it is about several.
    :param problem: what it did, reading on after the server; where there is no one server, the whole story.
    :param rcode: what it answered, where that was an error, such as SERVFAIL.
    :ivar outside: whether a server answered that the name is outside the zones that it serves.
    :param short: whether this machine is short of what a socket takes, which says nothing of the server.
    """

    def __init__(
        self,
        server: Server | None,
        problem: str,
        rcode: dns.rcode.Rcode | None = None,
        *,
        outside: bool = False,
        short: bool = False,
    ) -> None:
        self.server = server
        self.problem = problem
        self.rcode = rcode
        self.short = short
        self.outside = outside or rcode in _NOT_SERVED
        super().__init__(f"{server} {problem}" if server is not None else problem)


@dataclass
class _Running:
    """An exchange under way, and how many wait for it."""

    task: "asyncio.Task[dns.message.Message | LookupFailure]"
    waiting: int = 0


@dataclass
class _AtServer:
    """What belongs to one server, on one event loop."""

    bound: asyncio.Semaphore
    sockets: Sockets


@dataclass
class _OnLoop:
    """What belongs to one event loop."""

    loop: asyncio.AbstractEventLoop
    total: asyncio.Semaphore
    servers: dict[Server, _AtServer] = field(default_factory=dict)
    running: dict[_Key, _Running] = field(default_factory=dict)
    idle: Idle = field(default_factory=Idle)


class Network:
    """One round of asking: what was answered, or was not, holds for the life of the object.

    :param in_flight: queries under way at once, over all servers.
    :param per_server: queries under way at once to one server.
    :param patience: seconds that a server has to answer one query.
    :param tries: times that a query is sent to a server that does not answer.
    :ivar sent: queries sent so far; one over TCP after one over UDP is counted once.
    """

    def __init__(
        self,
        in_flight: int = IN_FLIGHT,
        per_server: int = IN_FLIGHT_PER_SERVER,
        patience: float = PATIENCE,
        tries: int = TRIES,
    ) -> None:
        self.sent = 0
        self._in_flight = in_flight
        self._per_server = per_server
        self._patience = patience
        self._tries = tries
        self._finished: dict[_Key, dns.message.Message | LookupFailure] = {}
        self._heard: dict[Server, float] = {}
        self._silent: dict[Server, float] = {}
        self._here: _OnLoop | None = None

    async def exchange(self, server: Server, question: Question) -> dns.message.Message:
        """Return a server's answer, NOERROR or NXDOMAIN, to be read only: others are given the same object.

        UDP first, then TCP where that was truncated or could not be read.

        :raises LookupFailure: where it gave no usable one.
        """
        key = _key(server, question)
        answer = self._finished.get(key)
        if answer is None:
            answer = await self._shared(key, server, question)
            if not (isinstance(answer, LookupFailure) and answer.short):
                self._finished[key] = answer
        if isinstance(answer, LookupFailure):
            # A new one each time: an exception that is raised again grows by each raiser's traceback. And the name
            # that led here may be another than the first's.
            raise LookupFailure(server, answer.problem, answer.rcode, short=answer.short)
        return answer

    async def first(self, servers: Iterable[Server], question: Question, read: Callable[[dns.message.Message], T]) -> T:
        """Ask one server after the other, in order, until ``read`` can use the answer; return what it makes of it.

        :param read: raises UnusableError for an answer of no use, such as that of a lame server.
        :raises LookupFailure: naming every server and what it did. It is ``outside`` if one of them said so: those
            that are asked together serve the same zones, so a silent one changes nothing.
        """
        problems = []
        outside = False
        for server in dict.fromkeys(servers):
            try:
                return read(await self.exchange(server, question))
            except LookupFailure as failure:
                if failure.short:
                    raise  # no other server would be asked either
                problems.append(str(failure))
                outside = outside or failure.outside
            except UnusableError as error:
                problems.append(f"{server} {error}")
                outside = outside or isinstance(error, NotServedError)
        raise LookupFailure(None, listed(problems) or "there is no server to ask", outside=outside)

    async def _shared(self, key: _Key, server: Server, question: Question) -> dns.message.Message | LookupFailure:
        """Wait for the one exchange of this kind; it ends with the last that waits for it."""
        running = self._on_loop().running
        entry = running.get(key)
        if entry is None:
            entry = running[key] = _Running(asyncio.create_task(self._asked(server, question)))
        entry.waiting += 1
        try:
            return await asyncio.shield(entry.task)
        finally:
            entry.waiting -= 1
            if entry.waiting == 0:
                running.pop(key, None)
                if not entry.task.done():
                    entry.task.cancel()
                    await asyncio.wait({entry.task})

    async def _asked(self, server: Server, question: Question) -> dns.message.Message | LookupFailure:
        here, there = self._on_loop(), self._at(server)
        clock = here.loop.time
        # Held over all tries: those that queue behind them then learn that the server is dead before they ask.
        with there.sockets:
            async with there.bound:
                began = clock()
                if began < self._silent.get(server, 0.0):
                    return LookupFailure(server, f"answered nothing, asked other things in the last {REST:g} s")
                for attempt in range(self._tries):
                    if attempt:
                        await asyncio.sleep(BACK_OFF)
                    try:
                        async with here.total:
                            answer = await self._sent(server, question)
                    except ShortageError as error:
                        return LookupFailure(server, f"could not be asked: {error}", short=True)
                    except TimeoutError:
                        continue
                    except (OSError, UnusableError) as error:
                        return LookupFailure(server, plain.problem(error))
                    self._heard[server] = clock()
                    return _usable(server, answer)
            # Not one that answers other things: then it is the name that gets no answer, and maybe on purpose.
            if self._heard.get(server, -math.inf) < began - REST:
                self._silent[server] = clock() + REST
        times = f", asked {self._tries} times" if self._tries > 1 else ""
        return LookupFailure(server, f"did not answer in {self._patience:g} s{times}")

    async def _sent(self, server: Server, question: Question) -> dns.message.Message:
        self.sent += 1
        asked = (question.name, question.rdtype, question.flags)
        answer = await self._once(server, Query.make(*asked))
        if answer.rcode() in (dns.rcode.FORMERR, dns.rcode.NOTIMP):
            # Servers from before EDNS say so (RFC 6891 §7).
            answer = await self._once(server, Query.make(*asked, opt=b""))
        return answer

    async def _once(self, server: Server, query: Query) -> dns.message.Message:
        sockets = self._at(server).sockets
        if server.url:
            from elastx_mrs.lookup.transport import encrypted  # what it needs is slow to import, and few ask that way

            asked = (server.url, server.host, server.port, query.message(), self._patience)
            return await sockets.connected(lambda: encrypted.exchange(*asked))
        return await plain.exchange(sockets, server.host, server.port, query, self._patience)

    def _on_loop(self) -> _OnLoop:
        loop = asyncio.get_running_loop()
        if self._here is None or self._here.loop is not loop:
            self._here = _OnLoop(loop, asyncio.Semaphore(self._in_flight))
        return self._here

    def _at(self, server: Server) -> _AtServer:
        here = self._on_loop()
        if server not in here.servers:
            sockets = Sockets(server.host, server.port, here.idle)
            here.servers[server] = _AtServer(asyncio.Semaphore(self._per_server), sockets)
        return here.servers[server]


def listed(problems: Sequence[str]) -> str:
    """Return problems as one, the first ones, each of them cut where a hostile zone makes it long."""
    shown = [text if len(text) <= LENGTH else f"{text[: LENGTH - 1]}…" for text in problems[:LISTED]]
    more = len(problems) - LISTED
    return "; ".join([*shown, f"and {more} more"] if more > 0 else shown)


def _key(server: Server, question: Question) -> _Key:
    """Return what tells apart who is asked what, in values that are quick to hash: dnspython's names are slow."""
    name = question.name.to_digestable()
    return server.host, server.port, server.url, name, int(question.rdtype), question.flags


def _usable(server: Server, answer: dns.message.Message) -> dns.message.Message | LookupFailure:
    code = answer.rcode()
    if code in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return answer
    why = _explained(answer) if code == dns.rcode.SERVFAIL else ""
    return LookupFailure(server, f"answered {dns.rcode.to_text(code)}{why}", code)


def _explained(answer: dns.message.Message) -> str:
    """Return what a server says of its failure (RFC 8914), such as ``EDE 7 (Signature Expired)``."""
    # dnspython 2.9 writes "EDE 49152 (49152)" for a code that has no name.
    errors = [
        option.to_text().replace(f" ({int(option.code)})", "", 1)
        for option in answer.options
        if isinstance(option, dns.edns.EDEOption)
    ]
    return f" ({visible('; '.join(errors[:2]))[:LENGTH]})" if errors else ""
