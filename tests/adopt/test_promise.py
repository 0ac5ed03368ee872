"""The promise: what ``adopt`` prints passes the guard and verify, unchanged, in the next ``up``, and loses no term.

Or it says in one line why it can't and what to do, and ends with 1; after that is done, the promise holds.
"""

import asyncio
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import dns.query
import dns.rcode
import dns.update
import dns.zonefile
import pytest
import yaml
from click.testing import CliRunner

from elastx_mrs.cli.main import main
from elastx_mrs.config.model import Arguments
from elastx_mrs.config.parse import parse_stack
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.vantage import Vantage, Who
from elastx_mrs.publish.guard.guard import Guard, Memory, StoppedError
from elastx_mrs.publish.rfc2136 import update
from elastx_mrs.publish.rfc2136.connection import POOL
from elastx_mrs.publish.rfc2136.profiles import Profiles
from elastx_mrs.publish.rfc2136.publisher import Rfc2136
from elastx_mrs.publish.rfc2136.tsig import key_from
from elastx_mrs.receiver.dmarc import Walk, walk
from elastx_mrs.receiver.spf_record import select
from elastx_mrs.records import compare
from elastx_mrs.records.dmarc_policy import Policy, strength
from elastx_mrs.records.text import presentation
from elastx_mrs.verify import plan
from elastx_mrs.verify.wait import Job, wait
from tests import golden
from tests.adopt.corpus import CASES, SERVED, Case
from tests.servers import NameServer, start

MARKED = [
    pytest.param(case, id=case.name, marks=[pytest.mark.xfail(strict=True, reason=case.xfail)] if case.xfail else [])
    for case in CASES
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)  # a hundred zones, which no crash is to survive
        with start("lab", tmp_path_factory.mktemp("promise"), SERVED) as running:
            yield running
    POOL.close()


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", MARKED)
def test_what_adopt_prints_passes_guard_and_verify_and_loses_nothing(case: Case, server: NameServer) -> None:
    before = today(case, server)
    printed = adopted(case, server)
    if case.cannot and not case.stands:
        mend(case, server)
        before = today(case, server)
        printed = adopted(Case(case.name, case.about, case.zone, domain=case.domain), server)
    elif case.cannot:
        mend(case, server)
    arguments = parse_stack(printed | REST | {"elastx-mrs:rfc2136": {"zones": [case.origin]}})
    assert taken(arguments, printed)
    publisher = Rfc2136({case.origin: "default"}, config_of(printed, server).get)
    assert guarded(arguments, publisher, server) == []
    publish(arguments, printed, case.origin, server)
    assert verified(arguments, server) == []
    no_term_lost(before, today(case, server))


REST: dict[str, Any] = {"elastx-mrs:accounts": [golden.ACCOUNT], "elastx-mrs:dkim": golden.DKIM}


@dataclass(frozen=True)
class Today:
    """What receivers see of a domain."""

    spf: str
    policy: Walk


def today(case: Case, server: NameServer) -> Today:
    vantage = at(server)

    async def asked() -> Today:
        found = select(await vantage.ask(case.sender, "TXT"))
        return Today(case.terms or found.text, await walk(vantage.ask, case.sender))

    return asyncio.run(asked())


def at(server: NameServer) -> Vantage:
    return Vantage(Who.of([server.address], resolvers=()), Network())


def adopted(case: Case, server: NameServer) -> dict[str, Any]:
    """Run adopt; return the config that it prints."""
    result = CliRunner().invoke(main, ["adopt", "--nameserver", server.address, case.domain or case.apex])
    assert result.exit_code == (1 if case.cannot else 0), result.output
    comments = [line for line in result.stdout.splitlines() if line.startswith("#")]
    refused = [line for line in comments if line.startswith("# CANNOT BE KEPT: ")]
    assert bool(refused) == bool(case.cannot)
    assert any(case.cannot in line for line in refused) or not case.cannot, result.stdout
    assert any(case.says in line for line in comments) or not case.says, result.stdout
    assert result.stdout.isprintable() or all(line.isprintable() for line in result.stdout.splitlines())
    printed: dict[str, Any] = yaml.safe_load(result.stdout)
    assert printed["elastx-mrs:domains"] == [case.sender] or not case.bare
    return printed


