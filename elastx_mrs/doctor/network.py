"""Checks that this machine reaches the servers that verification queries: over UDP, TCP and IPv6, and the resolvers."""

import asyncio
import errno
from collections.abc import Iterator, Sequence

import dns.flags
import dns.message
import dns.name
import dns.rdatatype

from elastx_mrs import limits
from elastx_mrs.check import Check
from elastx_mrs.display import some
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.patience import PATIENCE
from elastx_mrs.lookup.question import Question, Server
from elastx_mrs.lookup.roots import ROOT_SERVERS
from elastx_mrs.lookup.start import NobodyError, check_root
from elastx_mrs.lookup.transport import plain
from elastx_mrs.lookup.transport.pool import Idle, Sockets
from elastx_mrs.lookup.transport.wire import NotServedError, Query, UnusableError
from elastx_mrs.lookup.vantage import Vantage, Who

ASKED = 3
"""The servers that are queried in parallel; one answer is enough."""

LISTED = 3
_VIA = "or query resolvers instead: verification.via: resolvers"
_SENDS = {"udp": ("port-53-udp", "UDP"), "tcp": ("port-53-tcp", "TCP")}
_WHO = {
    "root": "the root servers",
    "nameservers": "the name servers that the config or this run names",
    "resolvers": "the resolvers",
}


def examine(who: Who, domain: str) -> Iterator[Check]:
    """Yield the checks of the servers that one verification setting queries.

    :param domain: one of the verified domains, as A-labels.
    """
    yield from asyncio.run(_examined(who, domain))


async def _examined(who: Who, domain: str) -> list[Check]:
    vantage = Vantage(who, Network())
    servers = [server for server in _servers(vantage) if not server.url]
    root = who.begins_at == "root"
    name = dns.name.root if root else dns.name.from_text(domain)
    kind = dns.rdatatype.NS if root else dns.rdatatype.SOA
    question = Question(name, kind, int(dns.flags.RD) if who.begins_at == "resolvers" else 0)
    v4 = [server for server in servers if ":" not in server.host] or servers
    v6 = [server for server in servers if ":" in server.host]
    checks = await asyncio.gather(
        _port(who, "udp", v4, question, root), _port(who, "tcp", v4, question, root), _ipv6(v6, question, root),
        *([_resolvers(vantage, domain)] if vantage.compared or who.begins_at == "resolvers" else []),
    )  # fmt: skip
    return list(checks)


def _servers(vantage: Vantage) -> Sequence[Server]:
    who = vantage.who
    if who.begins_at == "root":
        return who.root_hints or ROOT_SERVERS
    return who.nameservers if who.begins_at == "nameservers" else vantage.resolvers


async def _port(who: Who, transport: str, servers: Sequence[Server], question: Question, root: bool) -> Check:
    name, over = _SENDS[transport]
    expected = f"an answer from {_WHO[who.begins_at]} over {over}"
    if not servers:
        return Check(name, "unchecked", expected, "no server is queried on port 53: the resolvers use TLS or HTTPS")
    answered, problems = await _first(servers, transport, question, root)
    if answered is not None:
        return Check(name, "pass", expected, f"{answered} answers")
    if isinstance(next(iter(problems.values())), NotServedError):
        seen = "something on the way answers in place of the root servers, such as a firewall that redirects port 53"
        return Check(name, "wrong", expected, seen, f"allow port 53 out of this machine, without redirection, {_VIA}")
    more = "; answers that are too large for UDP need TCP (RFC 7766)" if transport == "tcp" else ""
    cure = f"allow {over} to port 53 out of this machine{more}"
    if who.begins_at == "root":
        cure = f"{cure}, {_VIA}" if not more else f"{cure}; {_VIA}"
    elif who.begins_at == "nameservers":
        cure = "check that these servers run, and that this machine reaches them"
    return Check(name, "unreachable", expected, _told(problems), cure)


async def _ipv6(servers: Sequence[Server], question: Question, root: bool) -> Check:
    expected = "an answer over IPv6"
    if not servers:
        return Check("ipv6", "unchecked", expected, "none of the servers to query has an IPv6 address")
    answered, problems = await _first(servers, "udp", question, root)
    if answered is not None:
        return Check("ipv6", "pass", expected, f"{answered} answers")
    if all(isinstance(error, OSError) and error.errno in _NO_ROUTE for error in problems.values()):
        seen = "this machine has no IPv6; servers are queried over IPv4, and servers that have only IPv6 are skipped"
        return Check("ipv6", "unchecked", expected, seen)
    cure = "allow port 53 out of this machine over IPv6, too, or remove this machine's IPv6 address"
    return Check("ipv6", "unreachable", expected, _told(problems), cure)


_NO_ROUTE = (errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


async def _resolvers(vantage: Vantage, domain: str) -> Check:
    expected = "a resolver that answers"
    try:
        await vantage.check_resolvers(domain)
    except NobodyError as nobody:
        return Check("resolvers", "unreachable", expected, nobody.seen, nobody.cure)
    listed = some(list(map(str, vantage.resolvers)), LISTED)
    return Check("resolvers", "pass", expected, f"{'one of ' if len(vantage.resolvers) > 1 else ''}{listed} answers")


async def _first(
    servers: Sequence[Server], transport: str, question: Question, root: bool
) -> tuple[Server | None, dict[Server, Exception]]:
    """Query the first few servers; return one that answers, or each server's problem."""
    problems: dict[Server, Exception] = {}

    async def one(server: Server) -> Server | None:
        try:
            answer = await _SENT[transport](server, question)
            if root:
                check_root(answer, question)
        except (OSError, UnusableError) as error:
            problems[server] = error
            return None
        return server

    tasks = [asyncio.create_task(one(server)) for server in servers[:ASKED]]
    try:
        for finished in asyncio.as_completed(tasks):
            if (server := await finished) is not None:
                return server, {}
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return None, problems


def _query(question: Question) -> Query:
    return Query.make(question.name, question.rdtype, question.flags)


async def _udp(server: Server, question: Question) -> dns.message.Message:
    seconds = limits.QUESTION_SECONDS.most
    sockets = Sockets(server.host, server.port, Idle())
    with sockets:
        return await sockets.ask(_query(question), seconds, PATIENCE.pauses(seconds))


async def _tcp(server: Server, question: Question) -> dns.message.Message:
    return await plain.tcp(server.host, server.port, _query(question), limits.QUESTION_SECONDS.most)


_SENT = {"udp": _udp, "tcp": _tcp}


def _told(problems: dict[Server, Exception]) -> str:
    return "; ".join(f"{server} {_did(error)}" for server, error in problems.items())


def _did(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"did not answer in {limits.QUESTION_SECONDS.text}"
    return plain.problem(error) if isinstance(error, OSError | UnusableError) else str(error)
