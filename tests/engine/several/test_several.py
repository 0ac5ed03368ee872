"""Several publishers in one stack on the real engine: BIND, the lab's Cloudflare API, Route 53's stand-in, PowerDNS."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from elastx_mrs.identity import CLOUDFLARE_TYPE, DYNAMIC_STRING_TYPE, DYNAMIC_TYPE
from tests import golden, secrecy
from tests.engine.cloudflare.stacks import ELASTX, HEAD, Trial, trial
from tests.engine.rfc2136.test_rfc2136 import DMARC, FIRST_TOKEN, SPF
from tests.engine.stack import Stack
from tests.publish.octodns.powerdns import powerdns
from tests.publish.route53.api import SECRET, HostedZone, RecordSet, Route53Api, serve
from tests.servers import start
from tests.servers.zones import FOREIGN

pytestmark = pytest.mark.engine

CONFIG: dict[str, Any] = {"accounts": ["smtp-prod@acme.example"], "dkim": golden.DKIM_PAGE}
KINDS = ("challenge-d96aab757c15", "spf", "dkim", "dmarc")


@pytest.fixture
def route53() -> Iterator[Route53Api]:
    with serve() as api:
        yield api


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Trial]:
    zones = {"example.net": HEAD, "elastx.email": ELASTX}
    with trial(tmp_path, zones) as running:
        yield running


def names(stack: Stack, kind: str) -> set[str]:
    """The names of the resources of a type."""
    return {name for name, one in stack.resources().items() if one["type"] == kind}


def of(*domains: str, suffix: str = "") -> set[str]:
    return {f"mail-{domain}-{kind}{suffix}" for domain in domains for kind in KINDS}


def served(zone: HostedZone) -> set[str]:
    return {owner for owner, kind, _ in zone.sets if kind == "TXT"}


def test_each_domain_goes_to_the_publisher_that_has_its_zone(lab: Trial, route53: Route53Api, tmp_path: Path) -> None:
    aws = route53.zone("Z01EXAMPLESE00000000", "example.se")
    domains = ["example.com", "example.net", "example.se", "news.example.se"]
    reports = {"dmarc": {"p": "none", "rua": ["mailto:d@example.net"]}}
    with start("bind", tmp_path / "bind") as bind:
        environment = lab.environment() | route53.environment() | bind.environment()
        environment["ELASTX_MRS_NAMESERVERS"] = f"{bind.address},{lab.lab.address}"
        own = {"rfc2136": {"zones": ["example.com"]}, "cloudflare": {}, "route53": {}}
        stack = Stack.create(tmp_path / "s", environment, copy.deepcopy(CONFIG) | {"domains": domains} | reports | own)

        stack.preview()
        assert route53.codes("ListHostedZones") == ["OK"], "the zones are listed once"
        pages = [path for _, path, _ in lab.asked() if path.endswith("/zones")]
        assert len(pages) in (1, 2), "a page, and in the real plugin the empty one after it"
        assert bind.txt("example.com") == FOREIGN["example.com"]

        logged = stack.up()
        assert FIRST_TOKEN in bind.txt("example.com")
        assert SPF in bind.txt("example.com")
        assert lab.texts("example.net", "example.net") != []
        assert lab.texts("example.se._report._dmarc.example.net", "example.net") != [], "of another publisher's domain"
        assert served(aws) == {
            f"{label}{domain}"
            for domain in ("example.se", "news.example.se")
            for label in ("", "elastx._domainkey.", "_dmarc.")
        }
        assert names(stack, DYNAMIC_TYPE) == of("example.com")
        assert names(stack, DYNAMIC_STRING_TYPE) == of("example.se", "news.example.se")
        assert names(stack, CLOUDFLARE_TYPE) >= of("example.net")
        known = [SECRET, bind.key, lab.lab.environment().get("CLOUDFLARE_API_TOKEN", "")]
        assert secrecy.shown(stack.state() + logged.stdout + logged.stderr, [one for one in known if one]) == []

        stack.preview("--expect-no-changes")
        stack.pulumi("refresh", "--yes", "--stack", "test", "--expect-no-changes")
        stack.config["domains"].remove("news.example.se")
        stack.up()
        assert names(stack, DYNAMIC_STRING_TYPE) == of("example.se")
        stack.pulumi("destroy", "--yes", "--stack", "test")
        assert bind.txt("example.com") == FOREIGN["example.com"]
        assert served(aws) == set()
        assert lab.texts("example.net", "example.net") == []


def test_a_zone_at_two_providers_of_which_one_fails_half_way(lab: Trial, route53: Route53Api) -> None:
    aws = route53.zone("Z01EXAMPLENET0000000", "example.net")
    config = copy.deepcopy(CONFIG) | {"domains": ["example.net"], "dmarc": golden.DMARC, "route53": {}}
    stack = lab.stack(**config)
    stack.environment |= route53.environment()

    refused = stack.preview(check=False)
    assert refused.returncode != 0
    said = " ".join((refused.stdout + refused.stderr).split())
    assert "domains[0]: cloudflare and route53 each have a zone example.net; write publish: [cloudflare]" in said
    assert "or publish: [cloudflare, route53] to publish to each" in said

    stack.config["domains"] = [{"name": "example.net", "publish": ["cloudflare", "route53"]}]
    route53.users["AKIDEXAMPLE"] = ("ChangeResourceRecordSets",)
    failed = stack.up(check=False)
    assert failed.returncode != 0
    assert "ChangeResourceRecordSets" in failed.stdout + failed.stderr
    assert names(stack, CLOUDFLARE_TYPE) == of("example.net"), "the other one's records are kept"
    assert names(stack, DYNAMIC_STRING_TYPE) == set()
    assert served(aws) == set()

    route53.users["AKIDEXAMPLE"] = ()
    route53.pending = 1
    lab.asked()
    stack.up(ELASTX_MRS_VERIFICATION="require")
    assert lab.changes() == [], "the next up goes on where it failed"
    assert "OK" in route53.codes("GetChange"), "verification waits for each publisher"
    assert served(aws) == {"example.net", "elastx._domainkey.example.net", "_dmarc.example.net"}
    at_both = {kind: [r for r in every(stack) if r["type"] == kind] for kind in (CLOUDFLARE_TYPE, DYNAMIC_STRING_TYPE)}
    assert {len(found) for found in at_both.values()} == {4}
    stack.preview("--expect-no-changes")

    stack.config["dmarc"] = "v=DMARC1; p=reject;"
    stack.up()
    assert aws.txt("_dmarc.example.net") == ('"v=DMARC1; p=reject;"',)
    assert lab.texts("_dmarc.example.net", "example.net") == ['"v=DMARC1; p=reject;"']
    stack.pulumi("destroy", "--yes", "--stack", "test")
    assert served(aws) == set()
    assert lab.texts("example.net", "example.net") == []


def test_two_of_one_type_have_names_of_their_own_and_keep_their_records(route53: Route53Api, tmp_path: Path) -> None:
    aws = route53.zone("Z01EXAMPLECOM0000000", "example.com")
    with powerdns(tmp_path / "server") as server:
        own = {"domains": ["example.com"], "dmarc": golden.DMARC, "route53": {}}
        stack = Stack.create(tmp_path, server.environment() | route53.environment(), copy.deepcopy(CONFIG) | own)
        stack.up()
        assert names(stack, DYNAMIC_STRING_TYPE) == of("example.com")
        before = route53.changes

        stack.config["octodns"] = {"pdns": server.config}
        stack.config["domains"] = [{"name": "example.com", "publish": ["route53", "octodns"]}]
        stack.up()
        assert names(stack, DYNAMIC_STRING_TYPE) == of("example.com", suffix="-route53") | of(
            "example.com", suffix="-octodns"
        )
        assert route53.changes == before, "a new name is no change in DNS"
        assert server.dns.txt("_dmarc.example.com") == {DMARC: 1800}
        stack.preview("--expect-no-changes")

        stack.config["domains"] = ["example.com"]
        refused = stack.preview(check=False)
        assert "octodns each have a zone example.com" in " ".join((refused.stdout + refused.stderr).split())
        other = {"name": "a.example.com", "publish": ["octodns"]}
        stack.config["domains"] = [{"name": "example.com", "publish": ["route53"]}, other]
        stack.up()
        assert names(stack, DYNAMIC_STRING_TYPE) == of("example.com", "a.example.com")
        assert route53.changes == before
        assert server.dns.txt("_dmarc.example.com") == {}
        assert aws.txt("_dmarc.example.com") == (f'"{golden.DMARC}"',)

        stack.config["domains"][0]["publish"] = ["route53", "octodns"]
        stack.up()
        ids = {name: one["id"] for name, one in stack.resources().items() if name.endswith("-octodns")}
        stack.config["domains"] = [{"name": "example.com", "publish": ["octodns"]}, other | {"publish": ["route53"]}]
        stack.up()
        assert names(stack, DYNAMIC_STRING_TYPE) == of("example.com", "a.example.com")
        assert served(aws) == {"a.example.com", "elastx._domainkey.a.example.com", "_dmarc.a.example.com"}
        assert server.dns.txt("_dmarc.example.com") == {DMARC: 1800}
        assert {
            f"{name}-octodns": one["id"] for name, one in stack.resources().items() if name in of("example.com")
        } == ids


def test_verification_asks_the_servers_of_both(tmp_path: Path) -> None:
    """BIND by dynamic update and PowerDNS through octoDNS serve the same zone; each must have every record."""
    with start("bind", tmp_path / "bind") as bind, powerdns(tmp_path / "pdns") as pdns:
        environment = bind.environment() | pdns.environment()
        environment |= {"ELASTX_MRS_NAMESERVERS": f"{bind.address},{pdns.dns.address}"}
        own: dict[str, Any] = {"rfc2136": {"zones": ["example.com"]}, "octodns": {"pdns": pdns.config}}
        config = copy.deepcopy(CONFIG) | own | {"dmarc": golden.DMARC, "verification": {"timeout": 0}}
        config["domains"] = [{"name": "example.com", "publish": ["rfc2136"]}]
        stack = Stack.create(tmp_path, environment, {key: config[key] for key in config if key != "octodns"})
        failed = stack.up(check=False, ELASTX_MRS_VERIFICATION="require")
        assert failed.returncode != 0
        said = failed.stdout + failed.stderr
        assert pdns.dns.address in said
        assert DMARC in bind.txt("_dmarc.example.com")

        stack.config |= {"domains": [{"name": "example.com", "publish": ["rfc2136", "octodns"]}], **own}
        stack.up(ELASTX_MRS_VERIFICATION="require")
        assert DMARC in pdns.dns.txt("_dmarc.example.com")


def test_a_copied_zone_moves_to_another_provider_as_the_docs_say(route53: Route53Api, tmp_path: Path) -> None:
    """As in docs/publishers.md: copied records are adopted; an up deletes the old ones before their key is removed."""
    aws = route53.zone("Z01EXAMPLECOM0000000", "example.com")
    with start("bind", tmp_path / "bind") as bind:
        own: dict[str, Any] = {"domains": ["example.com"], "dmarc": DMARC.decode()}
        own["rfc2136"] = {"zones": ["example.com"]}
        stack = Stack.create(tmp_path, bind.environment() | route53.environment(), copy.deepcopy(CONFIG) | own)
        stack.up()
        for owner in ("example.com", "_dmarc.example.com"):
            ours = [one.decode() for one in bind.txt(owner) if one in (SPF, DMARC, FIRST_TOKEN)]
            aws.put(RecordSet(owner, "TXT", 300, tuple(f'"{one}"' for one in ours)))

        stack.config["route53"] = {}
        stack.config["domains"] = [{"name": "example.com", "publish": ["rfc2136", "route53"]}]
        stack.config["adopt"] = ["example.com", "_dmarc.example.com"]
        stack.up()
        assert route53.changes == 1, "only the DKIM key is new"
        stack.config["domains"] = [{"name": "example.com", "publish": ["route53"]}]
        del stack.config["adopt"]
        assert "rfc2136: publishes nothing, because every domain names others" in stack.up().stdout
        assert bind.txt("example.com") == FOREIGN["example.com"]

        stack.config["domains"] = ["example.com"]
        del stack.config["rfc2136"]
        stack.preview("--expect-no-changes")
        assert served(aws) == {"example.com", "elastx._domainkey.example.com", "_dmarc.example.com"}


def every(stack: Stack) -> list[dict[str, Any]]:
    """All resources, also those that share a name."""
    found: list[dict[str, Any]] = json.loads(stack.state())["checkpoint"]["latest"]["resources"]
    return found
