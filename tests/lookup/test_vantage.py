"""Which servers are queried: delegated ones, given ones, resolvers, and those of one run."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from elastx_mrs.config.environment import NAMESERVERS
from elastx_mrs.lookup import vantage
from elastx_mrs.lookup.answer import Answer
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.question import LookupFailure, Server
from elastx_mrs.lookup.start import NobodyError
from elastx_mrs.lookup.vantage import Run, Vantage, Vantages, Who
from elastx_mrs.records import RecordError
from tests.lookup.nets import Fake, Reply, Respond, dead, fakes, impatient

T = TypeVar("T")
RD, RA, AA = dns.flags.RD, dns.flags.RA, dns.flags.AA
SOA = "ns1.{zone}. h.{zone}. 1 3600 900 604800 300"


def authority(*zones: str, **records: str) -> Respond:
    """A server of some zones: REFUSED for all other names. Records are TXT, by owner with ``_`` for dots."""
    return _server(zones, {name.replace("__", "-").replace("_", "."): text for name, text in records.items()})


def resolver(*zones: str, **records: str) -> Respond:
    """A resolver: it knows zones and TXT records as :func:`authority`, and denies every other name."""
    known = authority(*zones, **records)

    def respond(query: dns.message.Message, via: str) -> Reply:
        assert query.flags & RD, "a resolver is asked to look up"
        reply = known(query, via)
        assert isinstance(reply, dns.message.Message)
        if reply.rcode() == dns.rcode.REFUSED:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        reply.flags = (reply.flags | RA) & ~AA
        reply.authority.clear()  # as many resolvers do
        return reply

    return respond


def _server(zones: tuple[str, ...], records: Mapping[str, str]) -> Respond:
    def respond(query: dns.message.Message, via: str) -> Reply:
        reply = dns.message.make_response(query)
        asked = query.question[0]
        name = asked.name.to_text(omit_final_dot=True).lower()
        zone = max((zone for zone in zones if f".{name}".endswith(f".{zone}")), key=len, default=None)
        if zone is None:
            reply.set_rcode(dns.rcode.REFUSED)
            return reply
        reply.flags |= AA
        if name in records and records[name].startswith("CNAME "):
            reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", records[name][6:]))
        elif name in records and asked.rdtype == dns.rdatatype.TXT:
            reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "TXT", f'"{records[name]}"'))
        elif name == zone and asked.rdtype == dns.rdatatype.NS:
            reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "NS", f"ns1.{zone}."))
        else:
            reply.authority.append(dns.rrset.from_text(f"{zone}.", 60, "IN", "SOA", SOA.format(zone=zone)))
            if name != zone and name not in records:
                reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply

    return respond


def silent(query: dns.message.Message, via: str) -> Reply:
    return None


def at(
    work: Callable[[Vantage], Awaitable[T]],
    company: Respond | None,
    public: Respond | None = None,
    run: Callable[[Fake], Run] = lambda _: Run(),
    via: vantage.Via = "delegation",
) -> tuple[T, Fake, Fake]:
    """Do some work from a vantage with a company's name server, or none, and a resolver; return both servers too."""

    async def all_() -> tuple[T, Fake, Fake]:
        async with fakes(company or silent, public or silent) as (first, second):
            nameservers = (first.server,) if company is not None else ()
            who = Who(nameservers, (dead(),), resolvers=(second.server,), via=via).in_run(run(first))
            return await work(Vantage(who, impatient())), first, second

    return asyncio.run(all_())


COMPANY = authority("example.com", example_com="own", deep_example_com="CNAME elastx.email.")
PUBLIC = resolver("com", "example.com", "elastx.email", example_com="public view", elastx_email="v=spf1 -all")


@pytest.mark.parametrize("ask", [Vantage.ask, Vantage.ask_uncached], ids=["received", "uncached"])
def test_a_name_outside_the_given_servers_zones_goes_to_resolvers(
    ask: Callable[[Vantage, str, str], Awaitable[Answer]],
) -> None:
    found, company, public = at(lambda v: ask(v, "elastx.email", "TXT"), COMPANY, PUBLIC)
    assert found.texts() == [b"v=spf1 -all"]
    assert company.queries, "the given servers come first"
    found, _, public = at(lambda v: ask(v, "example.com", "TXT"), COMPANY, PUBLIC)
    assert (found.texts(), public.queries) == ([b"own"], 0)
    found, _, public = at(lambda v: ask(v, "none.example.com", "TXT"), COMPANY, PUBLIC)
    assert (found.status, public.queries) == ("nxdomain", 0)
    found, _, _ = at(lambda v: ask(v, "_dmarc.com", "TXT"), COMPANY, PUBLIC)
    assert found.status == "nxdomain"


