"""Servers to look things up at: a broken one made by hand, and private trees of BIND and Knot, from a root down."""

import asyncio
import math
import socket
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rdatatype
import dns.rrset
import pytest

from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.patience import Patience
from elastx_mrs.lookup.question import Server
from elastx_mrs.lookup.resolver import Resolver, Road, always
from tests.servers import end, require

START_SECONDS = 30.0
TRIES = 5

Reply = bytes | dns.message.Message | None
Respond = Callable[[dns.message.Message, str], Reply]
"""What to answer a query that came over ``udp`` or ``tcp``: a message, octets, or nothing."""


def impatient(patience: float = 0.3, tries: int = 2, in_flight: int = 50, per_server: int = 10) -> Network:
    return Network(in_flight, per_server, steady(patience, tries))


def steady(seconds: float, tries: int = 2) -> Patience:
    """One packet a try, each try as long."""
    return Patience(seconds, 1, seconds * tries, seconds * tries, math.inf)


def answer(query: dns.message.Message, *records: str, flags: int = dns.flags.AA) -> dns.message.Message:
    """An answer with ``name ttl IN type rdata`` in its ANSWER section."""
    response = dns.message.make_response(query)
    response.flags |= dns.flags.Flag(flags)
    for record in records:
        name, ttl, rdclass, rdtype, rdata = record.split(" ", 4)
        response.answer.append(dns.rrset.from_text(name, int(ttl), rdclass, rdtype, rdata))
    return response


@dataclass
class Fake:
    """A server that answers what it is told to, after a while, and counts."""

    respond: Respond
    delay: float = 0.0
    host: str = "127.0.0.1"
    port: int = 0
    asked: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    at_once: int = 0
    most_at_once: int = 0
    streams: set[asyncio.Task[None]] = field(default_factory=set)
    """A task for each connection that is open."""

    @property
    def server(self) -> Server:
        return Server(self.host, self.port)

    @property
    def queries(self) -> int:
        return self.asked.total()

    async def reply(self, wire: bytes, via: str) -> bytes | None:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        self.asked[question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype), via] += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.delay)
        finally:
            self.at_once -= 1
        reply = self.respond(query, via)
        return reply.to_wire() if isinstance(reply, dns.message.Message) else reply

    async def serve_stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.streams.add(task)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                length = int.from_bytes(await reader.readexactly(2), "big")
                reply = await self.reply(await reader.readexactly(length), "tcp")
                if reply is not None:
                    writer.write(len(reply).to_bytes(2, "big") + reply)
                    await writer.drain()
        except asyncio.CancelledError:  # the test is over, and its client may have left long ago
            writer.transport.abort()
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            self.streams.discard(task)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, fake: Fake) -> None:
        self.fake = fake
        self.tasks: set[asyncio.Task[None]] = set()
        self.transport: asyncio.DatagramTransport | None = None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        async def reply() -> None:
            wire = await self.fake.reply(data, "udp")
            if wire is not None and self.transport is not None:
                self.transport.sendto(wire, addr)

        task = asyncio.create_task(reply())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


@asynccontextmanager
async def fake(respond: Respond, delay: float = 0.0, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Fake]:
    """A running :class:`Fake`, on one loopback port over UDP and TCP, on the running event loop."""
    made = Fake(respond, delay, host)
    loop = asyncio.get_running_loop()
    for _ in range(TRIES):
        transport, protocol = await loop.create_datagram_endpoint(lambda: _Datagrams(made), local_addr=(host, port))
        made.port = transport.get_extra_info("sockname")[1]
        protocol.transport = transport
        try:
            stream = await asyncio.start_server(made.serve_stream, made.host, made.port)
        except OSError:
            transport.close()
            continue
        try:
            yield made
        finally:
            transport.close()
            stream.close()
            await stream.wait_closed()
            for task in (waiting := [*protocol.tasks, *made.streams]):
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        return
    pytest.fail("found no port that is free over both UDP and TCP")


@asynccontextmanager
async def fakes(*responds: Respond) -> AsyncIterator[list[Fake]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(fake(respond)) for respond in responds]


def authorities(network: Network, servers: Sequence[Server]) -> Resolver:
    """What asks servers as the authorities that they are."""
    return Resolver(network, Road(always(servers)))


def recursors(network: Network, servers: Sequence[Server]) -> Resolver:
    """What asks recursive resolvers."""
    return Resolver(network, Road(always(servers), dns.flags.RD))


