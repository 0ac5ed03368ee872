"""Every query goes through a :class:`Network`, which limits, times and caches it."""

import asyncio
import math
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TypeVar

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from elastx_mrs import limits
from elastx_mrs.descriptors import ShortageError
from elastx_mrs.display import some, visible
from elastx_mrs.lookup import budget
from elastx_mrs.lookup.patience import PATIENCE, Patience
from elastx_mrs.lookup.question import LENGTH, LISTED, LookupFailure, OverBudgetError, Question, Server, listed
from elastx_mrs.lookup.transport import plain
from elastx_mrs.lookup.transport.pool import Idle, Sockets
from elastx_mrs.lookup.transport.wire import NotServedError, Query, UnusableError

IN_FLIGHT = 50
"""Queries in flight over all servers."""

IN_FLIGHT_PER_SERVER = 10
"""Queries in flight to one server, because many servers limit the rate per client."""

HEAD_START = 0.5
"""Seconds after which the next server of the same zone is queried, too."""

LEAST = 0.01
"""The shortest try, in seconds; a rest of the time that is shorter is not used."""

T = TypeVar("T")

_Key = tuple[str, int, str, bytes, int, int]


_Got = dns.message.Message | LookupFailure
"""The result of an exchange."""


@dataclass
class _Running:
    """A running exchange, and how many wait for it."""

    task: "asyncio.Task[_Got]"
    waiting: int = 0
    sent: float | None = None
    """When it was sent first, on the loop's clock; None while it waits for its turn."""


@dataclass
class _AtServer:
    """The state for one server, on one event loop."""

    bound: asyncio.Semaphore
    turn: asyncio.Semaphore
    sockets: Sockets


@dataclass
class _OnLoop:
    """The state for one event loop."""

    loop: asyncio.AbstractEventLoop
    total: asyncio.Semaphore
    servers: dict[Server, _AtServer] = field(default_factory=dict)
    running: dict[_Key, _Running] = field(default_factory=dict)
    idle: Idle = field(default_factory=Idle)