def test_an_alias_that_leads_out_of_the_zones_is_followed_by_resolvers() -> None:
    found, _, _ = at(lambda v: v.ask("deep.example.com", "TXT"), COMPANY, PUBLIC)
    assert (found.texts(), found.canonical) == ([b"v=spf1 -all"], "elastx.email")


def test_a_given_server_that_fails_for_its_own_zone_is_not_replaced_by_resolvers() -> None:
    def broken(query: dns.message.Message, via: str) -> Reply:
        reply = dns.message.make_response(query)
        reply.set_rcode(dns.rcode.SERVFAIL)
        return reply

    for company, said in ((silent, "did not answer"), (broken, "answered SERVFAIL")):
        found, _, public = at(lambda v: v.ask("example.com", "TXT"), company, PUBLIC)
        assert (found.status, public.queries) == ("failed", 0)
        assert said in found.problem


def test_a_given_server_that_offers_recursion_is_used_for_it() -> None:
    outside = resolver("elastx.email", elastx_email="looked up")

    def both(query: dns.message.Message, via: str) -> Reply:
        served = COMPANY(query, via)
        assert isinstance(served, dns.message.Message)
        refused = served.rcode() == dns.rcode.REFUSED
        return outside(query, via) if refused and query.flags & RD else served

    found, _, public = at(lambda v: v.ask("elastx.email", "TXT"), both, PUBLIC)
    assert (found.texts(), public.queries) == ([b"looked up"], 0)


def cached(query: dns.message.Message, via: str) -> Reply:
    reply = dns.message.make_response(query)
    reply.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "TXT", '"stale"'))
    return reply


def empty(query: dns.message.Message, via: str) -> Reply:
    return dns.message.make_response(query)


def upward(query: dns.message.Message, via: str) -> Reply:
    reply = dns.message.make_response(query)
    reply.authority.append(dns.rrset.from_text(".", 60, "IN", "NS", "a.root-servers.net."))
    return reply


@pytest.mark.parametrize("company", [cached, empty, upward])
def test_a_server_that_is_neither_an_authority_nor_a_resolver_is_skipped(company: Respond) -> None:
    found, _, _ = at(lambda v: v.ask("elastx.email", "TXT"), company, PUBLIC)
    assert found.texts() == [b"v=spf1 -all"]


def test_one_server_that_refuses_decides_for_those_that_are_silent() -> None:
    async def work() -> list[bytes]:
        async with fakes(silent, COMPANY, PUBLIC) as (one, two, public):
            who = Who((one.server, two.server), resolvers=(public.server,))
            return (await Vantage(who, impatient(0.1, tries=1)).ask("elastx.email", "TXT")).texts()

    assert asyncio.run(work()) == [b"v=spf1 -all"]


def test_only_the_name_servers_of_the_run_are_queried() -> None:
    run = lambda company: Run((company.server,))  # noqa: E731
    for via in ("delegation", "resolvers"):
        found, _, public = at(lambda v: v.ask("elastx.email", "TXT"), COMPANY, PUBLIC, run, via)
        assert (found.status, found.lame, public.queries) == ("failed", True, 0)
        assert "answered REFUSED" in found.problem
        found, _, public = at(lambda v: v.ask("_dmarc.com", "TXT"), COMPANY, PUBLIC, run, via)
        assert (found.status, public.queries) == ("nxdomain", 0), "a top-level domain is not there in such a run"
        child, _, public = at(
            lambda v: v.authorities.child_zone("x.example.com", "example.com"),
            COMPANY,
            PUBLIC,
            run,
            via,
        )
        assert (child, public.queries) == (None, 0)


def test_a_resolver_of_the_same_run_is_queried_too() -> None:
    async def work() -> list[bytes]:
        async with fakes(COMPANY, PUBLIC) as (company, public):
            who = Who(root_hints=(dead(),)).in_run(Run((company.server,), resolvers=(public.server,)))
            return (await Vantage(who, impatient()).ask("elastx.email", "TXT")).texts()

    assert asyncio.run(work()) == [b"v=spf1 -all"]


CHILD = resolver("com", "example.com", "child.example.com")


def test_resolvers_are_not_queried_for_names_that_may_not_exist_yet() -> None:
    for company, via in ((None, "resolvers"), (authority("company.example"), "delegation")):
        found, _, public = at(
            lambda v: v.authorities.child_zone("elastx._domainkey.example.com", "example.com"),
            company, CHILD, via=via,  # type: ignore[arg-type]
        )  # fmt: skip
        assert (found, public.queries) == (None, 0)


def test_the_delegation_of_a_zone_is_found_through_resolvers() -> None:
    found, _, _ = at(lambda v: v.authorities.delegated_to("example.com"), None, CHILD, via="resolvers")
    assert found == ("ns1.example.com",)
    found, _, _ = at(lambda v: v.authorities.delegated_to("nobodys.com"), None, CHILD, via="resolvers")
    assert found == ()


