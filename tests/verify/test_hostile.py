"""What DNS has no room for, and what else a hostile or a clumsy zone brings: a verdict, never a traceback."""

import pytest

from elastx_mrs.verify import report
from elastx_mrs.verify.expected import Expected
from elastx_mrs.verify.wait import Job, wait
from tests.fuzz.clock import Loop
from tests.fuzz.world import WHO, World, answering


@pytest.mark.parametrize("who", ["root", "resolvers", "nameservers"])
def test_a_domain_below_which_no_key_can_be(who: str, loop: Loop) -> None:
    """RFC 1035 §3.1: 253 octets as text, and ``elastx._domainkey.`` takes 18 of them."""
    domain = ".".join(["a" * 60] * 4)[:235] + ".good.com"
    job = Job(Expected(domain, accounts_known=False), WHO[who], 300.0)
    with answering(World(())):
        loop.run_until_complete(wait([job], lambda pending: None))
    dkim = job.outcomes["dkim"]
    assert (dkim.verdict, bool(dkim.hopeless)) == ("wrong", True)
    (said,) = report.lines([dkim])
    assert "has 262 octets; expected a record at a name of at most 253 octets (RFC 1035 §3.1)" in said
    assert job.outcomes["dmarc"].verdict == "pass", "there need be none"
    assert loop.time() < 300, "waiting does not help"
