"""Dynamic update, on BIND behind a proxy that can cut. ``tests/publish/rfc2136`` has what differs between servers."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dns.name
import dns.query
import dns.rdataclass
import dns.rdatatype
import dns.tsigkeyring
import dns.update
import pytest
from dns.rdtypes.ANY.TXT import TXT

from elastx_mrs.publish.publisher import Publisher
from elastx_mrs.publish.rfc2136.connection import POOL
from elastx_mrs.publish.rfc2136.publisher import Rfc2136
from elastx_mrs.publish.rfc2136.record import TxtRecords
from elastx_mrs.records.text import cut
from tests.publish.contract.own import OwnWorld
from tests.publish.contract.world import APEX, Lost, Text
from tests.servers import KEY, Key, NameServer, Setup, start
from tests.servers.proxy import Proxy, proxy

READER = Key("reader.", secret="YSBrZXkgdGhhdCBtYXkgYXNrLCBhbmQgY2hhbmdlIG5vdGhpbmcu")
STRANGER = "YW5vdGhlciBrZXkgdGhhdCBub2JvZHkga25vd3MgYXQgYWxsLi4u"

SETUP = Setup(keys=(Key(), READER), zones={APEX: f"allow-update {{ key {Key().name}; }};"})


class Rfc2136World(OwnWorld):
    secrets = (KEY, READER.secret, STRANGER)
    place = {"profile": "default", "zone": APEX}  # noqa: RUF012
    make = TxtRecords

    def __init__(self, server: NameServer, through: NameServer, passed: Proxy) -> None:
        self._server = server
        self._through = through
        self._address = through.address
        self._passed = passed
        self.key = Key()
        passed.before = self._let_others
        self._others: list[Callable[[], None]] = []

    def config(self) -> dict[str, Any]:
        server = {"server": self._address, "keyName": self.key.name}
        return {"rfc2136": server, "tsigKey": self.key.secret}

    def put(self, owner: str, *texts: Text, ttl: int = 3600) -> None:
        update = dns.update.UpdateMessage(APEX)
        update.delete(dns.name.from_text(owner), "TXT")
        for text in texts:
            update.add(dns.name.from_text(owner), ttl, rdata(text))
        self._send(update)

    def served(self, owner: str) -> dict[bytes, int]:
        return self._server.txt(owner)

    def alias(self, owner: str) -> None:
        self._send(_one(owner, "CNAME", f"mail.{APEX}."))

    def delegate(self, owner: str) -> None:
        self._send(_one(owner, "NS", "ns1.other.example."))

    def publisher(self) -> Publisher:
        return Rfc2136({APEX: "default"}, self.get())

    @property
    def sent(self) -> int:
        return self._passed.updates

    def lose(self, when: Lost, times: int = 1) -> None:
        self._passed.cuts = [when] * times

    def interrupt(self) -> None:
        """End the connections that are kept: the server has ended them, too."""
        self._passed.hang_up()

    def silence(self) -> None:
        self._address = "127.0.0.1:9"

    def meanwhile(self, others: Callable[[], None]) -> None:
        self._others.append(others)

    def throttle(self, times: int) -> None:
        raise NotImplementedError

    def forbid(self) -> None:
        self.key = READER

    def unknown(self) -> None:
        self.key = Key(secret=STRANGER)

    def nowhere(self) -> str:
        return "example.net"

    def reset(self) -> None:
        self.key = Key()
        self._address = self._through.address
        self._passed.cuts = []

    def largest(self) -> Sequence[bytes]:
        """BIND has 100 records of a type at a name, unless ``max-records-per-type`` says otherwise."""
        return [f"number {number}".encode() for number in range(99)]

    def _let_others(self, _number: int) -> None:
        if self._others:
            self._others.pop()()

    def _send(self, update: dns.update.UpdateMessage) -> None:
        update.use_tsig(dns.tsigkeyring.from_text({Key().name: KEY}), algorithm="hmac-sha256")
        assert dns.query.tcp(update, self._server.host, timeout=5, port=self._server.port).rcode() == 0


def rdata(text: Text) -> TXT:
    """Return a TXT record of exactly these strings."""
    return TXT(dns.rdataclass.IN, dns.rdatatype.TXT, cut(text) if isinstance(text, bytes) else text)


def _one(owner: str, kind: str, value: str) -> dns.update.UpdateMessage:
    update = dns.update.UpdateMessage(APEX)
    update.add(dns.name.from_text(owner), 300, kind, value)
    return update


@contextmanager
def world(folder: Path, _patch: pytest.MonkeyPatch) -> Iterator[Rfc2136World]:
    with start("bind", folder, setup=SETUP) as server, proxy(server) as (through, passed):
        yield Rfc2136World(server, through, passed)
        POOL.close()