def test_a_resolver_that_fails_does_not_mean_that_a_zone_is_not_delegated() -> None:
    def broken(query: dns.message.Message, via: str) -> Reply:
        reply = dns.message.make_response(query)
        reply.set_rcode(dns.rcode.SERVFAIL)
        return reply

    with pytest.raises(LookupFailure, match="answered SERVFAIL"):
        at(lambda v: v.authorities.delegated_to("example.com"), None, broken, via="resolvers")


ONE, TWO, THREE = Server("192.0.2.1"), Server("192.0.2.2"), Server("192.0.2.3")
CONFIG = Who((ONE,), (TWO,), TWO, (TWO,), "delegation")


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (Run(), CONFIG),
        (Run((THREE,)), Who((THREE,), resolvers=(), of_run=True)),
        (Run((THREE,), (ONE,), ONE, (ONE,)), Who((THREE,), (ONE,), ONE, (ONE,), of_run=True)),
        (Run(resolvers=(THREE,)), Who((ONE,), (TWO,), TWO, (THREE,))),
        (Run(root_hints=(THREE,), primary=THREE), Who((ONE,), (THREE,), THREE, (TWO,))),
        (Run(via="resolvers"), Who((ONE,), (TWO,), TWO, (TWO,), "resolvers")),
    ],
)
def test_a_run_overrides_the_config(run: Run, expected: Who) -> None:
    assert CONFIG.in_run(run) == expected


def test_the_first_servers_to_query() -> None:
    assert Who().begins_at == "root"
    assert Who((ONE,)).begins_at == "nameservers"
    assert Who((ONE,), via="resolvers").begins_at == "resolvers"
    assert Who(via="resolvers").in_run(Run((ONE,))).begins_at == "nameservers"


def test_the_environment_names_servers_of_a_run() -> None:
    assert Run.of({}) == Run()
    assert Run.of({NAMESERVERS.name: " 192.0.2.1, 192.0.2.2:53 ,"}) == Run((ONE, TWO))
    with pytest.raises(RecordError, match=f"^{NAMESERVERS}: 'ns1' is not a server's address"):
        Run.of({NAMESERVERS.name: "192.0.2.1,ns1"})


def test_an_invalid_address_in_a_config_is_reported_with_its_key() -> None:
    assert Who.of(["192.0.2.1"], ["192.0.2.2"], "192.0.2.2", ["192.0.2.2"]) == CONFIG
    with pytest.raises(RecordError, match=r"^rootHints: 'a\.root'"):
        Who.of(root_hints=["a.root"])
    with pytest.raises(RecordError, match=r"^resolvers: 'ftp://x'"):
        Who.of(resolvers=["ftp://x"])


def test_with_given_servers_only_configured_resolvers_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vantage, "system_resolvers", lambda: [THREE])
    assert Vantage(Who((ONE,)), Network()).compared == ()
    assert Vantage(Who((ONE,), resolvers=(TWO,)), Network()).compared == (TWO,)
    assert Vantage(Who(), Network()).compared == (THREE,)


def test_each_choice_has_one_vantage_and_all_share_a_network() -> None:
    made = Vantages(Network())
    assert made.of(Who()) is made.of(Who.of())
    assert made.of(Who((ONE,))) is not made.of(Who())
    assert made.of(Who((ONE,))).network is made.of(Who()).network


def fails(work: Callable[[Vantage], Awaitable[object]], who: Callable[[list[Fake]], Who], *responds: Respond) -> str:
    """Return why DNS cannot be queried from a vantage on some servers; this must be known within 10 seconds."""

    async def all_() -> str:
        async with fakes(*responds) as servers:
            made = Vantage(who(servers), Network())
            began = time.monotonic()
            with pytest.raises(NobodyError) as caught:
                await work(made)
            assert time.monotonic() - began < 10
            sent = made.network.sent
            with pytest.raises(NobodyError) as again:
                await work(made)
            assert made.network.sent == sent, "what was found out once is not tried again"
            assert str(again.value) == str(caught.value)
            return str(caught.value)

    return asyncio.run(all_())


def test_thirteen_silent_root_servers_are_reported_once_within_ten_seconds() -> None:
    said = fails(
        lambda v: asyncio.gather(*(v.delegations.cut(f"d{number}.example") for number in range(50))),
        lambda servers: Who(root_hints=tuple(fake.server for fake in servers)),
        *[silent] * 13,
    )
    assert said.startswith("no root server gives a usable answer: 127.0.0.1:")
    assert " and 11 more did not answer in 4 s, asked 8 times; " in said
    assert "correct their addresses in verification.rootHints" in said