class Network:
    """One round of queries: each answer or failure is cached for the life of the object.

    :param in_flight: queries in flight over all servers.
    :param per_server: queries in flight to one server.
    :param patience: how long to wait for a server.
    :ivar sent: queries sent so far; repeated packets, and TCP after UDP, do not count.
    """

    def __init__(
        self,
        in_flight: int = IN_FLIGHT,
        per_server: int = IN_FLIGHT_PER_SERVER,
        patience: Patience = PATIENCE,
    ) -> None:
        self.sent = 0
        self._in_flight = in_flight
        self._per_server = per_server
        self._patience = patience
        self._finished: dict[_Key, dns.message.Message | LookupFailure] = {}
        self._heard: dict[Server, float] = {}
        self._silent: dict[Server, float] = {}
        self._doubted: set[Server] = set()
        self._lossy: set[Server] = set()
        self._here: _OnLoop | None = None

    async def exchange(self, server: Server, question: Question) -> dns.message.Message:
        """Return a server's answer, NOERROR or NXDOMAIN. Do not change it: others get the same object.

        It uses UDP first, and TCP if the answer was truncated or unreadable.

        :raises LookupFailure: if it gave no usable answer.
        """
        return _answer(server, await self._kept(server, question))

    async def first(self, servers: Iterable[Server], question: Question, read: Callable[[dns.message.Message], T]) -> T:
        """Query one server after the other, in order, until ``read`` can use an answer; return its result.

        If a server is slow, the next one is queried at the same time. Those that did not answer lately come last.

        :param read: raises UnusableError for an answer of no use, such as that of a lame server.
        :raises LookupFailure: naming every server and what it did. It is ``outside`` if one server answered that the
            name is outside: all of them serve the same zones, so a silent one does not matter.
        """
        order = sorted(dict.fromkeys(servers), key=self._doubted.__contains__)
        problems: dict[Server, str] = {}
        outside = False
        async with aclosing(self._answering(order, question)) as answering:
            async for server, answer in answering:
                try:
                    return read(_answer(server, answer))
                except OverBudgetError as over:
                    left = [one for one in order if one not in problems]
                    raise OverBudgetError(None, _with_left([str(over), *problems.values()], left)) from None
                except LookupFailure as failure:
                    if failure.short:
                        raise  # no other server could be queried either
                    problems[server] = str(failure)
                    outside = outside or failure.outside
                except UnusableError as error:
                    problems[server] = f"{server} {error}"
                    outside = outside or isinstance(error, NotServedError)
        told = listed([problems[server] for server in order])
        raise LookupFailure(None, told or "there is no server to query", outside=outside)

    async def _answering(self, servers: Sequence[Server], question: Question) -> AsyncGenerator[tuple[Server, _Got]]:
        """Yield the result of each server's exchange, as they end."""
        running: dict[asyncio.Task[_Got], Server] = {}
        try:
            for server in servers:
                if _key(server, question) in self._finished or (server == servers[-1] and not running):
                    yield server, await self._kept(server, question)  # nothing else to wait for, so without a task
                    continue
                running[asyncio.create_task(self._kept(server, question))] = server
                while server in running.values() and not self._late(server, question):
                    for ended in await _ended(running, HEAD_START):
                        yield ended
            while running:
                for ended in await _ended(running, None):
                    yield ended
        finally:
            if running:  # gather costs a turn of the loop even for nothing
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, return_exceptions=True)

    def _late(self, server: Server, question: Question) -> bool:
        """Whether a server has had its head start; time in a queue does not count."""
        here = self._on_loop()
        entry = here.running.get(_key(server, question))
        sent = None if entry is None else entry.sent
        return sent is not None and here.loop.time() >= sent + HEAD_START

    async def _kept(self, server: Server, question: Question) -> _Got:
        """Return the result of the exchange, cached for good. Each call counts in the current budget.

        A cached answer counts, too, so an answer costs the same for everybody.
        """
        held = budget.current()
        if held is not None and (why := held.spend()):
            held.refuse(str(question))
            return OverBudgetError(server, f"was not queried: {why}")
        key = _key(server, question)
        if (known := self._finished.get(key)) is not None:
            return known
        if held is None:
            answer = await self._shared(key, server, question)
        else:
            try:
                answer = await self._within(held, key, server, question)
            except TimeoutError:
                held.refuse(str(question))
                return OverBudgetError(server, f"did not answer before the limit: {held.over()}")
        if not (isinstance(answer, LookupFailure) and answer.short):
            self._finished[key] = answer
        return answer

    async def _within(self, held: budget.Budget, key: _Key, server: Server, question: Question) -> _Got:
        """Wait for an exchange; raises TimeoutError if the budget is over first."""
        there = self._at(server)
        with there.sockets:  # else they would be closed while all that want them queue here
            if there.turn.locked():
                with held.stopped() as end:
                    async with asyncio.timeout_at(end if end < math.inf else None):
                        await there.turn.acquire()
            else:
                await there.turn.acquire()
            try:
                if held.bound is not None:
                    await held.acquired(held.bound)
                try:
                    # Another task may have got the same answer in the meantime.
                    return self._finished.get(key) or await self._shared(key, server, question, held)
                finally:
                    if held.bound is not None:
                        held.bound.release()
            finally:
                there.turn.release()

    async def _shared(self, key: _Key, server: Server, question: Question, held: budget.Budget | None = None) -> _Got:
        """Wait for the shared exchange with this key; it is cancelled when nobody waits for it.

        :raises TimeoutError: if a budget is over first.
        """
        running = self._on_loop().running
        entry = running.get(key)
        if entry is None:
            entry = running[key] = _Running(asyncio.create_task(self._asked(key, server, question)))
        entry.waiting += 1
        try:
            if held is None:
                return await asyncio.shield(entry.task)
            await held.ended(entry.task)
            return entry.task.result()
        finally:
            entry.waiting -= 1
            if entry.waiting == 0:
                running.pop(key, None)
                if not entry.task.done():
                    entry.task.cancel()
                    await asyncio.wait({entry.task})

    async def _asked(self, key: _Key, server: Server, question: Question) -> _Got:
        here, there = self._on_loop(), self._at(server)
        clock = here.loop.time
        # Held over all tries, so queries in the queue learn that the server is dead before they are sent.
        with there.sockets:
            async with there.bound:
                began = clock()
                if began < self._silent.get(server, 0.0):
                    rest = f"{limits.SILENT_SECONDS.most} s"
                    return LookupFailure(server, f"answered no query in the last {rest}")
                if (entry := here.running.get(key)) is not None:
                    entry.sent = began
                try:
                    return await self._tried(server, question)
                finally:
                    # Only a server that answers nothing: otherwise it ignores this name, perhaps on purpose.
                    if self._heard.get(server, -math.inf) < began and clock() >= began + HEAD_START:
                        self._doubted.add(server)

    async def _tried(self, server: Server, question: Question) -> _Got:
        """Query until an answer comes, or the patience ends."""
        here, patience = self._on_loop(), self._patience
        clock = here.loop.time
        began, gone, packets, window = clock(), 0.0, 0, patience.first
        problem = ""
        while (seconds := min(window, self._most(server) - gone)) > LEAST:
            pauses = patience.pauses(seconds)
            try:
                async with here.total:
                    sent = clock()
                    answer = await self._sent(server, question, seconds, pauses)
            except ShortageError as error:
                return LookupFailure(server, f"could not be queried: {error}", short=True)
            except TimeoutError:
                gone += seconds
            except plain.HalfError as error:
                gone += seconds + error.seconds
                problem = str(error)
                self._answered(server, again=False)
            except (OSError, UnusableError) as error:
                return LookupFailure(server, plain.problem(error))
            else:
                self._answered(server, again=packets > 0 or (not server.url and clock() > sent + patience.again))
                return _usable(server, answer)
            packets += 1 if server.url else 1 + len(pauses)
            window *= patience.growth
        if self._heard.get(server, -math.inf) < began - limits.SILENT_SECONDS.most:
            self._silent[server] = clock() + limits.SILENT_SECONDS.most
        gone *= limits.ENCRYPTED_TIMES.most if server.url else 1
        times = f", asked {packets} times" if packets > 1 else ""
        return LookupFailure(server, problem or f"did not answer in {gone:.3g} s{times}")

    def _most(self, server: Server) -> float:
        """Return the seconds that a server has for one question."""
        return self._patience.lossy if server in self._lossy else self._patience.silent

    def _answered(self, server: Server, *, again: bool) -> None:
        """Note that a server has answered; ``again``: not the first packet."""
        self._heard[server] = self._on_loop().loop.time()
        self._doubted.discard(server)
        if again:
            self._lossy.add(server)

    async def _sent(
        self, server: Server, question: Question, seconds: float, pauses: Sequence[float]
    ) -> dns.message.Message:
        self.sent += 1
        asked = (question.name, question.rdtype, question.flags)
        answer = await self._once(server, Query.make(*asked), seconds, pauses)
        if answer.rcode() in (dns.rcode.FORMERR, dns.rcode.NOTIMP):
            # Servers without EDNS answer this (RFC 6891 §7).
            answer = await self._once(server, Query.make(*asked, opt=b""), seconds, pauses)
        return answer

    async def _once(self, server: Server, query: Query, seconds: float, pauses: Sequence[float]) -> dns.message.Message:
        sockets = self._at(server).sockets
        if server.url:
            from elastx_mrs.lookup.transport import encrypted  # slow to import, and rarely used

            asked = (server.url, server.host, server.port, query.message(), seconds)
            return await encrypted.exchange(sockets.connected, *asked)
        return await plain.exchange(sockets, server.host, server.port, query, seconds, pauses)

    def _on_loop(self) -> _OnLoop:
        loop = asyncio.get_running_loop()
        if self._here is None or self._here.loop is not loop:
            self._here = _OnLoop(loop, asyncio.Semaphore(self._in_flight))
        return self._here

    def _at(self, server: Server) -> _AtServer:
        here = self._on_loop()
        if server not in here.servers:
            sockets = Sockets(server.host, server.port, here.idle)
            here.servers[server] = _AtServer(
                asyncio.Semaphore(self._per_server), asyncio.Semaphore(self._per_server), sockets
            )
        return here.servers[server]


