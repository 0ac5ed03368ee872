"""The roads from DNS to a person: verify, the guard on both publishers, spf, adopt, message; and what they print."""

import base64
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import click
import dns.message
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tsig

from elastx_mrs.adopt.from_dns import read_all, render
from elastx_mrs.cli import message as message_command
from elastx_mrs.cli import spf as spf_command
from elastx_mrs.cli.views import spf as spf_view
from elastx_mrs.cli.views.verify import FORMATS
from elastx_mrs.config.modes import Mode
from elastx_mrs.display import show
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.vantage import Vantage
from elastx_mrs.message.chain import judge
from elastx_mrs.message.parse import NotAMessage, read
from elastx_mrs.publish.adoption import Adoption
from elastx_mrs.publish.cloudflare.zone import txt_value
from elastx_mrs.publish.existing import CannotAskError, Existing
from elastx_mrs.publish.guard.guard import Guard, Memory, StoppedError
from elastx_mrs.publish.listing import Listed, Listing
from elastx_mrs.publish.rfc2136.existing import existing as primary_has
from elastx_mrs.publish.rfc2136.primary import Ask, Primary, UpdateError
from elastx_mrs.records import RecordError, TxtRecord, dkim, dmarc, report, spf
from elastx_mrs.records.text import quote
from elastx_mrs.verify import report as verify_report
from elastx_mrs.verify.expected import from_domains, from_records
from elastx_mrs.verify.result import Outcome
from elastx_mrs.verify.wait import Job, wait
from tests import golden
from tests.fuzz import letters, wire
from tests.fuzz.clock import Loop
from tests.fuzz.world import DMARC, SPF, WHO, World
from tests.fuzz.zones import GOOD, HIS, Hostile


def records(domain: str, spf_value: str = SPF, dmarc_value: str = DMARC) -> list[TxtRecord]:
    """What a stack declares of a domain; a kind whose name DNS has no room for is refused by the config."""
    kinds: tuple[Callable[[], TxtRecord], ...] = (
        lambda: TxtRecord(domain, "challenge", domain, golden.TOKEN),
        lambda: spf.spf(domain, spf_value),
        lambda: dkim.dkim(domain, "elastx", golden.DKIM),
        lambda: dmarc.dmarc(domain, dmarc_value),
    )
    found = []
    for kind in kinds:
        with suppress(RecordError):
            found.append(kind())
    return found


@dataclass
class Road:
    """Runs the roads in one world, on one loop, and collects what they print."""

    world: World
    loop: Loop
    rng: random.Random
    printed: list[tuple[str, str]] = field(default_factory=list)
    vantages: dict[str, Vantage] = field(default_factory=dict)

    def run(self, work: Awaitable[Any]) -> Any:
        self.world.asked = 0
        self.loop.rewind()
        return self.loop.run_until_complete(work)

    def vantage(self, who: str) -> Vantage:
        """Who is asked; all roads but verification's share what was answered, which is most of the time of a world."""
        if who not in self.vantages:
            self.vantages[who] = Vantage(WHO[who], Network())
        return self.vantages[who]

    # verify

    def verify(self, who: str, *, known: bool, timeout: float = 0.0) -> Mapping[str, Outcome]:
        """Verify the good domain beside all hostile ones; return the good one's outcomes."""
        expected = from_records(records("good.com"))
        for one in self.world.hostile:
            own = records(one.domain, one.spf, one.dmarc)
            expected += from_records(own) if known else from_domains([one.domain])
        self.rng.shuffle(expected)
        jobs = [Job(one, WHO[who], timeout, strict=self.rng.random() < 0.5) for one in expected]
        self.run(wait(jobs, lambda pending: self._say("verify", verify_report.missing(pending))))
        for text in verify_report.messages(jobs):
            self._say("verify", *text.splitlines())
        for name in self.rng.sample(sorted(FORMATS), 2):
            with mock.patch.object(click, "style", lambda text, **_: text):  # so that any escape is one from DNS
                self._say(f"verify {name}", *FORMATS[name](jobs, verify_report.NOWHERE).splitlines())
        return next(job.outcomes for job in jobs if job.expected.domain == "good.com")

    # spf, adopt, message

    def spf(self, who: str, domain: str) -> None:
        addresses = ["203.0.113.9", "2001:db8:25::1"]
        seen = self.run(spf_command._look(self.vantage(who).ask, domain, ["include:elastx.email"], addresses))
        self._say("spf", *spf_view.as_text(seen).splitlines())
        self._say("spf", *spf_view.as_json(seen).splitlines())
        assert seen.exit_code in (0, 1, 3)

    def adopt(self, who: str, domains: Sequence[str]) -> None:
        found = self.run(read_all(self.vantage(who).ask, domains, ["elastx"]))
        self._say("adopt", *render(found).splitlines())

    def message(self, who: str, domain: str) -> None:
        try:
            read_in = read(letters.letter(self.rng, [domain, *self.world.hostile[0].names]))
        except NotAMessage as error:
            self._say("message", str(error))
            return
        chain = self.run(judge(self.vantage(who).ask, read_in))
        self._say("message", *"\n".join(message_command._as_text(chain)).splitlines())
        self._say("message", *message_command._as_json(chain).splitlines())

    # the guard

    def guard(self, who: str, one: Hostile, publisher: "Lists | Asks", *, preview: bool, mode: Mode) -> None:
        """Every record of a hostile domain beside those of the good one: created, and changed."""
        domains = ("good.com", one.domain)
        declared = [*records("good.com"), *records(one.domain, one.spf, one.dmarc)]
        declared.append(
            TxtRecord("good.com", "report", f"{domains[1][-200:].lstrip('.')}._report._dmarc.good.com", report.VALUE)
        )
        if self.rng.random() < 0.3:
            declared = [_with_ttl(record) for record in declared]
        vantage = self.vantage(who)
        memory = Memory(publisher, dict.fromkeys(domains, vantage), declared)
        by_name = {record.resource("mail"): record for record in declared}
        guard = Guard(
            by_name, dict.fromkeys(domains, mode), memory, preview, lambda _, text, __: self._say("guard", text)
        )
        self.run(self._before(guard, one))

    async def _before(self, guard: Guard, one: Hostile) -> None:
        olds = [rdata for node in one.zone.nodes.values() for rdata in node.get(wire.TXT, ())]
        chosen = [
            name for name, record in guard.records.items() if record.domain == one.domain or record.kind == "report"
        ]
        for name in self.rng.sample(chosen, min(2, len(chosen))):
            record = guard.records[name]
            old = show(self.rng.choice(olds)[1:]) if olds and self.rng.random() < 0.8 else "v=spf1 -all"
            for before in (None, old) if record.kind == "spf" or self.rng.random() < 0.3 else (None,):
                try:
                    await guard.before(name, before)
                except StoppedError as stopped:
                    self._say("guard", *str(stopped).splitlines())

    def _say(self, road: str, *lines: str) -> None:
        self.printed += [(road, line) for line in lines]


