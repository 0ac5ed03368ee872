"""Each rule of the guard, against the lab, BIND and Knot: it stops what breaks mail, and without it nothing does."""

import asyncio
import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

import dns.flags
import pytest

from elastx_mrs.config.modes import Mode
from elastx_mrs.lookup.answer import Answer
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.question import Server
from elastx_mrs.lookup.vantage import Vantage, Who
from elastx_mrs.publish.adoption import Adoption
from elastx_mrs.publish.existing import CannotAskError, Existing
from elastx_mrs.publish.guard import checks, wildcards
from elastx_mrs.publish.guard.checks import Case, Check, Finding
from elastx_mrs.publish.guard.guard import Guard, Memory, StoppedError
from elastx_mrs.publish.guard.rrset import answer_octets
from elastx_mrs.publish.rfc2136.publisher import Rfc2136
from elastx_mrs.records import TxtRecord, dkim, dmarc, spf
from elastx_mrs.records.challenge import challenge
from elastx_mrs.service import ELASTX, Service
from tests import golden
from tests.lookup.nets import answer, fake, fakes
from tests.servers import KINDS, NameServer, start
from tests.servers.zones import HEAD, ZONES

OTHER_KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
ZONE = (
    HEAD.format(name="example.com")
    + r"""foreign TXT "v=spf1 include:_spf.google.com ~all"
foreign TXT "another \"string\""
_dmarc.foreign TXT "v=DMARC1; p=reject; rua=mailto:d@example.com"
elastx._domainkey.foreign TXT "{other}"
mine TXT "{spf}"
_dmarc.alias CNAME mail
apexalias CNAME mail
child NS ns.child
_domainkey.sold NS ns.vendor.example.
_dmarc.sold NS ns.vendor.example.
ns.child A 127.0.0.1
*.wild MX 10 mail
*.wild A 192.0.2.77
*.wild TXT "v=spf1 -all"
*.aliased CNAME mail
there.wild A 192.0.2.78
below.there.wild A 192.0.2.78
x.ent.wild A 192.0.2.78
*.hosts A 192.0.2.77
null MX 0 .
dn DNAME elsewhere.example.net.
null A 192.0.2.79
own MX 10 outside
own MX 20 inside
outside A 203.0.113.9
inside A 192.0.2.129
_dmarc.strict TXT "v=DMARC1; p=reject"
_dmarc.lax.strict TXT "v=DMARC1; p=none"
_dmarc.void TXT "v=DMARC1; p=rejct"
_dmarc.sub TXT "v=DMARC1; p=reject; sp=quarantine"
_dmarc.test TXT "v=DMARC1; p=quarantine; t=y"
""".replace("{other}", OTHER_KEY).replace("{spf}", golden.SPF)
    + "\n".join(f'i{number} TXT "v=spf1 a:mail.example.com -all"' for number in range(5))
    + '\nlong TXT "v=spf1 include:i0.example.com include:i1.example.com include:i2.example.com -all"\n'
)
SERVED = ZONES | {"example.com": ZONE}


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServer]:
    with start(request.param, tmp_path_factory.mktemp(request.param), SERVED) as running:
        yield running


NOTHING_ADOPTED = Adoption(frozenset(), lambda record: "run: elastx-mrs adopt", lambda record: "run: elastx-mrs adopt")


@dataclass
class Run:
    """The guard as the component makes it, its clients on a real server."""

    server: NameServer
    records: list[TxtRecord]
    mode: Mode = "require"
    preview: bool = False
    adopted: frozenset[str] = frozenset()
    without: Check | None = None
    said: list[tuple[str, str]] = field(default_factory=list)

    def guard(self) -> Guard:
        environment = self.server.environment()
        secret = {"tsigKey": environment["ELASTX_MRS_RFC2136_KEY"]}
        settings = f'{{"server": "{self.server.address}", "keyName": "{self.server.key_name}"}}'
        config = {"elastx-mrs:rfc2136": settings, "elastx-mrs:tsigKey": secret["tsigKey"]}
        config["elastx-mrs:adopt"] = json.dumps(sorted(self.adopted))
        assert base64.b64decode(secret["tsigKey"])
        publisher = Rfc2136(dict.fromkeys(["example.com", "example.se"], "default"), config.get)
        vantage = Vantage(Who.of([self.server.address], resolvers=()), Network())
        vantages = {record.domain: vantage for record in self.records}
        memory = Memory(publisher, vantages, self.records)
        guard = Guard(
            {f"mail-{record.domain}-{record.suffix}": record for record in self.records},
            dict.fromkeys((record.domain for record in self.records), self.mode),
            memory,
            self.preview,
            lambda level, text, _: self.said.append((level, text)),
        )
        guard.create = [check for check in guard.create if check is not self.without]
        guard.update = [check for check in guard.update if check is not self.without]
        return guard

    def stopped(self, old_value: str | None = None) -> str:
        """Check the first record; return why it was stopped, or an empty text."""
        guard = self.guard()

        async def before() -> str:
            try:
                await guard.before(next(iter(guard.records)), old_value)
            except StoppedError as error:
                return str(error)
            return ""

        return asyncio.run(before())


