"""octoDNS's provider of PowerDNS, on Debian's PowerDNS. What is lost or refused, is so in the provider's client."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from octodns_powerdns import PowerDnsProvider

from elastx_mrs import limits
from elastx_mrs.publish.octodns import served, source
from elastx_mrs.publish.octodns.record_sets import Octodns
from elastx_mrs.publish.publisher import Publisher
from elastx_mrs.publish.rrset import gathering, names
from elastx_mrs.publish.rrset.record import TxtStrings
from tests.publish.contract.own import OwnWorld, arguments
from tests.publish.contract.rfc2136 import rdata
from tests.publish.contract.world import APEX, Lost, Text
from tests.publish.octodns.powerdns import API_KEY, PowerDns, powerdns
from tests.publish.rrset.program import Program

STRANGER = "Another-Key-That-Nobody-Knows-77"


class OctodnsWorld(OwnWorld):
    secrets = (API_KEY, STRANGER)
    place = {"publisher": "octodns", "zone": f"pdns/{APEX}"}  # noqa: RUF012
    make = TxtStrings

    def __init__(self, server: PowerDns, patch: pytest.MonkeyPatch) -> None:
        self._server = server
        self._key = "env/PDNS_API_KEY"
        self._changes = 0
        self._before: list[Exception] = []
        self._after: list[Exception] = []
        self._asked: list[Exception] = []
        self._others: list[Callable[[], None]] = []
        self._patch(patch)

    def config(self) -> dict[str, Any]:
        return {"octodns": {"pdns": self._server.config | {"api_key": self._key}}}

    def put(self, owner: str, *texts: Text, ttl: int = 3600) -> None:
        if texts:
            self._server.put(APEX, owner, [rdata(text).to_text() for text in texts], ttl)
        else:
            self._change({"name": f"{owner}.", "type": "TXT", "changetype": "DELETE"})

    def served(self, owner: str) -> dict[bytes, int]:
        return self._server.dns.txt(owner)

    def alias(self, owner: str) -> None:
        self._change(_one(owner, "CNAME", f"mail.{APEX}."))

    def delegate(self, owner: str) -> None:
        self._change(_one(owner, "NS", "ns1.other.example."))

    def publisher(self) -> Publisher:
        return Program("octodns").publisher(**arguments(**self.config()))

    @property
    def sent(self) -> int:
        return self._changes

    def lose(self, when: Lost, times: int = 1) -> None:
        (self._before if when == "before" else self._after).extend([requests.ConnectionError("reset by peer")] * times)

    def interrupt(self) -> None:
        self._asked.append(requests.ConnectionError("reset by peer"))

    def silence(self) -> None:
        self._asked += [requests.ConnectionError("reset by peer")] * 1_000
        self.lose("before", 1_000)

    def meanwhile(self, others: Callable[[], None]) -> None:
        self._others.append(others)

    def throttle(self, times: int) -> None:
        self._before += [_http(429, "Too Many Requests")] * times

    def forbid(self) -> None:
        self._before.append(_http(403, "Forbidden"))

    def unknown(self) -> None:
        self._key = STRANGER

    def nowhere(self) -> str:
        return "pdns/example.net"

    def reset(self) -> None:
        self._key = "env/PDNS_API_KEY"
        self._before.clear()
        self._after.clear()
        self._asked.clear()

    def largest(self) -> Sequence[bytes]:
        raise NotImplementedError

    def _change(self, change: dict[str, Any]) -> None:
        self._server.ask("PATCH", f"zones/{APEX}.", {"rrsets": [change]})

    def _patch(self, patch: pytest.MonkeyPatch) -> None:
        """Let requests fail, and let others do something once a name's set was compared with what is served."""
        request, compare = PowerDnsProvider._request, Octodns.compare

        def odd(provider: Any, method: str, path: str, data: Any = None) -> Any:
            if method != "PATCH" and self._asked:
                raise self._asked.pop()
            if method != "PATCH":
                return request(provider, method, path, data)
            self._changes += 1
            if self._before:
                raise self._before.pop()
            answer = request(provider, method, path, data)
            if self._after:
                raise self._after.pop()
            return answer

        def compared(sets: Octodns, zone: str, owner: str, there: Any) -> None:
            compare(sets, zone, owner, there)
            if self._others:
                self._others.pop()()

        patch.setattr(PowerDnsProvider, "_request", odd)
        patch.setattr(Octodns, "compare", compared)


def _http(status: int, text: str) -> requests.HTTPError:
    answer = requests.Response()
    answer.status_code, answer._content = status, text.encode()
    return requests.HTTPError(f"{status} {text} for url", response=answer)


def _one(owner: str, kind: str, value: str) -> dict[str, Any]:
    records = [{"content": value, "disabled": False}]
    return {"name": f"{owner}.", "type": kind, "ttl": 300, "changetype": "REPLACE", "records": records}


@contextmanager
def world(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[OctodnsWorld]:
    with powerdns(folder) as server:
        for key, value in server.environment().items():
            patch.setenv(key, value)
        patch.setattr(names, "PAUSE", 0.01)
        patch.setattr(gathering, "MOST", 0.0)
        patch.setattr(served, "PAUSE", 0.05)
        patch.setattr(source, "PAUSE", 0.01)
        patch.setattr(limits, "SERVED_SECONDS", limits.SERVED_SECONDS._replace(most=1))
        yield OctodnsWorld(server, patch)
