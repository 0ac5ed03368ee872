"""The guard beside wildcards (RFC 4592), on servers and on a provider's list: what ends, what stays, what to add."""

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.zone
import pytest
from dns.rdtypes.ANY.TXT import TXT

from elastx_mrs.lookup.answer import Answer, answer_of
from elastx_mrs.publish.existing import Existing
from elastx_mrs.publish.guard.checks import CREATE, Case, Finding, Inherited
from elastx_mrs.publish.guard.guard import run
from elastx_mrs.publish.guard.inherited import inherited
from elastx_mrs.publish.guard.wildcards import WILDCARDS
from elastx_mrs.publish.listing import Listed, Listing
from elastx_mrs.publish.rfc2136.connection import POOL
from elastx_mrs.publish.rfc2136.existing import existing
from elastx_mrs.records import TxtRecord, dkim, dmarc, spf
from elastx_mrs.records.challenge import challenge
from elastx_mrs.records.text import join
from elastx_mrs.service import ELASTX
from tests import golden
from tests.publish.guard.test_guard import NOTHING_ADOPTED
from tests.publish.rfc2136.updates import nsupdate, primary, provider, record
from tests.servers import KINDS, NameServer, start
from tests.servers.zones import HEAD

GOOGLE = "v=spf1 include:_spf.google.com ~all"
REJECT = "v=DMARC1; p=reject"
ZONES = {
    name: HEAD.format(name=name) + records + "\n"
    for name, records in {
        "a.example": "* A 192.0.2.1",
        "alias.example": "* CNAME hosting.vendor.example.",
        "spf.example": f'* TXT "{GOOGLE}"',
        "dmarc.example": f'* TXT "{REJECT}"',
        "low.example": f'* TXT "{REJECT}"\n_dmarc TXT "v=DMARC1; p=none"',
        "several.example": f'*.b TXT "{REJECT}"\n*.b TXT "v=DMARC1; p=none"\n_dmarc TXT "{REJECT}"',
        "both.example": f'* TXT "{REJECT}"\n_dmarc TXT "{REJECT}"',
        "key.example": '* TXT "v=DKIM1; p="',
        "mail.example": '* MX 10 mail\n* TXT "verify=abc"\n* TXT "v=spf1 -all"',
        "report.example": '*._report._dmarc TXT "v=DMARC1;"',
    }.items()
}
HOSTING = {
    ("hosting.vendor.example", "A"): ["198.51.100.7"],
    ("hosting.vendor.example", "MX"): ["10 mx.vendor.example."],
}
INCLUDED = {(name, "TXT"): ['"v=spf1 -all"'] for name in ("elastx.email", "_spf.google.com")}
Look = Callable[[str, str], Existing]


@pytest.fixture(scope="module", params=["listing", *KINDS])
def look(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Look]:
    """Returns what is at a name of a zone, as Cloudflare lists it or as an RFC 2136 primary answers."""
    if request.param == "listing":
        listings = {name: listing(name) for name in ZONES}
        yield lambda zone, owner: listings[zone].existing(owner)
        return
    with start(request.param, tmp_path_factory.mktemp(request.param), ZONES) as server:
        yield lambda zone, owner: existing(primary(server), zone, owner)
    POOL.close()


def listing(name: str) -> Listing:
    zone = dns.zone.from_text(ZONES[name], origin=f"{name}.", relativize=False)
    return Listing(
        name,
        [
            Listed(
                owner.to_text(omit_final_dot=True),
                dns.rdatatype.to_text(rdata.rdtype),
                join(rdata.strings) if isinstance(rdata, TXT) else str(rdata),
            )
            for owner, _, rdata in zone.iterate_rdatas()
        ],
    )


@dataclass
class World:
    """A zone, and the rest of the DNS as a table."""

    zone: str
    look: Look
    records: Sequence[TxtRecord]
    elsewhere: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    adoption = NOTHING_ADOPTED
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    service = ELASTX
    one_of_several = ""
    looked: dict[str, Existing] = field(default_factory=dict)

    @property
    def declared(self) -> dict[str, TxtRecord]:
        return {one.name: one for one in self.records if one.kind in ("spf", "dmarc")}

    @property
    def values(self) -> dict[str, list[str]]:
        return {owner.name: [one.value for one in self.records if one.name == owner.name] for owner in self.records}

    async def ask(self, name: str, rdtype: str) -> Answer:
        if name in self.declared and rdtype == "TXT":
            return answer_of(name, [self.declared[name].value.encode()])
        rdatas = tuple(
            dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(rdtype), text)
            for text in self.elsewhere.get((name, rdtype), ())
        )
        if rdtype in self.elsewhere.get(("fails", ""), ()):
            return Answer(name, rdtype, "failed", problem="timed out")
        return Answer(name, rdtype, "found" if rdatas else "nxdomain", rdatas, name)

    async def existing(self, owner: str) -> Existing:
        if owner not in self.looked:  # once a run, as guard.Memory does
            self.looked[owner] = self.look(self.zone, owner)
        return self.looked[owner]

    async def child_zone(self, owner: str, zone: str) -> None:
        return None

    async def delegated_to(self, zone: str) -> None:
        return None

    async def inherited(self, domain: str) -> Inherited | None:
        return await inherited(self, domain)


