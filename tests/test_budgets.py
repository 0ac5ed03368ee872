"""Each budget of questions to DNS, on every road: what is needed is met, and one query or second less is told.

What is needed is found out by trying, on a clock that jumps and in an Internet in memory. So it is the same on every
machine, and no number here comes from what the code happens to need today.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import dns.message
import pytest

from elastx_mrs import limits
from elastx_mrs.adopt.from_dns import read_all
from elastx_mrs.cli import spf as spf_command
from elastx_mrs.limits import Limit
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.transport import plain
from elastx_mrs.lookup.vantage import Vantage
from elastx_mrs.message.chain import judge
from elastx_mrs.message.parse import read
from elastx_mrs.publish.guard.guard import Guard, Memory, StoppedError
from elastx_mrs.receiver.dmarc import walk
from elastx_mrs.receiver.spf import check_host
from elastx_mrs.receiver.spf_tree import expand
from elastx_mrs.records import TxtRecord
from elastx_mrs.verify import report
from elastx_mrs.verify.expected import from_records
from elastx_mrs.verify.wait import Job, wait
from tests import signed
from tests.fuzz.clock import Loop
from tests.fuzz.roads import records
from tests.fuzz.world import WHO, World, answering
from tests.fuzz.zones import HIS
from tests.publish.guard.test_faults import Publisher
from tests.verify.hostile import Hostile, domain, world

SPF = "v=spf1 include:elastx.email a:good.com a:ns1.good.com ip4:203.0.113.64/26 -all"
DMARC = "v=DMARC1; p=quarantine; rua=mailto:d@good.com"
KEY = signed.key()


async def guarding(vantage: Vantage) -> list[str]:
    declared: dict[str, TxtRecord] = {record.kind: record for record in records("ours.com", SPF)}
    memory = Memory(Publisher(), {"ours.com": vantage}, declared.values())
    guard = Guard(declared, {"ours.com": "require"}, memory, False, lambda *_: None)
    try:
        await guard.before("spf", None)
    except StoppedError as stopped:
        return [str(stopped)]
    return []


async def adopting(vantage: Vantage) -> list[str]:
    (found,) = await read_all(vantage.ask, ["ours.com"], ["elastx"])
    return found.unasked


async def looking(vantage: Vantage) -> list[str]:
    seen = await spf_command._look(vantage.ask, "ours.com", ["a:good.com"], ["10.0.1.1", "198.51.100.1"])
    problems = [problem.text for tree in (seen.now, seen.planned) if tree for problem in tree.problems()]
    results = [f"{checked.result.result} {checked.result.reason}" for checked in seen.checked]
    return [] if seen.exit_code == 0 else [f"exit {seen.exit_code}", *problems, *results]


async def judging(vantage: Vantage) -> list[str]:
    octets = signed.signed(signed.message("News <n@ours.com>"), KEY, "ours.com")
    chain = await judge(vantage.ask, read(signed.received(octets, "spf=pass smtp.mailfrom=n@ours.com")))
    return [f"{one.verdict} {one.seen}" for one in chain.findings if one.verdict != "pass"]


async def checking(vantage: Vantage) -> list[str]:
    found = await check_host(vantage.ask, "198.51.100.1", "ours.com")
    return [] if found.result == "fail" else [f"{found.result} {found.reason}"]


async def expanding(vantage: Vantage) -> list[str]:
    return [f"{problem.kind} {problem.text}" for problem in (await expand(vantage.ask, "ours.com")).problems()]


async def walking(vantage: Vantage) -> list[str]:
    failed = (await walk(vantage.ask, "a.b.c.ours.com")).failed
    return [] if failed is None else [failed.text]


async def verifying(vantage: Vantage) -> list[str]:
    (expected,) = from_records(records("ours.com", SPF, DMARC))
    await wait([job := Job(expected, vantage.who, 0.0)], lambda pending: None)
    return [] if report.verdict(job) == "pass" else [report.verdict(job), *report.messages([job])]


async def reaching(vantage: Vantage) -> list[str]:
    answer = await vantage.ask_uncached("g1.com", "TXT")
    return [] if answer.status == "found" else [answer.problem]


@dataclass(frozen=True)
class Road:
    """One way on which DNS is asked.

    :param run: returns what was wrong; nothing where all was as it should be.
    :param said: how what is over a limit is told there.
    """

    run: Callable[[Vantage], Awaitable[list[str]]]
    who: str
    said: str
    zone: Mapping[str, str] = field(default_factory=dict)

    def told(self, loop: Loop, seconds: float = 0.0) -> list[str]:
        """Return what is told where every answer takes some seconds."""
        internet = world(domain("ours.com", SPF, DMARC, **self.zone), *GLUELESS)
        loop.rewind()
        with answering(internet), late(internet, seconds):
            return loop.run_until_complete(self.run(Vantage(WHO[self.who], Network())))


@contextmanager
def late(internet: World, seconds: float) -> Iterator[None]:
    async def exchange(*arguments: Any, **options: Any) -> dns.message.Message:
        await asyncio.sleep(seconds)
        return await internet.exchange(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain, "exchange", exchange)
        yield


GLUELESS = [
    *(
        Hostile(f"g{n}.com", [f"ns.g{n + 1}.com"], {}, f"@ SOA -\n@ NS ns.g{n + 1}.com\n@ TXT x\nns A {HIS}")
        for n in range(1, 4)
    ),
    Hostile("g4.com", ["ns.g4.com"], {"ns.g4.com": [HIS]}, f"@ SOA -\n@ NS ns.g4.com\nns A {HIS}"),
]
"""Zones of which each has its server in the next one, and only the last one's has glue."""

