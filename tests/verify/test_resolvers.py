"""A resolver whose answers differ from right name servers: cached, or permanently its own."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from elastx_mrs.lookup.question import Server
from elastx_mrs.lookup.vantage import Who
from elastx_mrs.records.text import presentation
from elastx_mrs.verify.wait import Job
from tests.lookup.nets import Respond, answer, fake
from tests.servers.recursor import recursor
from tests.verify.scene import DKIM, DMARC, SPF, TOKEN, declared, looked_at

OLD = "v=spf1 -all"
SOA = "good.com. {} IN SOA ns1.good.com. h.good.com. 2 3600 900 604800 3600"
RIGHT = {
    "good.com.": [TOKEN, SPF],
    "elastx._domainkey.good.com.": [DKIM],
    "_dmarc.good.com.": [DMARC],
    "elastx.email.": ["v=spf1 ip4:203.0.113.0/24 -all"],
}


def right(query: dns.message.Message, via: str, ttl: int = 3600, flags: int = dns.flags.AA) -> dns.message.Message:
    """The answer that everybody should give."""
    name, rdtype = query.question[0].name.to_text(), query.question[0].rdtype
    if (name, rdtype) == (".", dns.rdatatype.NS):
        return answer(query, f". {500_000 - int(time.monotonic()) % 400_000} IN NS a.root.", flags=flags)
    values = RIGHT.get(name, []) if rdtype == dns.rdatatype.TXT else []
    return answer(query, *(f"{name} {ttl} IN TXT {presentation(value)}" for value in values), flags=flags)


def view(ttl: Callable[[], int], flags: int = dns.flags.RA) -> Respond:
    """A resolver with its own view of good.com: another SPF record, and nothing else."""

    def respond(query: dns.message.Message, via: str) -> dns.message.Message:
        name = query.question[0].name.to_text()
        if not name.endswith("good.com."):
            return right(query, via, flags=dns.flags.RA)
        if name == "good.com." and query.question[0].rdtype == dns.rdatatype.TXT:
            return answer(query, f"{name} {ttl()} IN TXT {presentation(OLD)}", flags=flags)
        response = answer(query, flags=flags)
        response.set_rcode(dns.rcode.NXDOMAIN if name != "good.com." else dns.rcode.NOERROR)
        response.authority.append(dns.rrset.from_text(*SOA.format(ttl()).split(" ", 4)))  # type: ignore[arg-type]
        return response

    return respond


def verify(respond: Respond, timeout: float = 0.0, *, must_agree: bool = False) -> Job:
    async def work() -> Job:
        async with fake(right) as authority, fake(respond) as resolver:
            expected = replace(declared("good.com"), resolvers_must_agree=must_agree)
            return await looked_at(expected, _who(authority.server, resolver.server), timeout)

    return asyncio.run(work())


def _who(authority: Server, resolver: Server) -> Who:
    return Who(nameservers=(authority,), resolvers=(resolver,))


def found(job: Job) -> dict[str, str]:
    return {detail.expected.partition(":")[0]: detail.verdict for detail in job.outcomes["resolvers"].details}


NAMES = ("good.com", "elastx._domainkey.good.com", "_dmarc.good.com")


def is_hopeless(job: Job) -> bool:
    """Whether a run ended because one answer is not cached; the others may need more looks."""
    assert set(found(job)) == set(NAMES)
    assert "wrong" in found(job).values()
    assert set(found(job).values()) <= {"wrong", "cached"}
    return bool(job.outcomes["resolvers"].hopeless)


def test_a_resolver_that_is_right_passes() -> None:
    job = verify(lambda query, via: right(query, via, 60, dns.flags.RA))
    assert (job.outcomes["resolvers"].verdict, job.open()) == ("pass", [])


@pytest.mark.parametrize("flags", [dns.flags.RA, dns.flags.RA | dns.flags.AA], ids=["no AA", "AA"])
@pytest.mark.parametrize("ttl", [0, 60])
def test_a_permanent_view_is_wrong_in_a_run_that_does_not_wait(ttl: int, flags: int) -> None:
    """The TTL stands still or is over, or the answer has authority, so it is not cached."""
    job = verify(view(lambda: ttl, flags))
    assert found(job) == dict.fromkeys(NAMES, "wrong")
    for detail in job.outcomes["resolvers"].details:
        assert "which does not come from a cache" in detail.seen
        assert "kept for" not in detail.seen
        assert "use other resolvers (verification.resolvers)" in detail.cure
    assert job.open(), "it fails the run"


def test_a_view_behind_a_cache_is_wrong_once_it_has_outlived_its_ttl() -> None:
    began = time.monotonic()
    job = verify(view(lambda: 6 - int(time.monotonic() - began) % 6), timeout=600)
    assert is_hopeless(job), "so that the rest of the time is not waited for"


def test_unbound_with_local_data_is_not_a_cache(tmp_path: Path) -> None:
    async def work(resolver: str) -> Job:
        async with fake(right) as authority:
            return await looked_at(declared("good.com"), _who(authority.server, Server.parse(resolver)))

    with recursor(tmp_path / "unbound", {}, {"good.com": OLD}) as address:
        job = asyncio.run(work(address))
    assert found(job) == dict.fromkeys(NAMES, "wrong")
    assert "it answers with authority (AA)" in job.outcomes["resolvers"].details[0].seen


def test_unbound_that_asks_other_name_servers_outlives_its_ttl(tmp_path: Path) -> None:
    """Split DNS: it caches, counts down, and then gets the same from servers without delegation."""

    async def work() -> Job:
        async with fake(right) as authority, fake(view(lambda: 3, dns.flags.AA)) as other:
            starting = recursor(tmp_path / "unbound", {"good.com": str(other.server)}, {})
            address = await asyncio.to_thread(starting.__enter__)
            try:
                who = _who(authority.server, Server.parse(address))
                return await looked_at(declared("good.com"), who, timeout=600)
            finally:
                await asyncio.to_thread(starting.__exit__, None, None, None)

    job = asyncio.run(work())
    assert is_hopeless(job)
    wrong = [detail.seen for detail in job.outcomes["resolvers"].details if detail.verdict == "wrong"]
    assert all("left to live" in seen for seen in wrong)


def test_a_cache_is_waited_for_if_it_expires_in_time() -> None:
    began = time.monotonic()

    def respond(query: dns.message.Message, via: str) -> dns.message.Message:
        left = 6 - int(time.monotonic() - began)
        name = query.question[0].name.to_text()
        if left > 0 and name == "good.com." and query.question[0].rdtype == dns.rdatatype.TXT:
            return answer(query, f"{name} {left} IN TXT {presentation(OLD)}", flags=dns.flags.RA)
        return right(query, via, 60, dns.flags.RA)

    job = verify(respond, timeout=60)
    assert (job.outcomes["resolvers"].verdict, job.open()) == ("pass", [])


@pytest.mark.parametrize("must_agree", [False, True])
def test_a_cache_that_expires_later_is_reported_with_the_seconds(must_agree: bool) -> None:
    began = time.monotonic()
    job = verify(view(lambda: 1800 - int(time.monotonic() - began)), must_agree=must_agree)
    detail = job.outcomes["resolvers"].details[0]
    assert detail.verdict == "cached"
    assert detail.seen.startswith(f"'{OLD}', kept for 17")
    assert detail.cure.startswith("wait up to 17")
    assert bool(job.open()) is must_agree


@pytest.mark.parametrize("code", [dns.rcode.SERVFAIL, dns.rcode.REFUSED])
@pytest.mark.parametrize("everywhere", [False, True])
def test_a_resolver_that_fails_for_one_name_is_unreachable_there(code: dns.rcode.Rcode, everywhere: bool) -> None:
    """It fails with CD=1, too, so DNSSEC is not the reason. A resolver that fails for all names proves nothing."""

    def respond(query: dns.message.Message, via: str) -> dns.message.Message:
        response = right(query, via, 60, dns.flags.RA)
        if everywhere or query.question[0].name.to_text().startswith("_dmarc"):
            response = dns.message.make_response(query)
            response.set_rcode(code)
        return response

    job = verify(respond)
    verdicts = {detail.verdict for detail in job.outcomes["resolvers"].details}
    assert verdicts == {"unreachable" if code == dns.rcode.SERVFAIL and not everywhere else "unchecked"}


def test_a_bogus_name_is_wrong_in_dnssec_and_reported_once() -> None:
    def respond(query: dns.message.Message, via: str) -> dns.message.Message:
        response = right(query, via, 60, dns.flags.RA)
        if query.question[0].name.to_text().startswith("_dmarc") and not query.flags & dns.flags.CD:
            response = dns.message.make_response(query)
            response.set_rcode(dns.rcode.SERVFAIL)
        return response

    job = verify(respond)
    assert [detail.cure for detail in job.outcomes["resolvers"].details] == ["see the check dnssec"]
    (detail,) = job.outcomes["dnssec"].details
    assert (detail.verdict, job.outcomes["resolvers"].verdict) == ("wrong", "unchecked")
    assert "for _dmarc.good.com: with CD=1 it answers" in detail.seen