def mend(case: Case, server: NameServer) -> None:
    """Do what adopt says is to be done."""
    zone = f"{case.there or case.origin}."
    message = dns.update.UpdateMessage(zone, keyring=key_from(server.key_name, server.key))
    for name, rdtype in (entry.split() for entry in case.remove):
        message.delete(zone if name == "@" else f"{name}.{zone}", rdtype)
    for rrset in dns.zonefile.read_rrsets(case.added(), origin=zone, relativize=False, default_ttl=3600):
        message.add(rrset.name, rrset.to_rdataset())
    assert dns.query.tcp(message, server.host, timeout=5, port=server.port).rcode() == dns.rcode.NOERROR


def config_of(printed: dict[str, Any], server: NameServer) -> dict[str, str]:
    settings = json.dumps({"server": server.address, "keyName": server.key_name})
    names = json.dumps(printed.get("elastx-mrs:adopt", []))
    return {"elastx-mrs:rfc2136": settings, "elastx-mrs:tsigKey": server.key, "elastx-mrs:adopt": names}


def guarded(arguments: Arguments, publisher: Rfc2136, server: NameServer) -> list[str]:
    """Return why the guard stops records, as it does in an up."""
    records = arguments.records()
    by_name = {record.resource("mail"): record for record in records}
    domains = [domain.name for domain in arguments.domains]
    memory = Memory(publisher, {domain: at(server) for domain in domains}, records)
    guard = Guard(by_name, dict.fromkeys(domains, "require"), memory, False, lambda *_: None)

    async def all_of_them() -> list[str]:
        stopped = []
        for name in by_name:
            try:
                await guard.before(name, None)
            except StoppedError as error:
                stopped.append(str(error))
        return stopped

    return asyncio.run(all_of_them())


def taken(arguments: Arguments, printed: dict[str, Any]) -> bool:
    """Whether the config's parser takes each record that was printed as it is, or out of its quotes."""
    (domain,) = printed["elastx-mrs:domains"]
    values = {record.kind: record.value for record in arguments.records()}
    kept = {} if isinstance(domain, str) else {kind: domain[kind].get("record") for kind in domain if kind != "name"}
    return all(value is None or value in (values[kind], presentation(values[kind])) for kind, value in kept.items())


def publish(arguments: Arguments, printed: dict[str, Any], zone: str, server: NameServer) -> None:
    primary = Profiles(config_of(printed, server).get).primary("default", zone)
    for record in arguments.records():
        adopts = record.name in printed.get("elastx-mrs:adopt", [])
        update.add(primary, zone, record.name, record.value, record.configured_ttl, adopts)


def verified(arguments: Arguments, server: NameServer) -> list[str]:
    """Return what verification says is not as it should be, as in an up."""
    who = Who.of([server.address], resolvers=())
    jobs = [Job(expected, who, 0.0, strict=False) for expected in plan.expectations(arguments, arguments.records())]
    asyncio.run(wait(jobs, lambda pending: None))
    return [f"{outcome.check}: {outcome.details}" for job in jobs for outcome in job.open()]


def no_term_lost(before: Today, after: Today) -> None:
    assert not compare.senders(before.spf, after.spf).lost if before.spf else True
    was, now = before.policy.found, after.policy.found
    if was is None or was.policy is None:
        return
    assert now is not None
    assert now.policy is not None
    assert asked_for(before.policy, was.policy) <= asked_for(after.policy, now.policy)
    assert set(was.policy.rua) <= set(now.policy.rua)
    assert set(was.policy.ruf) <= set(now.policy.ruf)
    if was.domain == now.domain:
        assert not compare.loosened(was.text, now.text)


def asked_for(walked: Walk, policy: Policy) -> tuple[int, bool, bool]:
    tag = walked.tag(exists=True)
    assert tag is not None
    return strength(tag[1], policy.t), policy.adkim == "s", policy.aspf == "s"