def dead() -> Server:
    """An address on which nothing listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        return Server("127.0.0.1", udp.getsockname()[1])


@dataclass(frozen=True)
class Daemon:
    """A real server to start: ``bind``, ``knot`` or ``nsd``, its address, its zones by name (``.`` for the root)."""

    kind: str
    host: str
    zones: Mapping[str, str]


@contextmanager
def net(directory: Path, daemons: Sequence[Daemon]) -> Iterator[int]:
    """Run servers on addresses of their own with one port, as on the Internet; the port is given."""
    for attempt in range(TRIES):
        folder = directory / f"net-{attempt}"
        port = _free_port([daemon.host for daemon in daemons])
        with ExitStack() as stack:
            started = [stack.enter_context(_process(daemon, folder, port)) for daemon in daemons]
            if all(_answers(daemon, process, port) for daemon, process in zip(daemons, started, strict=True)):
                yield port
                return
    logs = "\n".join(path.read_text()[-1500:] for path in folder.glob("*/log"))
    pytest.fail(f"the servers did not start; the ends of their logs:\n{logs}")


@contextmanager
def _process(daemon: Daemon, folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    own = folder / daemon.host
    program = command(daemon, own, port)
    with (own / "log").open("w") as log:
        process = subprocess.Popen(program, cwd=own, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        end(process)


def command(daemon: Daemon, folder: Path, port: int) -> list[str]:
    """What starts a server in the foreground; its zones and its configuration are written into a folder of its own."""
    (folder / "db").mkdir(parents=True, exist_ok=True)
    for name, text in daemon.zones.items():
        (folder / _file(name)).write_text(text)
    return {"bind": _bind, "knot": _knot, "nsd": _nsd}[daemon.kind](daemon, folder, port)


def _file(name: str) -> str:
    return "root.zone" if name == "." else f"{name}.zone"


def _bind(daemon: Daemon, folder: Path, port: int) -> list[str]:
    zones = "".join(f'zone "{name}" {{ type primary; file "{_file(name)}"; }};\n' for name in daemon.zones)
    (folder / "named.conf").write_text(
        f"""options {{ directory "{folder}"; pid-file none; session-keyfile "{folder}/session.key";
          listen-on port {port} {{ {daemon.host}; }}; listen-on-v6 {{ none; }}; recursion no; dnssec-validation no;
          notify no; managed-keys-directory "{folder}"; check-integrity no; check-names primary ignore; }};
        controls {{ }};
        {zones}"""
    )
    return [require("named"), "-g", "-n", "1", "-c", str(folder / "named.conf")]


def _knot(daemon: Daemon, folder: Path, port: int) -> list[str]:
    zones = "".join(f'  - domain: "{name}"\n    file: "{_file(name)}"\n' for name in daemon.zones)
    (folder / "knot.conf").write_text(
        f"""server:
  rundir: {folder}
  listen: {daemon.host}@{port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: {folder}/db
template:
  - id: default
    storage: {folder}
    zonefile-sync: -1
zone:
{zones}"""
    )
    return [require("knotd"), "-c", str(folder / "knot.conf"), "-s", str(folder / "control.sock")]


def _nsd(daemon: Daemon, folder: Path, port: int) -> list[str]:
    zones = "".join(f'zone:\n  name: "{name}"\n  zonefile: "{_file(name)}"\n' for name in daemon.zones)
    (folder / "nsd.conf").write_text(
        f"""server:
  ip-address: {daemon.host}@{port}
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  database: ""
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  zonelistfile: "{folder}/zone.list"
  xfrdir: "{folder}"
  server-count: 1
remote-control:
  control-enable: no
{zones}"""
    )
    return [require("nsd"), "-d", "-c", str(folder / "nsd.conf")]


def _answers(daemon: Daemon, process: subprocess.Popen[bytes], port: int) -> bool:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with suppress(dns.exception.DNSException, OSError, EOFError):
            asks: list[Callable[..., dns.message.Message]] = [dns.query.udp, dns.query.tcp]
            queries = [dns.message.make_query(name, dns.rdatatype.SOA) for name in daemon.zones]
            if all(ask(query, daemon.host, timeout=1, port=port).answer for query in queries for ask in asks):
                return True
        time.sleep(0.05)
    return False


def _free_port(hosts: Sequence[str]) -> int:
    for _ in range(TRIES):
        with ExitStack() as stack:
            port = 0
            with suppress(OSError):
                for host in hosts:
                    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                        bound = stack.enter_context(socket.socket(socket.AF_INET, kind))
                        bound.bind((host, port))
                        port = bound.getsockname()[1]
                return port
    pytest.fail("found no port that is free on every address")
