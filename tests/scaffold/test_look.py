"""What DNS has of the domains: kept, with the zones that they are in; nothing is guessed where it does not answer."""

import asyncio
from collections.abc import Sequence

from elastx_mrs.lookup.answer import Answer
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.vantage import Vantage, Who
from elastx_mrs.scaffold.look import Look, look, nothing
from tests import golden
from tests.lookup.fakes import Dns

SOA = "SOA ns1.example.com. hostmaster.example.com. 1 3600 900 604800 300"
SILENT = {"example.com": ["TXT !", "SOA !"]}
OTHER = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


class Faked(Vantage):
    def __init__(self, dns: Dns, nobody: str = "") -> None:
        super().__init__(Who(), Network())
        self._dns, self._nobody = dns, nobody

    async def ask(self, name: str, rdtype: str) -> Answer:
        self.nobody = self._nobody
        return await self._dns.ask(name, rdtype)


def looked(records: dict[str, list[str]], *domains: str, key: str = golden.DKIM, nobody: str = "") -> Look:
    return asyncio.run(look(Faked(Dns(records), nobody), domains, key))


def test_published_records_are_kept() -> None:
    found = looked(
        {
            "example.com": [SOA, "TXT v=spf1 ip4:192.0.2.1 -all"],
            "_dmarc.example.com": ["TXT v=DMARC1; p=reject"],
            "elastx.email": ["TXT v=spf1 ip4:203.0.113.0/24 -all"],
        },
        "example.com",
    )
    (one,) = found.domains
    assert one.config["spf"] == {"record": "v=spf1 include:elastx.email ip4:192.0.2.1 -all"}
    assert one.config["dmarc"] == {"record": "v=DMARC1; p=reject"}
    assert found.owners == ["example.com", "_dmarc.example.com"]
    assert (found.unanswered, found.wrong) == ([], False)


def test_zones_are_where_an_soa_is() -> None:
    records = {"example.com": [SOA], "a.news.example.com": ["A 192.0.2.1"], "example.se": [SOA]}
    records["se.example.se"] = [SOA, "MX 10 mail.example.se"]
    found = looked(records, "a.news.example.com", "example.com", "x.se.example.se")
    assert list(found.zones) == ["example.com", "se.example.se"]


def test_a_public_suffix_is_not_proposed_for_an_unregistered_domain() -> None:
    """Nothing in DNS marks one; but unlike a company's zone, it has no MX."""
    records = {"co.uk": [SOA], "shop.co.uk": [SOA], "example.com": [SOA, "MX 10 mail.example.com"]}
    found = looked(records, "foo.co.uk", "shop.co.uk", "new.shop.co.uk", "new.example.com")
    assert list(found.zones) == ["foo.co.uk", "shop.co.uk", "example.com"]


def test_an_existing_name_is_in_the_zone_above_it_even_without_an_mx() -> None:
    records = {"example.com": [SOA], "news.example.com": ["A 192.0.2.1"]}
    assert list(looked(records, "news.example.com").zones) == ["example.com"]


def test_a_domain_with_an_unknown_zone_is_its_own_zone() -> None:
    assert list(looked(SILENT, "example.com", "b.invalid").zones) == ["example.com", "b.invalid"]


def test_the_stack_s_key_is_not_repeated() -> None:
    found = looked({"elastx._domainkey.example.com": [f"TXT {golden.DKIM}"]}, "example.com")
    (one,) = found.domains
    assert "dkim" not in one.config
    assert found.owners == ["elastx._domainkey.example.com"]
    assert "it is the stack's own dkim" in one.changes[-1]
    assert not found.wrong


def test_another_key_is_kept_and_reported() -> None:
    (one,) = (found := looked({"elastx._domainkey.example.com": [f"TXT {OTHER}"]}, "example.com")).domains
    assert one.config["dkim"] == {"selector": "elastx", "record": OTHER}
    assert "has another key than the stack's dkim, and the config keeps it" in one.faults[0]
    assert found.wrong


def test_failed_queries_are_named() -> None:
    found = looked(SILENT, "example.com", "good.com")
    assert any("SPF of example.com could not be looked up" in line for line in found.unanswered)
    assert not any("good.com" in line for line in found.unanswered)


def test_a_missing_resolver_is_reported_once() -> None:
    assert looked(
        {"example.com": ["TXT !", "SOA !"]}, "example.com", "a.se", nobody="no resolver answers"
    ).unanswered == ["no resolver answers"]


def test_nothing_is_known_without_dns() -> None:
    found = nothing(["news.example.com", "example.com", "example.se"])
    assert [one.config for one in found.domains] == [{"name": one} for one in _names(found)]
    assert (list(found.zones), found.owners, found.asked) == (["example.com", "example.se"], [], False)


def _names(found: Look) -> Sequence[str]:
    return [one.domain for one in found.domains]