def test_the_internets_root_servers_have_another_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elastx_mrs.lookup.walk.ROOT_SERVERS", (dead(), dead()))
    with pytest.raises(NobodyError, match=r"refused the connection; let this machine send to port 53 \(") as caught:
        asyncio.run(Vantage(Who(), Network()).delegations.cut("example.com"))
    assert str(caught.value).endswith("run: pulumi config set --path elastx-mrs:verification.via resolvers")


def test_a_resolver_behind_a_redirected_port_53_is_not_a_root_server() -> None:
    said = fails(
        lambda v: v.delegations.cut("example.com"),
        lambda servers: Who(root_hints=(servers[0].server,)),
        lambda query, via: dns.message.make_response(query, recursion_available=True),
    )
    assert "answers without authority for com: it does not serve that name" in said


def test_a_dead_first_root_server_causes_no_wait() -> None:
    def root(query: dns.message.Message, via: str) -> Reply:
        reply = dns.message.make_response(query)
        reply.flags |= AA
        reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply

    async def work() -> float:
        async with fakes(silent, root) as (one, two):
            began = time.monotonic()
            patient = impatient(60)
            await Vantage(Who(root_hints=(one.server, two.server)), patient).delegations.cut("example.com")
            return time.monotonic() - began

    assert asyncio.run(work()) < 30, "the second is asked long before the first has had its time"


def test_silent_resolvers_are_reported_once_within_ten_seconds() -> None:
    async def work() -> None:
        async with fakes(*[silent] * 4) as servers:
            made = Vantage(Who(resolvers=tuple(fake.server for fake in servers)), Network())
            began = time.monotonic()
            found = await asyncio.gather(*(made.ask(f"d{number}.example", "TXT") for number in range(50)))
            assert time.monotonic() - began < 10
            assert {(answer.status, answer.nobody, answer.problem) for answer in found} == {
                ("failed", True, made.nobody)
            }
            assert made.nobody.startswith("no resolver gives a usable answer: ")
            assert made.nobody.endswith("pulumi config set --path 'elastx-mrs:verification.resolvers[0]' ADDRESS")

    asyncio.run(work())


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED])
def test_a_resolver_that_fails_for_one_name_may_answer_for_others(rcode: dns.rcode.Rcode) -> None:
    def broken(query: dns.message.Message, via: str) -> Reply:
        reply = dns.message.make_response(query)
        reply.set_rcode(rcode)
        return reply

    found, _, _ = at(lambda v: v.ask("example.com", "TXT"), None, broken)
    assert (found.status, found.nobody) == ("failed", False)


def test_a_machine_without_a_resolver_gets_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vantage, "system_resolvers", list)
    made = Vantage(Who(via="resolvers"), Network())
    found = asyncio.run(made.ask("example.com", "TXT"))
    assert found.problem.startswith("this machine has no resolver (/etc/resolv.conf); use a resolver that")
    with pytest.raises(NobodyError):
        asyncio.run(made.check_resolvers("example.com"))


@pytest.mark.parametrize(
    "broken", [silent, lambda query, via: query.to_wire()[:2] + b"rubbish"], ids=["silent", "rubbish"]
)
def test_a_name_with_hostile_servers_does_not_make_the_resolver_dead(broken: Respond) -> None:
    """The first question shows whether a resolver answers, and may be about any domain."""

    def respond(query: dns.message.Message, via: str) -> Reply:
        return broken(query, via) if "hostile" in str(query.question[0].name) else PUBLIC(query, via)

    async def work(made: Vantage) -> list[Answer]:
        return list(await asyncio.gather(made.ask("hostile.com", "TXT"), made.ask("example.com", "TXT")))

    (hostile, good), _, _ = at(work, None, respond)
    assert (hostile.status, hostile.nobody) == ("failed", False)
    assert good.texts() == [b"public view"]


def test_no_zone_begins_at_an_alias() -> None:
    """RFC 2181 §10.1: at a CNAME there is nothing else, no NS either."""
    aliased = resolver("com", "example.com", www_example_com="CNAME example.com.")
    found, _, _ = at(lambda v: v.authorities.delegated_to("www.example.com"), None, aliased, via="resolvers")
    assert found == ()


def test_without_a_resolver_the_servers_of_a_zone_are_unknown() -> None:
    with pytest.raises(NobodyError, match="no resolver gives a usable answer"):
        at(lambda v: v.authorities.delegated_to("example.com"), None, None, via="resolvers")


def test_an_answer_without_a_zone_is_not_usable() -> None:
    """RFC 2308 §3: a negative answer has the zone's SOA."""

    def nameless(query: dns.message.Message, via: str) -> Reply:
        reply = dns.message.make_response(query)
        reply.flags |= AA
        return reply

    with pytest.raises(LookupFailure, match=r"answers for .* without saying in which zone it is \(RFC 2308 §3\)"):
        at(lambda v: v.authorities.child_zone("_dmarc.example.com", "example.com"), nameless)