def _with_ttl(record: TxtRecord) -> TxtRecord:
    return TxtRecord(record.domain, record.kind, record.name, record.value, 600)


class _Publisher:
    """What the guard needs of a publisher; nothing is published."""

    shares_ttl = True

    def __init__(self, adopted: frozenset[str]) -> None:
        self.adoption = Adoption(
            adopted, lambda record: f"run: adopt {record.domain}", lambda record: f"take {record.name}"
        )

    def declare(self, name: str, record: TxtRecord, options: object) -> Any:
        raise AssertionError

    def value_of(self, properties: Mapping[str, Any]) -> str:
        raise AssertionError


class Lists(_Publisher):
    """Has the list of a zone, as Cloudflare gives it."""

    def __init__(self, one: Hostile, adopted: frozenset[str]) -> None:
        super().__init__(adopted)
        origin = wire.shown(one.zone.origin)
        kinds = {number: name for name, number in wire.TYPES.items()}
        found = [
            Listed(wire.shown(owner), kinds[rdtype], _listed(rdtype, rdata))
            for owner, node in one.zone.nodes.items()
            for rdtype, rdatas in node.items()
            if rdtype in kinds and rdtype != wire.SOA
            for rdata in rdatas
        ]
        self._listing = Listing(origin, found, ("ns1.good.com", "ns9.good.com"))
        self._good = Listing("good.com", [Listed("good.com", "TXT", SPF.encode())])

    async def existing(self, owner: str) -> Existing:
        return (self._good if f".{owner}".endswith(".good.com") else self._listing).existing(owner)


def _listed(rdtype: int, rdata: bytes) -> str | bytes:
    if rdtype == wire.TXT:
        return txt_value(" ".join(map(quote, _split(rdata))))
    try:
        return dns.rdata.from_wire(
            dns.rdataclass.IN, dns.rdatatype.RdataType.make(rdtype), rdata, 0, len(rdata)
        ).to_text()
    except Exception:
        return show(rdata)


def _split(rdata: bytes) -> Iterator[bytes]:
    while rdata:
        yield rdata[1 : 1 + rdata[0]]
        rdata = rdata[1 + rdata[0] :]


class _Primary(Primary):
    """A primary in memory, which nobody signs for."""

    def query(self, name: str, kind: dns.rdatatype.RdataType) -> dns.message.QueryMessage:
        return dns.message.make_query(name, kind, flags=0)

    @contextmanager
    def connected(self) -> Iterator[Ask]:
        yield lambda message: self._ask(self._conversation, message)  # type: ignore[arg-type]

    @property
    def _conversation(self) -> "_Conversation":
        return _Conversation(WORLD[0], self.host)


KEY = dns.tsig.Key("nobody", base64.b64encode(bytes(32)))
"""Of a primary; nothing is signed."""

WORLD: list[World] = []
"""The one that primaries are in."""


@dataclass
class _Conversation:
    world: World
    host: str

    def exchange(self, octets: bytes, seconds: float) -> bytes:
        octets_, _ = self.world.reply(self.host, octets, tcp=True)
        return octets_ or b""


class Asks(_Publisher):
    """Asks a primary, as RFC 2136's does."""

    def __init__(self, world: World, one: Hostile, adopted: frozenset[str]) -> None:
        super().__init__(adopted)
        WORLD[:] = [world]
        self._zone = wire.shown(one.zone.origin)
        self._primary = _Primary(HIS, 53, KEY)
        self._other = _Primary(GOOD, 53, KEY)

    async def existing(self, owner: str) -> Existing:
        good = f".{owner}".endswith(".good.com")
        try:
            return primary_has(self._other if good else self._primary, "good.com" if good else self._zone, owner)
        except UpdateError as error:
            raise CannotAskError(str(error)) from None
