"""Adopting from DNS where something goes wrong in it: the other domains are read all the same."""

import asyncio
from collections.abc import Sequence

import dns.rdata
import pytest

from elastx_mrs.adopt import from_dns
from elastx_mrs.adopt.adopted import Adopted
from elastx_mrs.lookup.answer import Answer, Ask, answer_of
from tests.lookup.fakes import Dns


async def ask(name: str, rdtype: str) -> Answer:
    return answer_of(name, [b"v=spf1 -all"] if name == "good.com" else [])


def test_an_error_of_our_own_is_told_of_its_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    real = from_dns.read

    async def read(ask: Ask, domain: str, selectors: Sequence[str], own_key: str) -> Adopted:
        if domain == "bad.com":
            raise KeyError("secret")
        return await real(ask, domain, selectors)

    monkeypatch.setattr(from_dns, "read", read)
    bad, good = asyncio.run(from_dns.read_all(ask, ["bad.com", "good.com"], ["elastx"]))
    assert good.config["spf"] == {"record": "v=spf1 include:elastx.email -all"}
    (said,) = bad.unasked
    assert said.startswith("bad.com: internal error: KeyError at elastx_mrs/adopt/from_dns.py:")
    assert "secret" not in said
    shown = from_dns.render([bad, good])
    assert "# NOT ASKED: bad.com: internal error: KeyError" in shown
    assert "\n- bad.com\n" in shown


def test_a_domain_too_long_for_its_records_cannot_be_kept() -> None:
    """RFC 1035 §3.1: 253 octets; its parent has a policy, which a record of its own would keep."""

    async def inherited(name: str, rdtype: str) -> Answer:
        return answer_of(name, [b"v=DMARC1; p=reject"] if name == "_dmarc.example.com" else [])

    long = ".".join(["a" * 60] * 3 + ["a" * 58, "example", "com"])
    (found,) = asyncio.run(from_dns.read_all(inherited, [long], ["elastx"]))
    (fault,) = found.faults
    assert found.unasked == []
    assert f"of {len(long) + 7} octets; DNS allows 253 (RFC 1035 §3.1)" in fault
    assert "# CANNOT BE KEPT: " in from_dns.render([found])


def test_domains_of_one_config_take_reports_about_each_other() -> None:
    """RFC 9990 §4: the config publishes the authorisation that is not there yet."""

    async def asked(name: str, rdtype: str) -> Answer:
        policies = {"_dmarc.one.com": b"v=DMARC1; p=none; rua=mailto:d@two.net", "_dmarc.two.net": b"v=DMARC1; p=none"}
        return answer_of(name, [policies[name]] if name in policies and rdtype == "TXT" else [])

    one, _ = asyncio.run(from_dns.read_all(asked, ["one.com", "two.net"], ["elastx"]))
    assert one.faults == []
    (alone,) = asyncio.run(from_dns.read_all(asked, ["one.com"], ["elastx"]))
    assert any("two.net" in fault for fault in alone.faults), alone.faults


def test_a_key_behind_an_alias_whose_target_cannot_be_asked_is_left_to_its_owner() -> None:
    owner, elsewhere = "elastx._domainkey.example.com", "key.example.net"

    async def asked(name: str, rdtype: str) -> Answer:
        if name == owner and rdtype == "CNAME":
            rdata = dns.rdata.from_text("IN", "CNAME", f"{elsewhere}.")
            return Answer(name, rdtype, "found", (rdata,), name)
        if name == owner and rdtype == "TXT":
            return Answer(name, rdtype, "failed", canonical=elsewhere, problem=f"{elsewhere}: answered SERVFAIL")
        return answer_of(name, [])

    (found,) = asyncio.run(from_dns.read_all(asked, ["example.com"], ["elastx"]))
    assert found.config["dkim"] == {"selector": "elastx", "external": True}
    assert f"{owner} is a CNAME to {elsewhere}: {elsewhere}: answered SERVFAIL" in found.unasked


@pytest.mark.parametrize(
    ("published", "told"),
    [("v=spf1 include:ELASTX.email. -all", True), ("v=spf1 include:elastx.email -all", False), ("v=spf1 -all", False)],
)
def test_a_kept_record_that_the_relay_may_refuse_is_told(published: str, told: bool) -> None:
    records = {"example.com": [f"TXT {published}"], "elastx.email": ["TXT v=spf1 ip4:203.0.113.0/24 -all"]}
    (found,) = asyncio.run(from_dns.read_all(Dns(records).ask, ["example.com"], ["elastx"]))
    said = [line for line in found.changes if "another spelling may not count" in line]
    assert bool(said) is told
    assert found.faults == []


STACKS = b"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
OTHER = b"v=DKIM1; k=ed25519; p=sV4/Ki/xdmLYTDrTRzOm0wDIJQMWE96aT6hzf5zvlZQ="


async def with_keys(served: dict[str, bytes]) -> Adopted:
    async def asked(name: str, rdtype: str) -> Answer:
        value = served.get(name.partition("._domainkey.")[0]) if rdtype == "TXT" else None
        return answer_of(name, [value] if value is not None else [])

    (found,) = await from_dns.read_all(asked, ["example.com"], ["elastx", "s1", "s2"], STACKS.decode())
    return found


def test_a_list_of_keys_has_the_stack_s_key_too() -> None:
    """A domain's own list replaces the stack's key, so it must repeat it."""
    assert "dkim" not in asyncio.run(with_keys({"elastx": STACKS})).config
    both = asyncio.run(with_keys({"elastx": STACKS, "s1": OTHER}))
    own = {"selector": "s1", "record": OTHER.decode(), "own": True}
    assert both.config["dkim"] == [{"selector": "elastx", "record": STACKS.decode()}, own]
    assert both.faults == []


def test_keys_of_the_customer_alone_get_a_remark() -> None:
    found = asyncio.run(with_keys({"s1": STACKS, "s2": OTHER}))
    assert [key["own"] for key in found.config["dkim"]] == [True, True]
    assert any("has no key at the selector elastx: if you do not sign all mail" in one for one in found.changes)