def spf_of(domain: str, value: str = golden.SPF) -> TxtRecord:
    return spf.spf(domain, value)


def dmarc_of(domain: str, value: str = "v=DMARC1; p=none;") -> TxtRecord:
    return dmarc.dmarc(domain, value)


ELEVEN = "v=spf1 include:elastx.email include:long.example.com include:i3.example.com include:i4.example.com -all"
"""1 + (1 + 3 * 2) + 2 + 2 = 12 lookups; without the last include 10."""

STOPS: dict[str, tuple[Check, TxtRecord, str]] = {
    "a foreign SPF": (checks.foreign_spf, spf_of("foreign.example.com"), "permerror (RFC 7208 §4.5)"),
    "a DMARC already there": (checks.foreign_dmarc, dmarc_of("foreign.example.com"), "discard all of them"),
    "a key already there": (
        checks.foreign_dkim, dkim.dkim("foreign.example.com", "elastx", golden.DKIM), "RFC 6376 §3.6.2.2",
    ),
    "a CNAME in the way": (checks.alias, dmarc_of("alias.example.com"), "is a CNAME to mail.example.com"),
    "a CNAME at the sender domain": (
        checks.alias, challenge("apexalias.example.com", "a@b.se"), "RFC 1034 §3.6.2",
    ),
    "a child zone": (checks.child_zone, spf_of("child.example.com"), "lies in the zone child.example.com"),
    "a delegated _domainkey": (
        checks.child_zone, dkim.dkim("sold.example.com", "elastx", golden.DKIM),
        "publish it there by other means, such as its operator's own tools, and write dkim: {external: true} here",
    ),
    "a delegated _dmarc": (checks.child_zone, dmarc_of("sold.example.com"), "write dmarc: {external: true} here"),
    "below a child zone": (checks.child_zone, dmarc_of("x.child.example.com"), "lies in the zone child.example"),
    "an eleventh lookup": (checks.lookups, spf_of("new.example.com", ELEVEN), "takes 12 lookups"),
    "an include without SPF": (
        checks.lookups, spf_of("new.example.com", "v=spf1 include:mail.example.com -all"), "no usable SPF record",
    ),
    "a DMARC weaker than p above": (checks.weaker_dmarc, dmarc_of("a.strict.example.com"), "p=reject"),
    "a DMARC weaker than sp above": (checks.weaker_dmarc, dmarc_of("a.sub.example.com"), "sp=quarantine"),
    "a wildcard's MX that would vanish": (
        wildcards.host, challenge("a.wild.example.com", "a@b.se"), "a.wild.example.com MX 10 mail.example.com.",
    ),
    "a wildcard above an empty non-terminal": (
        wildcards.host, dmarc_of("a.hosts.example.com"), "a.hosts.example.com A 192.0.2.77",
    ),
    "a wildcard CNAME": (
        wildcards.host, challenge("a.aliased.example.com", "a@b.se"), "a.aliased.example.com A 192.0.2.21",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STOPS)
def test_it_stops(server: NameServer, name: str) -> None:
    check, record, message = STOPS[name]
    stopped = Run(server, [record]).stopped()
    assert message in stopped
    assert stopped.startswith((record.name, "SPF of"))
    assert "ELASTX_MRS_GUARD=warn" in stopped
    assert Run(server, [record], preview=True).stopped() == stopped, "a preview says the same"
    assert check.__doc__ is not None
    assert "RFC" in check.__doc__ or "-all" in check.__doc__


@pytest.mark.parametrize("name", STOPS)
def test_without_the_check_nothing_stops(server: NameServer, name: str) -> None:
    check, record, message = STOPS[name]
    assert message not in Run(server, [record], without=check).stopped()


def test_every_check_has_a_test_that_fails_without_it() -> None:
    elsewhere = {checks.redirected, checks.delegated_elsewhere, checks.unchangeable}
    tested = {check for check, _, _ in STOPS.values()} | {check for check, _, _ in REMARKS.values()}
    elsewhere |= {wildcards.policy, wildcards.weaker, wildcards.keys, wildcards.senders}
    assert {*checks.CREATE, *wildcards.WILDCARDS} - tested == elsewhere, "and these have tests of their own"


def test_it_stops_below_a_dname(server: NameServer) -> None:
    run = Run(server, [dmarc_of("dn.example.com")])
    assert "below the DNAME dn.example.com, so elsewhere.example.net answers for it" in run.stopped()
    run.without = checks.redirected
    assert "DNAME" not in run.stopped()


REMARKS: dict[str, tuple[Check, TxtRecord, str]] = {
    "MX hosts that -all fails": (
        checks.uncovered_mx,
        spf_of("own.example.com"),
        "outside.example.com (203.0.113.9)",
    ),
    "a void DMARC above": (
        checks.weaker_dmarc,
        dmarc_of("a.void.example.com"),
        "a.void.example.com inherits no DMARC policy: 'v=DMARC1; p=rejct' at _dmarc.void.example.com has a faulty p=",
    ),
    "a null MX": (checks.null_mx, spf_of("null.example.com"), "RFC 7505"),
    "identical content": (
        checks.identical,
        spf_of("mine.example.com"),
        "ELASTX_MRS_ADOPT=mine.example.com (several: with commas between; pulumi up --continue-on-error names all",
    ),
}


@pytest.mark.parametrize("name", REMARKS)
def test_it_remarks_and_goes_on(server: NameServer, name: str) -> None:
    check, record, message = REMARKS[name]
    run = Run(server, [record], preview=True)
    assert run.stopped() == ""
    assert any(message in text for _, text in run.said)
    silent = Run(server, [record], preview=True, without=check)
    assert silent.stopped() == ""
    assert not any(message in text for _, text in silent.said)


PASSES: dict[str, TxtRecord] = {
    "a new name": spf_of("new.example.com"),
    "the zone's apex, with foreign strings and an MX": challenge("example.com", "a@b.se"),
    "exactly ten lookups": spf_of("new.example.com", ELEVEN.replace(" include:i4.example.com", "")),
    "a name beside a wildcard that does not reach it": challenge("there.wild.example.com", "a@b.se"),
    "a name below one that ends the wildcard": dmarc_of("there.wild.example.com"),
    "an empty non-terminal that is there already": challenge("ent.wild.example.com", "a@b.se"),
    "a policy as strict as what it inherits": dmarc_of("a.strict.example.com", "v=DMARC1; p=reject"),
    "a policy as strict as a tested one": dmarc_of("a.test.example.com", "v=DMARC1; p=none"),
}


def test_a_record_of_its_own_inherits_nothing(server: NameServer) -> None:
    """RFC 9989 §4.10: what applies today is what the name has, and that is adopted unchanged."""
    own = dmarc_of("lax.strict.example.com", "v=DMARC1; p=none")
    assert Run(server, [own], adopted=frozenset({own.name})).stopped() == ""


@pytest.mark.parametrize("name", PASSES)
def test_it_lets_pass(server: NameServer, name: str) -> None:
    assert Run(server, [PASSES[name]]).stopped() == ""


def test_the_spf_of_a_wildcard_is_replaced_and_not_doubled(server: NameServer) -> None:
    stopped = Run(server, [spf_of("a.wild.example.com")]).stopped()
    assert "permerror" not in stopped
    assert "TXT" not in stopped, "our SPF takes the wildcard's place; only its A and MX would be missed"
    assert "MX and A" in stopped or "A and MX" in stopped


def test_what_this_run_declares_counts_as_if_it_were_there(server: NameServer) -> None:
    weak, strict = dmarc_of("a.new.example.com"), dmarc_of("new.example.com", "v=DMARC1; p=reject; np=reject")
    assert "p=reject that it inherits today from new.example.com" in Run(server, [weak, strict]).stopped()
    including = spf_of("new.example.com", "v=spf1 include:elastx.email include:b.new.example.com -all")
    assert "no usable SPF" in Run(server, [including]).stopped()
    assert Run(server, [including, spf_of("b.new.example.com")]).stopped() == ""


def test_an_update_is_stopped_only_where_it_makes_things_worse(server: NameServer) -> None:
    worse = spf_of("new.example.com", ELEVEN)
    assert "takes 12 lookups" in Run(server, [worse]).stopped(golden.SPF)
    run = Run(server, [worse])
    assert run.stopped(ELEVEN.replace(" -all", " ~all")) == "", "it was as bad before"
    assert any("takes 12 lookups" in text for _, text in run.said)
    assert "has the SPF record" in Run(server, [spf_of("foreign.example.com")]).stopped("v=spf1 -all")
    assert Run(server, [spf_of("mine.example.com", "v=spf1 include:elastx.email ~all")]).stopped(golden.SPF) == ""


MERGED = "v=spf1 include:elastx.email include:_spf.google.com ~all"


def test_adopting_lets_pass_what_keeps_every_term(server: NameServer) -> None:
    names = frozenset({"foreign.example.com", "_dmarc.foreign.example.com", "elastx._domainkey.foreign.example.com"})
    run = Run(server, [spf_of("foreign.example.com", MERGED)], adopted=names)
    assert run.stopped() == ""
    assert ("warning", run.said[0][1]) == run.said[0]
    assert f"is adopted, and becomes '{MERGED}'" in run.said[0][1]
    lost = Run(server, [spf_of("foreign.example.com")], adopted=names).stopped()
    assert "write include:_spf.google.com into spf too" in lost
    assert Run(server, [dmarc_of("foreign.example.com")], adopted=names).stopped() == ""
    another = dkim.dkim("foreign.example.com", "elastx", golden.DKIM)
    assert "has the record" in Run(server, [another], adopted=names).stopped(), "another key is not taken over"
    same = dkim.dkim("foreign.example.com", "elastx", OTHER_KEY.replace("v=DKIM1; ", "v=DKIM1;"))
    assert Run(server, [same], adopted=names).stopped() == ""


def test_what_is_taken_over_unchanged_is_said(server: NameServer) -> None:
    names = frozenset({"mine.example.com"})
    token = challenge("mine.example.com", golden.ACCOUNT)
    run = Run(server, [spf_of("mine.example.com"), token], preview=True, adopted=names)
    assert run.stopped() == ""
    then = "from then on the stack manages it, and pulumi destroy deletes it"
    assert run.said == [
        ("warning", f"guard: mine.example.com: '{golden.SPF}' is taken over unchanged; {then}"),
    ]
    own = replace(spf_of("mine.example.com"), configured_ttl=600)
    run = Run(server, [own], preview=True, adopted=names)
    assert run.stopped() == ""
    said = "mine.example.com: ttl 600 becomes the TTL of all TXT records there, instead of 3600 (RFC 2181 §5.2); leave"
    assert any(said in text for _, text in run.said), run.said


def test_modes(server: NameServer) -> None:
    record = spf_of("foreign.example.com")
    warned = Run(server, [record], mode="warn")
    assert warned.stopped() == ""
    assert [level for level, text in warned.said if "permerror" in text] == ["warning"]
    off = Run(server, [record], mode="off")
    assert (off.stopped(), off.said) == ("", [])


def test_records_stopped_for_one_reason_each_say_it_and_a_remark_is_said_once(server: NameServer) -> None:
    records = [challenge("a.wild.example.com", account) for account in ("a@b.se", "b@b.se")]
    run = Run(server, records)
    warned = Run(server, records, mode="warn")

    async def both(guard: Guard) -> list[str]:
        found = []
        for name in guard.records:
            try:
                await guard.before(name, None)
            except StoppedError as error:
                found.append(str(error))
        return found

    first, second = asyncio.run(both(run.guard()))
    assert "would vanish" in first
    assert first == second
    assert asyncio.run(both(warned.guard())) == []
    assert len([text for _, text in warned.said if "would vanish" in text]) == 1


class Elsewhere:
    """A zone that its publisher serves on other name servers than those that it is delegated to."""

    adoption: ClassVar[Adoption] = NOTHING_ADOPTED
    declared: ClassVar[dict[str, TxtRecord]] = {}
    values: ClassVar[dict[str, list[str]]] = {}
    keys: ClassVar[dict[str, list[str]]] = {}
    service: ClassVar[Service] = ELASTX

    def __init__(self, delegated: tuple[str, ...] | None, one_of_several: str = "") -> None:
        self._delegated = delegated
        self.one_of_several = one_of_several

    async def existing(self, owner: str) -> Existing:
        return Existing(owner, "example.com", name_servers=("ada.ns.cloudflare.com", "bob.ns.cloudflare.com"))

    async def child_zone(self, owner: str, zone: str) -> None:
        return None

    async def delegated_to(self, zone: str) -> tuple[str, ...] | None:
        assert zone == "example.com"
        return self._delegated

    async def inherited(self, domain: str) -> None:
        return None

    async def ask(self, name: str, rdtype: str) -> Answer:
        return Answer(name, rdtype, "nodata")


@pytest.mark.parametrize(
    ("delegated", "told"),
    [
        (
            ("ns1.old.example", "ns2.old.example"),
            "delegated to ns1.old.example and ns2.old.example",
        ),
        ((), "is delegated to nobody, and published to ada.ns.cloudflare.com and bob.ns.cloudflare.com"),
        (("ada.ns.cloudflare.com", "bob.ns.cloudflare.com"), ""),
        (None, ""),
    ],
    ids=["to others", "to nobody", "to these", "not known"],
)
def test_a_zone_that_is_delegated_elsewhere_is_a_warning(delegated: tuple[str, ...] | None, told: str) -> None:
    case = Case(spf_of("example.com"), None, True, Elsewhere(delegated))
    found = asyncio.run(checks.delegated_elsewhere(case))
    assert [finding.level for finding in found] == (["warning"] if told else [])
    assert all(told in finding.text for finding in found)


@pytest.mark.parametrize(
    ("delegated", "missing"),
    [
        (("ada.ns.cloudflare.com", "ns1.aws.example"), "and not to bob.ns.cloudflare.com"),
        (("ns1.aws.example",), "to ns1.aws.example, and not to ada.ns.cloudflare.com and bob.ns.cloudflare.com"),
        (("ada.ns.cloudflare.com", "bob.ns.cloudflare.com", "ns1.aws.example"), ""),
        (None, ""),
    ],
)
def test_each_server_of_a_zone_at_two_providers_should_be_delegated(
    delegated: tuple[str, ...] | None, missing: str
) -> None:
    case = Case(spf_of("example.com"), None, True, Elsewhere(delegated, "cloudflare"))
    found = asyncio.run(checks.delegated_elsewhere(case))
    assert [finding.level for finding in found] == (["warning"] if missing else [])
    assert all(f"{missing}, where cloudflare serves it: nobody asks" in finding.text for finding in found)


@pytest.mark.parametrize(
    ("kind", "cure"),
    [
        ("report", "remove the reports' domain from this component"),
        ("dkim", "write dkim: {external: true} here, which still verifies it"),
    ],
)
def test_a_record_in_a_child_zone_that_no_publisher_has_is_left_to_its_operator(
    kind: Literal["report", "dkim"], cure: str
) -> None:
    class World(Elsewhere):
        async def child_zone(self, owner: str, zone: str) -> str:  # type: ignore[override]
            return "_report._dmarc.example.com"

    record = TxtRecord("example.com", kind, "example.net._report._dmarc.example.com", "v=DMARC1;")
    (found,) = asyncio.run(checks.child_zone(Case(record, None, True, World(None))))
    assert found.level == "stop"
    assert found.text.endswith(f"publish it there by other means, such as its operator's own tools, and {cure}")


@pytest.mark.parametrize("hostile", [b"v=spf1 \x1b[31m -all", b"v=spf1 \n\r -all", b"v=spf1 \xff -all"])
def test_hostile_text_is_shown_harmless(hostile: bytes) -> None:
    class World(Elsewhere):
        async def existing(self, owner: str) -> Existing:
            return Existing(owner, owner, (hostile,))

    found = asyncio.run(checks.foreign_spf(Case(spf_of("example.com"), None, True, World(None))))
    assert len(found) == 1
    assert all(" " <= character <= "~" or character in "§…" for character in found[0].text)


def test_what_cannot_be_asked_is_a_warning_in_a_preview_and_an_error_in_an_up(server: NameServer) -> None:
    dead = NameServer(server.kind, "127.0.0.1", 1, server.key_name, server.key)
    record = challenge("new.example.com", "a@b.se")
    preview = Run(dead, [record], preview=True)
    assert preview.stopped() == ""
    assert [text for level, text in preview.said if level == "warning" and "does not answer" in text]
    stopped = Run(dead, [record]).stopped()
    assert "127.0.0.1:1 does not answer" in stopped
    assert "ELASTX_MRS_GUARD=warn" in stopped
    warned = Run(dead, [record], mode="warn")
    assert warned.stopped() == ""
    assert warned.said


def test_the_strings_whose_ttl_a_configured_one_changes_are_named(server: NameServer) -> None:
    configured = Run(server, [challenge("example.se", "a@b.se", 300)], preview=True)
    assert configured.stopped() == ""
    (said,) = [text for level, text in configured.said if level == "warning" and "ttl 300" in text]
    assert "example.se: ttl 300 becomes the TTL of all TXT records there, instead of 3600 (RFC 2181 §5.2)" in said
    assert "also of 'MS=ms12345678'" in said
    shared = Run(server, [challenge("example.se", "a@b.se")], preview=True)
    assert shared.stopped() == ""
    assert [level for level, text in shared.said if "gets the TTL of the existing TXT records, 3600 s" in text] == [
        "notice"
    ]
    alone = Run(server, [challenge("alone.example.se", "a@b.se", 300)], preview=True)
    assert (alone.stopped(), alone.said) == ("", [])


def test_a_changed_ttl_is_said_before_an_update_too(server: NameServer) -> None:
    run = Run(server, [challenge("example.se", "a@b.se", 600)], preview=True)
    assert run.stopped(old_value=run.records[0].value) == ""
    assert [text for level, text in run.said if level == "warning" and "ttl 600 becomes" in text]


@pytest.mark.parametrize(("accounts", "told"), [(12, False), (13, True)])
def test_the_thirteenth_account_outgrows_udp(server: NameServer, accounts: int, told: bool) -> None:
    """12 + 17 octets of header and question, 45 of SPF, 11 of EDNS and 28 of a cookie, and 88 for each account."""
    records = [spf_of("example.net"), *(challenge("example.net", f"a{n}@b.se") for n in range(accounts))]
    size = 12 + 17 + 45 + 11 + 28 + 88 * accounts
    assert answer_octets("example.net", [record.value.encode() for record in records]) == size
    domain = [replace(record, domain="size.example.se", name="size.example.se") for record in records]
    run = Run(server, domain, preview=True)
    assert run.stopped() == ""
    assert bool([text for level, text in run.said if level == "notice" and "fetch it over TCP" in text]) is told


class Beside:
    """A publisher that has nothing at any name but ``old.example.com``."""

    adoption: ClassVar[Adoption] = NOTHING_ADOPTED

    async def existing(self, owner: str) -> Existing:
        return Existing(owner, "example.com", others={"MX": ["0 ."]} if owner == "old.example.com" else {})


def from_nowhere(records: list[TxtRecord], vantage: Vantage) -> Memory:
    vantages = {record.domain: vantage for record in records}
    return Memory(Beside(), vantages, records)  # type: ignore[arg-type]


def test_a_name_that_this_run_creates_is_not_asked_of_resolvers() -> None:
    """They would remember that there is nothing, and verification through them would wait for hours."""

    async def work() -> tuple[Sequence[str], int]:
        async with fake(lambda query, via: answer(query, flags=dns.flags.RA)) as resolver:
            vantage = Vantage(Who(resolvers=(resolver.server,), via="resolvers"), Network())
            records = [
                spf_of("new.example.com"),
                dkim.dkim("new.example.com", "elastx", golden.DKIM),
                spf_of("old.example.com"),
            ]
            world = from_nowhere(records, vantage).world("new.example.com")
            for name in ("new.example.com", "elastx._domainkey.new.example.com"):
                for rdtype in ("A", "AAAA", "MX"):
                    assert (await world.ask(name, rdtype)).status == "nodata"
                assert await world.child_zone(name, "example.com") is None
            assert resolver.queries == 0
            found = [(await world.ask(name, "MX")).status for name in ("old.example.com", "mail.example.com")]
            return found, resolver.queries

    assert asyncio.run(work()) == (["nodata", "nodata"], 2)


def test_a_name_that_another_publisher_creates_is_not_asked_of_resolvers_either() -> None:
    class Nowhere(Beside):
        async def existing(self, owner: str) -> Existing:
            if owner == "at.both.example":
                return Existing(owner, owner, txt=(b"theirs",))
            if owner.endswith("both.example"):
                return Existing(owner, "both.example")
            raise CannotAskError("in no zone of this publisher")

    async def work() -> int:
        async with fake(lambda query, via: answer(query, flags=dns.flags.RA)) as resolver:
            vantage = Vantage(Who(resolvers=(resolver.server,), via="resolvers"), Network())
            records = [spf_of(name) for name in ("new.example.com", "both.example", "at.both.example", "b.example")]
            there = {"new.example.com": ["one"], "both.example": ["one", "two"], "at.both.example": ["one", "two"]}
            vantages = dict.fromkeys([*there, "b.example"], vantage)
            beside: dict[str, Memory] = {}
            for called, publisher in (("one", Beside()), ("two", Nowhere())):
                publishers = there | {"b.example": ["two"]}
                Memory(
                    publisher,  # type: ignore[arg-type]
                    vantages,
                    records,
                    called=called,
                    publishers=publishers,
                    beside=beside,
                )
            world = beside["two"].world("b.example")
            assert world.one_of_several == ""
            assert beside["two"].world("both.example").one_of_several == "two"
            for name in ("new.example.com", "both.example"):
                assert (await world.ask(name, "MX")).status == "nodata"
            assert resolver.queries == 0
            await world.ask("at.both.example", "MX")  # one of them has it already
            await world.ask("b.example", "MX")  # it cannot be looked up
            return resolver.queries

    assert asyncio.run(work()) == 2


def test_that_nobody_answers_is_said_by_one_record() -> None:
    nobody = (Server("127.0.0.1", 1),)
    domains = ("a.example.com", "b.example.com")
    records = [make(domain) for domain in domains for make in (spf_of, dmarc_of)]
    memory = from_nowhere(records, Vantage(Who(root_hints=nobody, resolvers=nobody), Network()))
    said: list[str] = []
    by_name = {f"mail-{record.domain}-{record.kind}": record for record in records}

    async def stopped(guard: Guard) -> list[str]:
        async def one(name: str) -> str:
            with pytest.raises(StoppedError) as caught:
                await guard.before(name, None)
            return str(caught.value)

        return await asyncio.gather(*map(one, guard.records))

    guard = Guard(by_name, dict.fromkeys(domains, "require"), memory, False, lambda *line: said.append(line[1]))
    texts = asyncio.run(stopped(guard))
    for who in ("no root server", "no resolver"):
        assert "\n".join(texts).count(f"{who} gives a usable answer") == 1
    assert sum("could not be checked either: the error of another record says why" in text for text in texts) == 3


def test_each_domain_is_asked_about_where_its_own_settings_say() -> None:
    async def work() -> list[list[bytes]]:
        async with fakes(
            *(lambda query, via, text=text: answer(query, f"x.example. 60 IN TXT {text}") for text in "ab")
        ) as servers:
            records = [spf_of("a.example.com"), spf_of("b.example.com")]
            vantages = {
                record.domain: Vantage(Who((server.server,), resolvers=()), Network())
                for record, server in zip(records, servers, strict=True)
            }
            memory = Memory(Beside(), vantages, records)  # type: ignore[arg-type]
            return [(await memory.world(record.domain).ask("x.example", "TXT")).texts() for record in records]

    assert asyncio.run(work()) == [[b"a"], [b"b"]]


def test_what_a_provider_says_stays_one_visible_line_of_the_message() -> None:
    record = TxtRecord("example.com", "spf", "example.com", golden.SPF)

    async def check(case: Case) -> list[Finding]:
        return [Finding("stop", "is a CNAME to x\n::error::\x1b[31m\u202e##[error]")]

    memory = from_nowhere([record], Vantage(Who(), Network()))
    guard = Guard({"a": record}, {}, memory, False, lambda *_: None, create=[check])
    with pytest.raises(StoppedError) as stopped:
        asyncio.run(guard.before("a", None))
    first, *ways_out = str(stopped.value).splitlines()
    assert first == "is a CNAME to x<U+000A>::error::<U+001B>[31m<U+202E>#<U+0023>[error]"
    assert len(ways_out) == 1
