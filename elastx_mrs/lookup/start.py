"""The first servers to query: the root servers, or the resolvers. The first question finds out which ones answer."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import Context

import dns.flags
import dns.message
import dns.name
import dns.rdatatype

from elastx_mrs import descriptors, limits
from elastx_mrs.display import some
from elastx_mrs.lookup import budget
from elastx_mrs.lookup.network import HEAD_START, Network
from elastx_mrs.lookup.question import LookupFailure, OverBudgetError, Question, Server
from elastx_mrs.lookup.response import check_authority, referral
from elastx_mrs.lookup.transport.wire import UnusableError

NAMED = 2
"""Servers that a message lists for one problem; the others are counted."""

WHO_SERVES_THE_ROOT = Question(dns.name.root, dns.rdatatype.NS, int(dns.flags.RD))
"""A question that every resolver can answer, whatever the servers of a domain do."""

Check = Callable[[dns.message.Message, Question], None]
"""Raises UnusableError for an answer whose server cannot be used."""


class NobodyError(LookupFailure):
    """No root server or resolver answers, so this machine cannot query DNS.

    :param seen: the servers, and what each did.
    :param cure: the fix.
    """

    def __init__(self, seen: str, cure: str = "") -> None:
        self.seen = seen
        self.cure = cure
        super().__init__(None, f"{seen}; {cure}" if cure else seen)

    def again(self, server: Server | None = None) -> "NobodyError":
        """Return the same failure to raise again; it is not about a single server."""
        return NobodyError(self.seen, self.cure)


class Entrance:
    """The first servers to query.

    The first question goes to the first server, and half a second later to all others. The result holds for the life of
    the object: the server that answered first comes first. If none answered, each later question fails at once with the
    same message.

    :param servers: in the order of preference.
    :param nobody: the beginning of the message if none answers, such as ``no resolver gives a usable answer``.
    :param cure: the fix in that case.
    :param check: checks that a server which answers can be used.
    """

    def __init__(
        self,
        network: Network,
        servers: Sequence[Server],
        nobody: str,
        cure: str,
        check: Check = check_authority,
    ) -> None:
        self._network = network
        self._servers = tuple(dict.fromkeys(servers))
        self._nobody = nobody
        self._cure = cure
        self._check = check
        self._found: tuple[Server, ...] | NobodyError | None = None
        self._looking: asyncio.Task[tuple[Server, ...] | NobodyError] | None = None

    async def servers(self, question: Question) -> tuple[Server, ...]:
        """Return all servers, with the one that answered first in front.

        :param question: the caller's own. The network caches its answer, so the query is not repeated.
        :raises NobodyError: if none answered within 8 seconds.
        """
        if self._found is None:
            if self._looking is None or self._looking.cancelled():
                # The result is shared, so the budget of the first caller must not cut it short.
                self._looking = asyncio.create_task(self._look(question), context=Context())
            if why := await budget.until(self._looking, str(question)):
                raise OverBudgetError(None, f"{question} was not queried: {why}")
            self._found = self._looking.result()
        if isinstance(self._found, NobodyError):
            raise self._found.again()
        return self._found

    async def _look(self, question: Question) -> tuple[Server, ...] | NobodyError:
        problems: dict[Server, str] = {}
        tried = asyncio.Event()
        tries = [asyncio.create_task(self._try(server, question, problems, tried)) for server in self._servers]
        first: Server | None = None
        try:
            async with asyncio.timeout(limits.ENTRANCE_SECONDS.most):
                for finished in asyncio.as_completed(tries):
                    first = await finished
                    if first is not None:
                        break
        except TimeoutError:
            late = f"did not answer in {limits.ENTRANCE_SECONDS.most} s"
            problems |= {server: late for server in self._servers if server not in problems}
        finally:
            for task in tries:
                task.cancel()
            await asyncio.gather(*tries, return_exceptions=True)
        if first is not None:
            return first, *(server for server in self._servers if server != first)
        what = f": {_summary({server: problems[server] for server in self._servers})}" if problems else ""
        return NobodyError(f"{self._nobody}{what}", descriptors.cure(what, self._cure))

    async def _try(
        self, server: Server, question: Question, problems: dict[Server, str], tried: asyncio.Event
    ) -> Server | None:
        """Return the server if it can be used; otherwise note why not.

        :param tried: set when one server has answered or failed.
        """
        if server != self._servers[0]:
            with suppress(TimeoutError):
                await asyncio.wait_for(tried.wait(), HEAD_START)
        try:
            problem = await self._problem(server, question)
        finally:
            tried.set()
        if problem is None:
            return server
        problems[server] = problem
        return None

    async def _problem(self, server: Server, question: Question) -> str | None:
        """Return why a server cannot be used, or None.

        If a resolver gives no usable answer for one name, that name's servers may be dead or hostile. So it is also
        queried for the root's name servers, which every resolver knows.
        """
        own = asyncio.create_task(self._one(server, question))
        tasks = [own]
        try:
            await asyncio.wait({own}, timeout=HEAD_START if question.flags & dns.flags.RD else None)
            if not own.done() or (own.result() is not None and question.flags & dns.flags.RD):
                tasks.append(asyncio.create_task(self._one(server, WHO_SERVES_THE_ROOT)))
            for finished in asyncio.as_completed(tasks):
                if await finished is None:
                    return None
            return own.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(self, server: Server, question: Question) -> str | None:
        try:
            self._check(await self._network.exchange(server, question), question)
        except LookupFailure as failure:
            # A resolver that answers with an error fails only for this name.
            return None if failure.rcode is not None and question.flags & dns.flags.RD else failure.problem
        except UnusableError as error:
            return str(error)
        return None


def check_root(reply: dns.message.Message, question: Question) -> None:
    """Do nothing if the answer comes from a root server.

    :raises NotServedError: otherwise, such as for a resolver to which a firewall redirects port 53.
    """
    ns = referral(reply)
    if ns is None or ns.name == dns.name.root:
        check_authority(reply, question)


def _summary(problems: dict[Server, str]) -> str:
    """Return the problems, each with all its servers."""
    by_text: dict[str, list[str]] = {}
    for server, problem in problems.items():
        by_text.setdefault(problem, []).append(str(server))
    return "; ".join(f"{some(servers, NAMED)} {problem}" for problem, servers in by_text.items())