def found(world: World) -> list[Finding]:
    """What the guard finds before the first of the records is created; no notices."""
    case = Case(world.records[0], None, False, world)
    said = asyncio.run(run((*CREATE, *WILDCARDS), case))
    return [finding for finding in said if finding.level != "notice"]


def key_of(domain: str) -> TxtRecord:
    return dkim.dkim(domain, "elastx", golden.DKIM)


def account(domain: str) -> TxtRecord:
    return challenge(domain, "a@b.se")


@pytest.mark.parametrize("zone", ["a.example", "spf.example", "mail.example", "alias.example", "key.example"])
@pytest.mark.parametrize("declare", [key_of, lambda domain: dmarc.dmarc(domain, REJECT)])
def test_names_below_an_underscore_lose_no_address_and_no_mx(
    look: Look, zone: str, declare: Callable[[str], TxtRecord]
) -> None:
    assert [one.text for one in found(World(zone, look, [declare(zone)])) if one.level != "warning"] == []


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("mail.example", 'add: *._domainkey.mail.example TXT "verify=abc"'),
        ("alias.example", "add: *._domainkey.alias.example CNAME hosting.vendor.example"),
        ("key.example", 'add: *._domainkey.key.example TXT "v=DKIM1; p="'),
        ("a.example", ""),
        ("spf.example", ""),
    ],
)
def test_what_ends_below_domainkey_is_a_warning_that_names_it(look: Look, zone: str, told: str) -> None:
    said = found(World(zone, look, [key_of(zone)]))
    assert [one.level for one in said] == (["warning"] if told else [])
    assert all(told in one.text and f"makes _domainkey.{zone} exist" in one.text for one in said)


def test_a_wildcard_of_report_authorisations_ends_for_others(look: Look) -> None:
    ours = TxtRecord("report.example", "report", "a.com._report._dmarc.report.example", "v=DMARC1;")
    (said,) = found(World("report.example", look, [ours]))
    assert said.level == "warning"
    assert '*.com._report._dmarc.report.example TXT "v=DMARC1;"' in said.text


def test_the_policy_that_a_wildcard_gives_is_in_force(look: Look) -> None:
    (said,) = found(World("dmarc.example", look, [dmarc.dmarc("dmarc.example", "v=DMARC1; p=none")]))
    assert said.level == "stop"
    assert f"_dmarc.dmarc.example says p=none, weaker than '{REJECT}', which comes from a wildcard today" in said.text
    assert found(World("dmarc.example", look, [dmarc.dmarc("dmarc.example", REJECT)])) == []


def test_several_policies_of_a_wildcard_are_none_and_the_one_above_is_in_force(look: Look) -> None:
    """RFC 9989 §4.10: receivers discard them, and walk on."""
    ours = dmarc.dmarc("b.several.example", "v=DMARC1; p=none")
    (said,) = found(World("several.example", look, [ours]))
    assert "weaker than the p=reject that it inherits today from several.example" in said.text


def test_the_policy_at_the_end_of_a_wildcard_s_cname_is_in_force(look: Look) -> None:
    ours = dmarc.dmarc("alias.example", "v=DMARC1; p=none")
    elsewhere = {("hosting.vendor.example", "TXT"): [f'"{REJECT}"']}
    (said,) = found(World("alias.example", look, [ours], elsewhere))
    assert (said.level, "weaker than" in said.text) == ("stop", True)
    assert found(World("alias.example", look, [ours])) == []


def test_a_policy_that_a_wildcard_gives_to_a_name_that_comes_to_exist(look: Look) -> None:
    """``news`` exists with its challenge, and ends ``*`` for ``_dmarc.news``, whoever publishes a policy there."""
    ours = account("news.low.example")
    (said,) = found(World("low.example", look, [ours]))
    assert said.level == "stop"
    assert said.text.endswith(f'Add first: _dmarc.news.low.example TXT "{REJECT}"')
    declared = dmarc.dmarc("news.low.example", REJECT)
    assert found(World("low.example", look, [ours, declared])) == []
    for zone in ("both.example", "dmarc.example"):
        assert found(World(zone, look, [account(f"news.{zone}")])) == [], "it inherits the same"