OVER = "takes over {most} {unit}"
GUARD = Road(guarding, "root", f"ours.com was not checked in full: checking ours.com {OVER}")
ADOPT = Road(adopting, "resolvers", f"ours.com was not read in full: reading ours.com {OVER}")
LOOK = Road(looking, "resolvers", f"querying the SPF of ours.com {OVER}")
MESSAGE = Road(judging, "resolvers", f"judging the message {OVER}", {"dkim": f"TXT {signed.record(KEY)}"})
CHECK = Road(checking, "resolvers", f"the SPF check of 198.51.100.1 {OVER}")
TREE = Road(expanding, "resolvers", f"the SPF tree of ours.com {OVER}")
WALK = Road(walking, "resolvers", f"the DMARC policy of a.b.c.ours.com {OVER}")
VERIFY = Road(verifying, "root", f"verifying ours.com {OVER}")
EACH = {
    ("guard", "GUARD_SECONDS"): GUARD,
    ("guard", "DOMAIN_QUERIES"): GUARD,
    ("adopt", "DOMAIN_SECONDS"): ADOPT,
    ("adopt", "DOMAIN_QUERIES"): ADOPT,
    ("spf", "DOMAIN_SECONDS"): LOOK,
    ("spf", "DOMAIN_QUERIES"): LOOK,
    ("message", "DOMAIN_SECONDS"): MESSAGE,
    ("message", "DOMAIN_QUERIES"): MESSAGE,
    ("check_host", "SPF_CHECK_SECONDS"): CHECK,
    ("check_host", "SPF_CHECK_QUERIES"): CHECK,
    ("tree", "SPF_TREE_SECONDS"): replace(TREE, said="temperror _spf.elastx.email not answered within {most} s"),
    ("tree", "SPF_TREE_QUERIES"): TREE,
    ("tree", "SPF_TREE_QUESTIONS"): replace(TREE, said="not asked: the tree needs more than {most} {unit}"),
    ("tree", "SPF_TREE_DEPTH"): replace(
        TREE, said="permerror is nested {most} levels deep: receivers stop at 10 lookups"
    ),
    ("walk", "DMARC_SECONDS"): WALK,
    ("walk", "DMARC_QUERIES"): WALK,
    ("reach", "WALK_DEPTH"): Road(reaching, "root", "its address is over {most} delegations without glue away"),
    ("verify", "WALK_SECONDS"): replace(VERIFY, said=f"looking up elastx.email TXT {OVER}"),
    ("verify", "ZONE_SECONDS"): replace(VERIFY, said=f"querying all name servers of ours.com {OVER}"),
    ("verify", "NAME_SERVERS"): replace(VERIFY, said="not queried: the limit is {most} name servers of a zone"),
    ("verify", "REPORT_SECONDS"): replace(VERIFY, said=f"checking whether good.com accepts reports {OVER}"),
    ("verify", "REPORT_QUERIES"): replace(VERIFY, said=f"checking whether good.com accepts reports {OVER}"),
    ("verify", "SPF_ADDRESSES"): replace(VERIFY, said="divides its addresses in over {most} ranges, too many to try"),
    ("verify", "DOMAIN_SECONDS"): replace(VERIFY, said=f"unreachable: budget: verifying ours.com {OVER}; queries"),
}


def needed(told: Callable[[], list[str]], name: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return the least that a limit may be so that all is as it should be, by trying."""
    limit: Limit = getattr(limits, name)

    def enough(most: int) -> bool:
        monkeypatch.setattr(limits, name, limit._replace(most=most))
        return not told()

    low, high = 0, 1
    while not enough(high):
        assert high < limit.most, told()
        low, high = high, min(2 * high, limit.most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


@pytest.mark.limit(
    "WALK_SECONDS", "WALK_DEPTH", "NAME_SERVERS", "ZONE_SECONDS", "DOMAIN_SECONDS", "DOMAIN_QUERIES", "GUARD_SECONDS",
    "SPF_TREE_SECONDS", "SPF_TREE_QUERIES", "SPF_TREE_QUESTIONS", "SPF_TREE_DEPTH", "SPF_CHECK_SECONDS",
    "SPF_CHECK_QUERIES", "SPF_ADDRESSES", "DMARC_SECONDS", "DMARC_QUERIES", "REPORT_SECONDS", "REPORT_QUERIES",
)  # fmt: skip
@pytest.mark.parametrize(("road", "name"), EACH)
def test_a_limit_can_be_met_and_one_less_is_reported(
    road: str, name: str, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit: Limit = getattr(limits, name)
    seconds = 1.0 if limit.unit == "seconds" else 0.0
    tried = EACH[road, name]
    exact = needed(lambda: tried.told(loop, seconds), name, monkeypatch)
    assert 1 < exact < limit.most
    monkeypatch.setattr(limits, name, limit._replace(most=exact))
    assert tried.told(loop, seconds) == []
    monkeypatch.setattr(limits, name, limit._replace(most=exact - 1))
    assert tried.said.format(most=exact - 1, unit=limit.unit) in " ".join(tried.told(loop, seconds))
