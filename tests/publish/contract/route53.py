"""Route 53, by the tests' copy of its API: what it has is what would be served."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from elastx_mrs.publish.publisher import Publisher
from elastx_mrs.publish.route53 import client
from elastx_mrs.publish.rrset import gathering, names
from elastx_mrs.publish.rrset.record import TxtStrings
from elastx_mrs.records.text import cut
from tests.publish.contract.own import OwnWorld, arguments
from tests.publish.contract.world import APEX, Lost, Text
from tests.publish.route53.api import SECRET, Fault, HostedZone, RecordSet, Route53Api, serve, strings
from tests.publish.rrset.program import Program

CHANGE, LIST = "ChangeResourceRecordSets", "ListResourceRecordSets"


class Route53World(OwnWorld):
    secrets = (SECRET,)
    place = {"publisher": "route53", "zone": "Z1"}  # noqa: RUF012
    make = TxtStrings

    def __init__(self, api: Route53Api, hosted: HostedZone) -> None:
        self._api = api
        self._hosted = hosted

    def config(self) -> dict[str, Any]:
        return {}

    def put(self, owner: str, *texts: Text, ttl: int = 3600) -> None:
        self._hosted.sets.pop((owner, "TXT", ""), None)
        if texts:
            self._hosted.put(RecordSet(owner, "TXT", ttl, tuple(map(_written, texts))))

    def served(self, owner: str) -> dict[bytes, int]:
        found = self._hosted.sets.get((owner, "TXT", ""))
        return {b"".join(strings(one) or ()): found.ttl or 0 for one in found.values} if found is not None else {}

    def alias(self, owner: str) -> None:
        self._hosted.put(RecordSet(owner, "CNAME", 300, (f"mail.{APEX}.",)))

    def delegate(self, owner: str) -> None:
        self._hosted.put(RecordSet(owner, "NS", 300, ("ns1.other.example.",)))

    def publisher(self) -> Publisher:
        return Program("route53").publisher(**arguments(route53={}))

    @property
    def sent(self) -> int:
        return len(self._api.codes(CHANGE))

    def lose(self, when: Lost, times: int = 1) -> None:
        if when == "after":
            self._api.lose = times
        else:
            self._api.faults.append(Fault(CHANGE, "ServiceUnavailable", times, 503, "Try later"))

    def interrupt(self) -> None:
        self._api.faults.append(Fault(LIST, "ServiceUnavailable", 1, 503, "Try later"))

    def silence(self) -> None:
        self._api.faults += [Fault(one, "ServiceUnavailable", 1_000, 503, "Try later") for one in (LIST, CHANGE)]

    def meanwhile(self, others: Callable[[], None]) -> None:
        self._api.meanwhile.append(lambda _: others())

    def throttle(self, times: int) -> None:
        self._api.faults.append(Fault(CHANGE, "Throttling", times))

    def forbid(self) -> None:
        self._api.users["AKIDEXAMPLE"] = (CHANGE,)

    def unknown(self) -> None:
        del self._api.users["AKIDEXAMPLE"]

    def nowhere(self) -> str:
        return "Z404"

    def reset(self) -> None:
        self._api.users = {"AKIDEXAMPLE": ()}
        self._api.faults.clear()
        self._api.lose = 0

    def largest(self) -> Sequence[bytes]:
        """At most 32,000 characters, in the old set and the new one."""
        return [f"{number:04}{'x' * 250}".encode() for number in range(62)]


def _written(text: Text) -> str:
    pieces = cut(text) if isinstance(text, bytes) else text
    return " ".join(f'"{"".join(map(_octet, piece))}"' for piece in pieces)


def _octet(octet: int) -> str:
    if chr(octet) in '"\\':
        return f"\\{octet:c}"
    return chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03o}"


@contextmanager
def world(_folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Route53World]:
    with serve() as api:
        for key, value in api.environment().items():
            patch.setenv(key, value)
        patch.setattr(client, "_client", cache(client._client))
        patch.setattr(client, "PAUSE", 0.001)
        patch.setattr(client, "RATE", 1_000)
        patch.setattr(names, "PAUSE", 0.001)
        patch.setattr(gathering, "MOST", 0.0)
        yield Route53World(api, api.zone("Z1", APEX))
        client._client().close()
