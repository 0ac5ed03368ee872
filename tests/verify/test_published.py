"""Checks of one record without a network: reports, keys of others, servers that differ."""

import asyncio
from collections.abc import Sequence

import pytest

from elastx_mrs.lookup.answer import Answer, answer_of
from elastx_mrs.lookup.authority import Observation, Observer, Places, Served, Sighting
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.question import Server
from elastx_mrs.lookup.walk import NameServer
from elastx_mrs.records import TxtRecord
from elastx_mrs.verify.checks import published
from elastx_mrs.verify.expected import Expected, Key
from elastx_mrs.verify.result import Outcome
from tests.golden import DKIM, TOKEN

DOMAIN = Expected("example.com")
REPORT = TxtRecord("example.se", "report", "example.com._report._dmarc.example.se", "v=DMARC1;")


class Nowhere(Places):
    async def served(self, name: str) -> Served:
        return Served("", ())


class Seen(Observer):
    """The answers of servers, by address: TXT values, or none if the name does not exist."""

    def __init__(
        self, *answers: tuple[str, Sequence[bytes] | None], nobody: Sequence[NameServer] = (), problem: str = ""
    ) -> None:
        super().__init__(Network(), Nowhere())
        self._answers, self._nobody, self._problem = answers, tuple(nobody), problem

    async def txt(self, name: str) -> Observation:
        found = [Sighting("ns1.example.com", Server(host), _answer(name, values)) for host, values in self._answers]
        return Observation(name, tuple(found), nobody=self._nobody, problem=self._problem)


def _answer(name: str, values: Sequence[bytes] | None) -> Answer:
    if values is None:
        return Answer(name, "TXT", "nxdomain", canonical=name)
    return answer_of(name, values)


def details(outcome: Outcome) -> list[tuple[str, str]]:
    return [(detail.verdict, detail.seen) for detail in outcome.details]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([b"v=DMARC1;"], []),
        ([b"v=DMARC1; p=none"], []),  # RFC 9990 §4: only v= need be there
        ([b"V = DMARC1 ; rua=mailto:elsewhere@example.se"], []),
        ([b"v=dmarc1"], [("wrong", "'v=dmarc1'")]),  # the value has case: RFC 9989 §4.8
        ([], [("absent", "no TXT record there")]),
        (None, [("absent", "no such name")]),
    ],
)
def test_a_report_authorisation_is_any_dmarc_record(
    values: list[bytes] | None, expected: list[tuple[str, str]]
) -> None:
    found = asyncio.run(published.record(Seen(("192.0.2.1", values)), DOMAIN, REPORT))
    assert details(found) == expected


@pytest.mark.parametrize(
    ("values", "verdict", "said"),
    [
        ([DKIM.encode()], "pass", ""),
        ([b"v=DKIM1; p=!"], "wrong", "not base64"),
        ([b"v=DKIM1; p="], "wrong", "revoked"),
        ([DKIM.encode()] * 2, "wrong", "there must be exactly one TXT record"),
        (None, "absent", "publish the DKIM key that Elastx provides"),
    ],
)
def test_a_key_that_somebody_else_publishes(values: list[bytes] | None, verdict: str, said: str) -> None:
    found = asyncio.run(published.key(Seen(("192.0.2.1", values)), DOMAIN, Key("elastx")))
    assert found.verdict == verdict
    assert said in "".join(detail.cure for detail in found.details)


def test_unreachable_servers_are_reported_and_others_still_checked() -> None:
    dead = NameServer("ns2.example.com", (), "ns2.example.com has no address")
    found = asyncio.run(published.key(Seen(("192.0.2.1", [DKIM.encode()]), nobody=[dead]), DOMAIN, Key("elastx")))
    assert [(detail.verdict, detail.server, detail.seen) for detail in found.details] == [
        ("unreachable", "ns2.example.com", "ns2.example.com has no address")
    ]
    found = asyncio.run(published.key(Seen(problem="no server of example.com answers"), DOMAIN, Key("elastx")))
    assert details(found) == [("unreachable", "no server of example.com answers")]


def test_addresses_of_one_server_that_differ_elsewhere_are_a_notice() -> None:
    report = b"v=DMARC1;"
    seen = Seen(("192.0.2.1", [report]), ("192.0.2.2", [report, b"something else"]))
    found = asyncio.run(published.record(seen, DOMAIN, REPORT))
    assert found.verdict == "pass"
    assert found.notices == (f"ns1.example.com has addresses that differ in other records of {REPORT.name}",)


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([TOKEN.encode()], "pass"),
        ([TOKEN.upper().encode(), TOKEN.encode()], "pass"),
        ([TOKEN.upper().encode()], "wrong"),  # the relay looks for the exact string
        ([TOKEN.encode() + b" "], "wrong"),
        ([TOKEN.encode()[:-1]], "wrong"),
        ([b"elastx-mrs="], "wrong"),
        ([b"v=spf1 -all"], "absent"),
        (None, "absent"),
    ],
)
def test_any_valid_challenge_will_do_if_the_accounts_are_unknown(values: list[bytes] | None, verdict: str) -> None:
    domain = Expected("example.com", accounts_known=False)
    found = asyncio.run(published.challenges(Seen(("192.0.2.1", values)), domain, strict=True))
    assert found.verdict == verdict
    assert ("64 hex digits in lower case" in "".join(one.cure for one in found.details)) is (verdict == "wrong")


def test_a_name_with_other_txt_records_is_not_reported_as_empty() -> None:
    challenge = TxtRecord("good.com", "challenge", "good.com", TOKEN)
    found = asyncio.run(published.record(Seen(("192.0.2.1", [b"MS=1"])), DOMAIN, challenge))
    assert details(found) == [("absent", "none among its TXT records")]