def test_senders_of_a_wildcard_s_spf_are_kept(look: Look) -> None:
    (said,) = found(World("spf.example", look, [spf.spf("news.spf.example", golden.SPF)], INCLUDED))
    assert said.level == "stop"
    assert f"gets the SPF record '{GOOGLE}' from a wildcard today" in said.text
    assert "write include:_spf.google.com into spf too" in said.text
    merged = spf.spf("news.spf.example", "v=spf1 include:elastx.email include:_spf.google.com ~all")
    assert found(World("spf.example", look, [merged], INCLUDED)) == []


@pytest.mark.parametrize("owner", ["news.a.example", "_dmarc.news.a.example", "elastx._domainkey.news.a.example"])
def test_host_names_above_are_guarded(look: Look, owner: str) -> None:
    ours = {
        "news.a.example": account("news.a.example"),
        "_dmarc.news.a.example": dmarc.dmarc("news.a.example", REJECT),
        "elastx._domainkey.news.a.example": key_of("news.a.example"),
    }[owner]
    (said,) = found(World("a.example", look, [ours]))
    assert said.level == "stop"
    assert said.text.startswith(f"{owner} would make news.a.example exist")
    assert said.text.endswith("and A would vanish. Add first: news.a.example A 192.0.2.1")


def test_all_that_a_host_loses_is_named_and_our_own_spf_takes_the_wildcard_s_place(look: Look) -> None:
    domain = "news.mail.example"
    (said,) = found(World("mail.example", look, [account(domain), spf.spf(domain, golden.SPF)]))
    assert said.text.endswith(
        f'MX and TXT would vanish. Add first: {domain} MX 10 mail.mail.example.; {domain} TXT "verify=abc"'
    )


def test_no_cname_is_advised_where_a_txt_is_published(look: Look) -> None:
    ours, domain = account("news.alias.example"), "news.alias.example"
    stop, warning = found(World("alias.example", look, [ours], HOSTING))
    assert (stop.level, warning.level) == ("stop", "warning")
    assert stop.text.endswith(f"Add first: {domain} A 198.51.100.7; {domain} MX 10 mx.vendor.example.")
    assert "*._domainkey.news.alias.example CNAME" in warning.text
    nothing, _ = found(World("alias.example", look, [ours]))
    assert (nothing.level, "has no A, AAAA or MX" in nothing.text) == ("warning", True)
    unknown, _ = found(World("alias.example", look, [ours], {("fails", ""): ["A", "AAAA", "MX"]}))
    assert unknown.level == "stop"
    assert unknown.text.endswith(f"Add first: the A, AAAA and MX records of hosting.vendor.example, at {domain}")


def test_a_cname_is_advised_at_a_host_name_that_gets_no_record_of_ours(look: Look) -> None:
    stop, _ = found(World("alias.example", look, [dmarc.dmarc("news.alias.example", REJECT)]))
    assert re.search(r"Add first: news\.alias\.example CNAME hosting\.vendor\.example\.?$", stop.text)


ADVISED = {
    "a.example": [account("news.a.example"), key_of("news.a.example")],
    "alias.example": [account("news.alias.example"), dmarc.dmarc("deep.b.alias.example", REJECT)],
    "mail.example": [account("news.mail.example")],
    "low.example": [account("news.low.example")],
    "key.example": [key_of("key.example")],
}


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_follows_the_advice_may_publish(kind: str, tmp_path: Path) -> None:
    with start(kind, tmp_path / kind, ZONES) as server:
        for zone, records in ADVISED.items():
            for ours in records:
                follow(server, zone, ours)
    POOL.close()


RECORD = re.compile(r'(?:^|; )(\S+ (?:(?:A|MX|CNAME) [^;]+|TXT "[^"]*"))')


def follow(server: NameServer, zone: str, ours: TxtRecord) -> None:
    """Add what the guard says until it says nothing; publish; all that was answered before is answered still."""
    for _ in range(3):
        world = World(zone, lambda zone, owner: existing(primary(server), zone, owner), [ours], HOSTING)
        texts = [re.split(r"[Aa]dd(?: first)?: ", finding.text)[-1] for finding in found(world)]
        lines = [line for text in texts for line in RECORD.findall(text)]
        if not lines:
            break
        for line in lines:
            owner, rest = line.split(" ", 1)
            nsupdate(server, f"zone {zone}\nupdate add {owner} 300 {absolute(rest)}")
    assert [one.text for one in found(world) if one.level == "stop"] == []
    provider(server).create(record(ours.name, ours.value, zone))
    assert ours.value.encode() in server.txt(ours.name)


def absolute(rdata: str) -> str:
    return f"{rdata}." if rdata.startswith("CNAME") and not rdata.endswith(".") else rdata
