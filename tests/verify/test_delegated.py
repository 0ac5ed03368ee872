"""Verification from a root down, against BIND and Knot: everything that can be wrong, and who must fix it."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from elastx_mrs.lookup.authority import Observer, Served
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.question import Server
from elastx_mrs.lookup.walk import NameServer
from elastx_mrs.records.text import presentation
from elastx_mrs.verify import report
from elastx_mrs.verify.checks import published
from elastx_mrs.verify.result import Detail, Outcome
from elastx_mrs.verify.wait import Job
from tests.lookup.fakes import pyspf_query
from tests.lookup.nets import answer, fake, net
from tests.verify.scene import DAEMONS, DKIM, DMARC, ODD, ONE, ROOT, SPF, TOKEN, TWO, declared, looked_at, who

CHALLENGE = f"challenge-{TOKEN.partition('=')[2][:12]}"

pytestmark = pytest.mark.xdist_group("verify-net")


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with net(tmp_path_factory.mktemp("net"), DAEMONS) as common:
        yield common


def verify(port: int, domain: str, timeout: float = 0.0, **kinds: str) -> Job:
    return asyncio.run(looked_at(declared(domain, **kinds), who(port), timeout))


def verdicts(job: Job) -> dict[str, str]:
    """Every check that did not pass, except those that did not run yet."""
    return {
        check: outcome.verdict
        for check, outcome in job.outcomes.items()
        if outcome.verdict not in ("pass", "unchecked")
    }


def details(job: Job, check: str) -> tuple[Detail, ...]:
    return job.outcomes[check].details


def test_a_domain_that_is_right_passes_everything(port: int) -> None:
    job = verify(port, "good.com")
    assert verdicts(job) == {}
    passed = [check for check, outcome in job.outcomes.items() if outcome.verdict == "pass"]
    assert passed == [
        "delegation", CHALLENGE, "spf", "dkim", "dmarc", "challenges", "spf-policy", "spf-tree", "spf-relay",
        "dmarc-policy", "reports", "dnssec",
    ]  # fmt: skip
    assert job.outcomes["dnssec"].seen == "not signed: the parent has no DS"
    assert report.verdict(job) == "pass"
    (note,) = report.notes([job])
    assert (note.kind, note.checks) == ("unchecked", ("resolvers",)), "no resolver was named, and that is said"


@pytest.mark.parametrize(
    ("domain", "expected", "said"),
    [
        ("twospf.com", {"spf": "wrong", "spf-policy": "wrong", "spf-tree": "unchecked"}, "exactly one SPF record"),
        ("nospf.com", {"spf": "absent"}, "publish the SPF record"),
        ("otherkey.com", {"dkim": "wrong"}, "replace it with the declared DKIM key"),
        ("twokeys.com", {"dkim": "wrong"}, "exactly one TXT record"),
        ("nokey.com", {"dkim": "absent"}, "publish the DKIM key"),
        ("revoked.com", {"dkim": "wrong"}, "replace it with the declared DKIM key"),
        ("twodmarc.com", {"dmarc": "wrong", "dmarc-policy": "wrong"}, "exactly one DMARC record"),
        ("nodmarc.com", {"dmarc": "absent"}, "publish the DMARC record"),
        ("unproved.com", {CHALLENGE: "absent"}, "publish the challenge"),
        ("stranger.com", {"challenges": "wrong"}, "an undeclared account may send as this domain"),
    ],
)
def test_a_wrong_record_is_reported_with_both_servers(
    port: int, domain: str, expected: dict[str, str], said: str
) -> None:
    job = verify(port, domain)
    failing = {check: verdict for check, verdict in expected.items() if verdict != "unchecked"}
    assert verdicts(job) == failing
    first = next(iter(failing))
    servers = {detail.server for detail in details(job, first)}
    assert servers == {f"ns1.{domain} ({ONE}:{port})", f"ns2.{domain} ({TWO}:{port})"}
    assert said in report.messages([job])[0]


@pytest.mark.parametrize(
    ("domain", "spf", "result"),
    [
        ("minus.com", "v=spf1 -include:elastx.email -all", "gets fail: minus.com: -include:elastx.email"),
        ("tilde.com", "v=spf1 ~include:elastx.email ~all", "gets softfail: tilde.com: ~include:elastx.email"),
        ("question.com", "v=spf1 ?include:elastx.email ~all", "gets neutral: question.com: ?include:elastx.email"),
        ("before.com", "v=spf1 -ip4:203.0.113.64/26 include:elastx.email -all", "mail from 203.0.113.64 gets fail"),
        ("lookalike.com", "v=spf1 include:elastx.email.evil.com -all", "leads to no SPF record"),
        ("late-all.com", "v=spf1 -all include:elastx.email", "gets fail: late-all.com: -all"),
    ],
)
@pytest.mark.parametrize("mine", [True, False], ids=["declared", "external"])
def test_spf_that_does_not_pass_all_of_elastx_is_wrong(
    port: int, domain: str, spf: str, result: str, mine: bool
) -> None:
    job = verify(port, domain, spf=spf if mine else "")
    assert verdicts(job)["spf-policy"] == "wrong"
    assert any(result in detail.seen for detail in details(job, "spf-policy")), details(job, "spf-policy")
    assert job.outcomes["spf-policy"].hopeless


def test_records_of_others_must_be_the_same_everywhere(port: int) -> None:
    job = verify(port, "behind.com", dmarc="", dkim="")
    assert verdicts(job) == {"dkim": "absent", "dmarc": "wrong"}
    assert details(job, "dmarc")[0].cure == "make all name servers serve the same record"
    job = verify(port, "twospf.com", spf="")
    assert verdicts(job) == {"spf": "wrong", "spf-policy": "wrong"}
    assert verdicts(verify(port, "nospf.com", spf="")) == {"spf": "absent"}


def test_pyspf_agrees() -> None:
    elastx = {"elastx.email": ["TXT v=spf1 include:_spf.elastx.email ip6:2001:db8:25::/48 -all"],
              "_spf.elastx.email": ["TXT v=spf1 ip4:203.0.113.0/24 ~all"]}  # fmt: skip

    def results(value: str) -> set[str]:
        zone = elastx | {"example.com": [f"TXT {value}"]}
        addresses = ("203.0.113.0", "203.0.113.64", "203.0.113.255", "2001:db8:25::1")
        return {pyspf_query(zone, address, "postmaster@example.com")[0] for address in addresses}

    assert results(SPF) == {"pass"}
    assert results("v=spf1 ip4:203.0.113.0/24 ip6:2001:db8:25::/48 -all") == {"pass"}
    for value, expected in {
        "v=spf1 -include:elastx.email -all": {"fail"},
        "v=spf1 ~include:elastx.email ~all": {"softfail"},
        "v=spf1 ?include:elastx.email ~all": {"neutral"},
        "v=spf1 -ip4:203.0.113.64/26 include:elastx.email -all": {"fail", "pass"},
        "v=spf1 include:elastx.email.evil.com -all": {"permerror"},
        "v=spf1 -all include:elastx.email": {"fail"},
    }.items():
        assert results(value) == expected, value


def test_addresses_written_out_pass_too(port: int) -> None:
    assert verdicts(verify(port, "own-ip.com", spf="")) == {"spf-relay": "warning"}


def test_an_error_of_a_third_party_is_reported_separately_from_elastx(port: int) -> None:
    job = verify(port, "third.com", spf="")
    assert verdicts(job) == {"spf-tree": "wrong"}, "Elastx's include comes first"
    assert "the record behind include:twospf.com is broken" in details(job, "spf-tree")[0].cure

    job = verify(port, "first.com", spf="")
    assert verdicts(job) == {"spf-policy": "wrong", "spf-tree": "wrong"}
    assert "gets permerror" in details(job, "spf-policy")[0].seen
    assert "the record behind include:twospf.com is broken" in details(job, "spf-policy")[0].cure


def test_a_child_zone_and_a_cname_are_followed_to_their_own_servers(port: int) -> None:
    assert verdicts(verify(port, "child.com")) == {}
    job = verify(port, "cname.com")
    assert verdicts(job) == {}
    assert "_dmarc.cname.com is an alias of _dmarc.good.com" in job.outcomes["dmarc"].notices
    job = verify(port, "loop.com")
    assert job.outcomes["dmarc"].verdict == "unreachable"
    assert "its CNAMEs form a loop" in details(job, "dmarc")[0].seen


def test_a_policy_from_above_is_found_and_reported(port: int) -> None:
    job = verify(port, "news.inherits.com", dmarc="", dkim="")
    assert job.outcomes["dmarc-policy"].verdict == "pass"
    assert "news.inherits.com has no record of its own" in job.outcomes["dmarc-policy"].notices[0]
    assert verdicts(job) == {"dkim": "absent"}


def test_reports_are_authorised_by_name_or_by_wildcard(port: int) -> None:
    value = "v=DMARC1; p=none; rua=mailto:a@one.se,mailto:a@wild.se"
    assert verdicts(verify(port, "reports.com", dmarc=value)) == {}
    job = verify(port, "unasked.com", dmarc="v=DMARC1; p=none; rua=mailto:a@good.com")
    assert verdicts(job) == {"reports": "absent"}
    assert "unasked.com._report._dmarc.good.com" in details(job, "reports")[0].expected


def test_a_server_that_is_behind_is_named_with_its_serial(port: int) -> None:
    job = verify(port, "behind.com")
    assert verdicts(job) == {"dkim": "absent", "dmarc": "wrong"}
    for check in ("dkim", "dmarc"):
        assert [detail.server for detail in details(job, check)] == [f"ns2.behind.com ({TWO}:{port})"]
    behind = f"ns2.behind.com ({TWO}:{port}) is behind: it has serial 1, ns1.behind.com ({ONE}:{port}) has 2"
    assert behind in job.outcomes["delegation"].notices
    assert job.outcomes["spf-policy"].verdict == "unchecked", "what it means is asked only of servers that agree"
    assert job.outcomes["resolvers"].verdict == "unchecked"


def test_a_dead_server_is_unreachable_and_a_dead_address_of_a_living_one_is_a_notice(port: int) -> None:
    job = verify(port, "dead.com")
    assert set(verdicts(job).values()) == {"unreachable"}
    assert {detail.server for detail in details(job, "spf")} == {f"ns2.dead.com (127.0.0.9:{port})"}

    job = verify(port, "deadone.com")
    assert verdicts(job) == {}
    assert any("127.0.0.9" in notice for notice in job.outcomes["delegation"].notices)


def test_a_server_that_does_not_have_the_zone_is_lame(port: int) -> None:
    job = verify(port, "lame.com")
    assert set(verdicts(job).values()) == {"wrong"}
    assert {detail.server for detail in details(job, "delegation")} == {f"ns2.lame.com ({TWO}:{port})"}
    assert "REFUSED" in details(job, "delegation")[0].seen


def test_servers_in_the_zone_s_own_ns_records_are_queried_too(port: int) -> None:
    job = verify(port, "differ.com")
    assert verdicts(job) == {}
    assert "ns2.differ.com" in job.outcomes["delegation"].seen
    assert any("more: ns2.differ.com" in notice for notice in job.outcomes["delegation"].notices)


def test_an_undelegated_domain_causes_no_wait(port: int) -> None:
    job = verify(port, "nobody.com", timeout=30)
    assert verdicts(job) == {"delegation": "absent"}
    assert "com does not delegate nobody.com" in details(job, "delegation")[0].seen
    assert job.outcomes["delegation"].hopeless == "nobody.com is not delegated"


def odd(port: int, respond: object, delay: float = 0.0, timeout: float = 0.0) -> Job:
    async def work() -> Job:
        async with fake(respond, delay, ODD, port):  # type: ignore[arg-type]
            return await looked_at(declared("odd.com"), who(port), timeout)

    return asyncio.run(work())


def right(query: dns.message.Message, via: str = "udp") -> dns.message.Message:
    """The answer that a server of odd.com should give."""
    name, rdtype = query.question[0].name.to_text(), dns.rdatatype.to_text(query.question[0].rdtype)
    values = {
        ("odd.com.", "TXT"): [TOKEN, SPF],
        ("elastx._domainkey.odd.com.", "TXT"): [DKIM],
        ("_dmarc.odd.com.", "TXT"): [DMARC],
    }.get((name, rdtype), [])
    found = [f"{name} 3600 IN TXT {presentation(value)}" for value in values]
    if (name, rdtype) == ("odd.com.", "NS"):
        found = ["odd.com. 3600 IN NS ns1.odd.com.", "odd.com. 3600 IN NS ns2.odd.com."]
    if (name, rdtype) == ("odd.com.", "SOA"):
        found = ["odd.com. 3600 IN SOA ns1.odd.com. h.odd.com. 2 3600 900 604800 300"]
    return answer(query, *found)


def failing(code: dns.rcode.Rcode) -> object:
    def respond(query: dns.message.Message, via: str) -> dns.message.Message:
        reply = dns.message.make_response(query)
        reply.set_rcode(code)
        return reply

    return respond


def with_code(code: dns.rcode.Rcode) -> object:
    """The answer that a server of odd.com should give, except for the code."""

    def respond(query: dns.message.Message, via: str) -> dns.message.Message:
        reply = right(query)
        if query.question[0].rdtype == dns.rdatatype.TXT:
            reply.set_rcode(code)
        return reply

    return respond


@pytest.mark.parametrize("respond", [failing, with_code], ids=["alone", "beside records"])
def test_servfail_is_could_not_ask(port: int, respond: Callable[[dns.rcode.Rcode], object]) -> None:
    job = odd(port, respond(dns.rcode.SERVFAIL))
    assert set(verdicts(job).values()) == {"unreachable"}
    assert "answered SERVFAIL" in details(job, "spf")[0].seen
    assert details(job, "spf")[0].server == f"ns2.odd.com ({ODD}:{port})"


def test_a_silent_server_is_could_not_ask_and_one_that_is_slow_is_not(port: int) -> None:
    job = odd(port, lambda query, via: None)
    assert set(verdicts(job).values()) == {"unreachable"}
    assert verdicts(odd(port, right, delay=0.5)) == {}


def test_nxdomain_at_one_of_two_servers_is_wrong_there_despite_records(port: int) -> None:
    job = odd(port, with_code(dns.rcode.NXDOMAIN))
    assert verdicts(job) == dict.fromkeys((CHALLENGE, "spf", "dkim", "dmarc", "challenges"), "wrong")
    for check in verdicts(job):
        (detail,) = details(job, check)
        assert detail.server == f"ns2.odd.com ({ODD}:{port})"
        assert "NXDOMAIN: resolvers ignore the records" in detail.seen


LAME = {
    "REFUSED": failing(dns.rcode.REFUSED),
    "NOTAUTH": failing(dns.rcode.NOTAUTH),
    "REFUSED beside records": with_code(dns.rcode.REFUSED),
    "no AA": lambda query, via: answer(query, flags=0),
}


@pytest.mark.parametrize("what", LAME)
def test_every_kind_of_lame_server_is_wrong(port: int, what: str) -> None:
    job = odd(port, LAME[what])
    found = verdicts(job)
    assert set(found.values()) == {"wrong"}
    assert set(found) >= {CHALLENGE, "spf", "dkim", "dmarc", "challenges"}
    for check in found:
        (detail,) = details(job, check)
        assert detail.server == f"ns2.odd.com ({ODD}:{port})"
        assert detail.seen.startswith("lame: it ")
        assert detail.cure == "load the zone odd.com on it, or remove it from the NS records"


def test_no_query_is_sent_twice_in_a_round(port: int) -> None:
    async def work() -> Counter[tuple[str, str, str]]:
        async with fake(right, 0.0, ODD, port) as server:
            await looked_at(declared("odd.com"), who(port))
            return server.asked

    asked = asyncio.run(work())
    assert set(asked.values()) == {1}, asked
    assert ("_dmarc.odd.com.", "TXT", "udp") in asked


def test_a_server_that_truncates_everything_is_queried_over_tcp(port: int) -> None:
    def respond(query: dns.message.Message, via: str) -> dns.message.Message:
        if via == "udp":
            return answer(query, flags=dns.flags.AA | dns.flags.TC)
        return right(query)

    assert verdicts(odd(port, respond)) == {}


def test_a_server_that_recovers_is_waited_for_and_nothing_after_it(port: int) -> None:
    began = time.monotonic()
    asked: list[str] = []

    def respond(query: dns.message.Message, via: str) -> dns.message.Message:
        name = query.question[0].name.to_text()
        if query.question[0].rdtype == dns.rdatatype.TXT:
            asked.append(name)
        late = name.startswith("_dmarc") and time.monotonic() - began < 2
        return answer(query) if late else right(query)

    job = odd(port, respond, timeout=60)
    assert verdicts(job) == {}
    assert asked.count("_dmarc.odd.com.") > 1
    assert asked.count("elastx._domainkey.odd.com.") == 1, "what had passed was not asked for again"


@dataclass(frozen=True)
class TwoAddresses:
    """A server of good.com with another address."""

    addresses: tuple[Server, ...]

    async def served(self, name: str) -> Served:
        return Served("good.com", (NameServer("ns1.good.com", self.addresses),))


def test_two_addresses_of_one_server_that_disagree_are_wrong(port: int) -> None:
    old = f"_dmarc.good.com. 3600 IN TXT {presentation('v=DMARC1; p=none')}"
    both = TwoAddresses((Server(ONE, port, "ns1.good.com"), Server(ODD, port, "ns1.good.com")))
    expected = declared("good.com")

    async def work() -> Outcome:
        async with fake(lambda query, via: answer(query, old), 0.0, ODD, port):
            return await published.record(Observer(Network(), both), expected, expected.records[3])

    (detail,) = asyncio.run(work()).details
    assert (detail.verdict, detail.server) == ("wrong", f"ns1.good.com ({ODD}:{port})")
    assert f"addresses that disagree: make all of them serve what ns1.good.com ({ONE}:{port}) serves" in detail.cure


def test_a_hidden_primary_is_queried_with_the_delegated_servers(port: int) -> None:
    job = asyncio.run(looked_at(declared("good.com"), who(port, primary=Server(ROOT, port))))
    assert {detail.server for detail in details(job, "spf")} == {str(Server(ROOT, port))}
    assert "the primary" in job.outcomes["delegation"].seen
