"""Dynamic update: the resource's own time beside a bare dnspython script's, against one real BIND.

``python -m benchmarks.rfc2136`` runs it alone. Both send the same UPDATEs and read-backs, signed, over connections that
are kept, from as many threads as Pulumi's host of dynamic providers has. Ours reads the name beforehand too.
"""

import json
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.update
from pulumi.dynamic import Config, ConfigureRequest

from elastx_mrs.config.parse import parse_stack
from elastx_mrs.publish.rfc2136.connection import POOL
from elastx_mrs.publish.rfc2136.resource import TxtProvider
from elastx_mrs.records import TxtRecord
from elastx_mrs.records.text import presentation
from tests.servers import NameServer, start
from tests.servers.zones import HEAD
from toolchain.usage import usage

DOMAINS = 100
THREADS = 4
"""Of Pulumi's host of dynamic providers."""

ROUNDS = 9
ZONE = "example.com"


def measure(folder: Path, config: dict[str, Any]) -> tuple[list[float], list[float], int]:
    """Return the seconds of ours and of the bare script's, by round, and the connections that ours opened."""
    domains = [{"name": f"d{number}.{ZONE}"} for number in range(DOMAINS)]
    stack = config | {"domains": domains, "rfc2136": {"zones": [ZONE]}}
    records = parse_stack({f"elastx-mrs:{key}": value for key, value in stack.items()}).records()
    ours, bare = [], []
    with start("bind", folder, {ZONE: HEAD.format(name=ZONE)}) as server:
        for _ in range(ROUNDS):
            with counted() as opened:
                ours.append(timed(lambda: with_ours(server, records)))
            connections = len(opened)
            remove(server, records)
            bare.append(timed(lambda: with_dnspython(server, records)))
            remove(server, records)
    return ours, bare, connections


def timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def with_ours(server: NameServer, records: Sequence[TxtRecord]) -> None:
    """Create every record as the engine has it created: through the provider, from a process that begins here."""
    POOL.close()
    settings = json.dumps({"server": server.address, "keyName": server.key_name})
    provider = TxtProvider()
    values = {"elastx-mrs:rfc2136": settings, "elastx-mrs:tsigKey": server.key}
    provider.configure(ConfigureRequest(Config(values, "benchmark")))

    def create(record: TxtRecord) -> None:
        provider.create({"profile": "default", "zone": ZONE, "owner": record.name, "value": record.value})

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(create, records))


def with_dnspython(server: NameServer, records: Sequence[TxtRecord]) -> None:
    """Send one UPDATE and one read-back a record; a connection a thread. It knows beforehand that nothing is there."""
    name = dns.name.from_text(server.key_name)
    keyring = {name: dns.tsig.Key(name, server.key)}

    def some(part: Sequence[TxtRecord]) -> None:
        with socket.create_connection((server.host, server.port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for record in part:
                owner = dns.name.from_text(record.name)
                update = dns.update.UpdateMessage(ZONE, keyring=keyring)
                if record.kind in ("dkim", "dmarc"):  # an SPF's siblings are there already
                    update.absent(owner, dns.rdatatype.TXT)
                update.add(owner, 1800, "TXT", presentation(record.value))
                assert dns.query.tcp(update, server.host, sock=connection).rcode() == dns.rcode.NOERROR
                query = dns.message.make_query(owner, dns.rdatatype.TXT, flags=0)
                query.use_tsig(keyring)
                answer = dns.query.tcp(query, server.host, sock=connection)
                values = [b"".join(rdata.strings) for rdata in answer.answer[0]]
                assert record.value.encode() in values

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(some, [records[index::THREADS] for index in range(THREADS)]))


def remove(server: NameServer, records: Sequence[TxtRecord]) -> None:
    """Have every name as it was, in no time that counts."""
    name = dns.name.from_text(server.key_name)
    keyring = {name: dns.tsig.Key(name, server.key)}
    for owner in {record.name for record in records}:
        update = dns.update.UpdateMessage(ZONE, keyring=keyring)
        update.delete(dns.name.from_text(owner), dns.rdatatype.TXT)
        assert dns.query.tcp(update, server.host, port=server.port).rcode() == dns.rcode.NOERROR


@contextmanager
def counted() -> Iterator[list[object]]:
    """What is connected to while it is entered."""
    opened: list[object] = []
    real = socket.create_connection

    def create(address: Any, *rest: Any, **more: Any) -> socket.socket:
        opened.append(address)
        return real(address, *rest, **more)

    socket.create_connection = create
    try:
        yield opened
    finally:
        socket.create_connection = real


if __name__ == "__main__":
    usage(__doc__)
    from benchmarks.__main__ import CONFIG, report

    with tempfile.TemporaryDirectory() as scratch:
        mine, other, number = measure(Path(scratch), CONFIG)
    report("RFC 2136, own time of an up of 100 domains, resource / bare dnspython", mine, other, 2.0)
    print(f"connections: {number}")
    sys.exit(0)