async def _ended(running: dict[asyncio.Task[_Got], Server], seconds: float | None) -> list[tuple[Server, _Got]]:
    """Wait until a task has ended, or for some seconds; remove the ended ones, and return their results."""
    done, _ = await asyncio.wait(running, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    return [(running.pop(task), task.result()) for task in list(running) if task in done]


def _answer(server: Server, got: _Got) -> dns.message.Message:
    """Return an answer, or raise the failure."""
    if isinstance(got, LookupFailure):
        raise got.again(server)
    return got


def _with_left(problems: Sequence[str], left: Sequence[Server]) -> str:
    """Return problems as one text, with the servers that are left; the first is why they were not queried."""
    names = some([str(server) for server in left], LISTED)
    return f"{listed(problems)}; servers left: {names}" if left else listed(problems)


def _key(server: Server, question: Question) -> _Key:
    """Return a cache key for server and question that is quick to hash; dnspython's names are slow."""
    name = question.name.to_digestable()
    return server.host, server.port, server.url, name, int(question.rdtype), question.flags


def _usable(server: Server, answer: dns.message.Message) -> _Got:
    code = answer.rcode()
    if code in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return answer
    why = _explained(answer) if code == dns.rcode.SERVFAIL else ""
    return LookupFailure(server, f"answered {dns.rcode.to_text(code)}{why}", code)


def _explained(answer: dns.message.Message) -> str:
    """Return a server's reason for its failure (RFC 8914), such as ``EDE 7 (Signature Expired)``."""
    # dnspython 2.9 writes "EDE 49152 (49152)" for a code that has no name.
    errors = [
        option.to_text().replace(f" ({int(option.code)})", "", 1)
        for option in answer.options
        if isinstance(option, dns.edns.EDEOption)
    ]
    return f" ({visible('; '.join(errors[:2]))[:LENGTH]})" if errors else ""
