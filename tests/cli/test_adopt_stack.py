"""``elastx-mrs adopt`` for a stack: what its publisher has, compared with DNS, as the list that takes it over."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from elastx_mrs.cli.main import main
from elastx_mrs.identity import CLOUDFLARE_TYPE, DYNAMIC_STRING_TYPE, DYNAMIC_TYPE
from elastx_mrs.publish.existing import Existing
from elastx_mrs.publish.rfc2136.connection import POOL
from elastx_mrs.publish.rrset.publisher import RrsetPublisher
from tests import golden, secrecy
from tests.publish.octodns.powerdns import API_KEY, PowerDns, powerdns
from tests.publish.route53.api import SECRET, RecordSet, Route53Api, serve
from tests.publish.route53.clients import clients_closed
from tests.servers import start
from tests.servers.zones import HEAD, ZONES

APEX = "example.com"
MERGED = "v=spf1 include:elastx.email include:_spf.google.com ~all"
REJECT = "v=DMARC1; p=reject; rua=mailto:d@example.com"
SERVED = ZONES | {
    APEX: HEAD.format(name=APEX)
    + f"""@ TXT "google-site-verification=abc"
@ TXT "v=spf1 include:elastx.email " "include:_spf.google.com ~all"
@ TXT "{golden.TOKEN}"
_dmarc TXT "v=DMARC1; p=none; rua=mailto:d@example.com"
"""
}
CONFIG: dict[str, Any] = {
    "accounts": [golden.ACCOUNT, "other@acme.example"],
    "dkim": golden.DKIM,
    "domains": [{"name": APEX, "spf": {"record": MERGED}, "dmarc": {"record": REJECT}}],
}


@dataclass
class Place:
    """A company's DNS.

    :ivar secret: it must stand in no output.
    :ivar hide: lets the publisher have a string at the DMARC name that no name server serves. A primary serves all.
    """

    config: Mapping[str, Any]
    environment: Mapping[str, str]
    secret: str
    hide: Callable[[], None] | None = None

    def run(self, folder: Path, *arguments: str, **config: Any) -> Result:
        values = {f"elastx-mrs:{key}": value for key, value in (CONFIG | dict(self.config) | config).items()}
        path = folder / "Pulumi.prod.yaml"
        path.write_text(yaml.safe_dump({"config": values}))
        result = CliRunner().invoke(main, ["adopt", "-s", str(path), *arguments], env=self.environment)
        assert isinstance(result.exception, SystemExit | None), result.exc_info
        assert secrecy.shown(result.output, [self.secret]) == []
        assert "Traceback" not in result.output
        return result


@pytest.fixture(scope="module")
def pdns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PowerDns]:
    with powerdns(tmp_path_factory.mktemp("powerdns"), SERVED) as server:
        yield server


def octodns(pdns: PowerDns) -> Place:
    def hide() -> None:
        shown = [f'"{CONFIG["domains"][0]["dmarc"]["record"].replace("reject", "none")}"']
        pdns.put(APEX, f"_dmarc.{APEX}", shown, disabled=['"disabled"'])

    pdns.reset()
    return Place({"octodns": {"pdns": pdns.config}}, pdns.environment(), API_KEY, hide)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Route53Api]:
    with clients_closed(monkeypatch), serve() as api:
        yield api


def route53(api: Route53Api, address: str) -> Place:
    own = f'"{golden.TOKEN}"'
    spf = '"v=spf1 include:elastx.email " "include:_spf.google.com ~all"'
    zone = api.zone("Z1", APEX, RecordSet(APEX, "TXT", 3600, ('"google-site-verification=abc"', spf, own)))
    shown = '"v=DMARC1; p=none; rua=mailto:d@example.com"'
    zone.put(RecordSet(f"_dmarc.{APEX}", "TXT", 3600, (shown,)))

    def hide() -> None:
        zone.append(f"_dmarc.{APEX}", '"disabled"')

    environment = api.environment() | {"ELASTX_MRS_NAMESERVERS": address, "AWS_MAX_ATTEMPTS": "1"}
    return Place({"route53": {}}, environment, SECRET, hide)


@pytest.fixture(params=["route53", "octodns", "rfc2136"])
def place(request: pytest.FixtureRequest, tmp_path: Path, api: Route53Api, pdns: PowerDns) -> Iterator[Place]:
    if request.param == "octodns":
        yield octodns(pdns)
        return
    with start("lab", tmp_path / "server", SERVED) as server:
        if request.param == "route53":
            yield route53(api, server.address)
        else:
            yield Place({"rfc2136": {"zones": [APEX]}}, server.environment(), server.key)
            POOL.close()


def adopted(result: Result) -> list[str]:
    printed = yaml.safe_load(result.stdout) or {}
    assert set(printed) <= {"elastx-mrs:adopt"}
    found: list[str] = printed.get("elastx-mrs:adopt", [])
    return found


def test_it_lists_the_names_and_says_what_the_next_up_does(place: Place, tmp_path: Path) -> None:
    result = place.run(tmp_path)
    assert result.exit_code == 0, result.output
    assert adopted(result) == [APEX, f"_dmarc.{APEX}"]
    lines = result.stdout.splitlines()
    then = "is taken over unchanged; from then on the stack manages it, and pulumi destroy deletes it"
    assert f"# {APEX}: '{golden.TOKEN[:60]}…' {then}" in lines
    assert f"# {APEX}: '{MERGED}' {then}" in lines
    assert any(f"is adopted, and becomes '{REJECT}'; from then on the stack manages it" in line for line in lines)
    assert lines[-1] == "# the next up: 2 records taken over unchanged, 1 changed, 2 created"
    assert not any("CANNOT BE KEPT" in line or "DIFFERS" in line or "NOT ASKED" in line for line in lines), lines


@pytest.mark.parametrize("place", ["route53", "octodns"], indirect=True)
def test_what_the_publisher_has_and_no_name_server_serves_is_said(place: Place, tmp_path: Path) -> None:
    assert place.hide is not None
    place.hide()
    result = place.run(tmp_path)
    assert result.exit_code == 1
    name = next(iter(place.config))
    assert f"# DIFFERS: _dmarc.{APEX}: {name} has 'disabled', unlike 127.0.0.1" in result.stdout
    assert "; before the next up, make both the same" in result.stdout


def test_what_would_stop_the_up_is_said_with_what_to_do(place: Place, tmp_path: Path) -> None:
    result = place.run(tmp_path, domains=[{"name": APEX, "dmarc": {"record": REJECT}}])
    assert result.exit_code == 1
    assert f"# CANNOT BE KEPT: {APEX} has the SPF record '{MERGED}' already" in result.stdout
    assert "to adopt it, write include:_spf.google.com into spf too" in result.stdout
    assert adopted(result) == [APEX, f"_dmarc.{APEX}"]


def test_a_ttl_that_changes_is_said(place: Place, tmp_path: Path) -> None:
    result = place.run(tmp_path, ttl=600)
    assert result.exit_code == 0
    said = "ttl 600 becomes the TTL of all TXT records there, instead of 3600 (RFC 2181 §5.2)"
    assert f"# {APEX}: {said}, also of 'google-site-verification=abc'" in result.stdout
    assert f"# _dmarc.{APEX}: {said}, also of 'v=DMARC1; p=none; rua=mailto:d@example.com'" in result.stdout


def test_nothing_is_published_yet(place: Place, tmp_path: Path) -> None:
    domains = [{"name": f"new.{APEX}", "dmarc": {"record": REJECT}}]
    result = place.run(tmp_path, domains=domains)
    assert (result.exit_code, adopted(result)) == (0, []), result.output
    assert result.stdout.endswith("# the next up: 0 records taken over unchanged, 0 changed, 5 created\n")


def state(folder: Path, *records: tuple[str, str]) -> str:
    """Write a state with a component's records: the publisher and the name of each; return the file's path."""
    urn = "urn:pulumi:prod::acme::elastx-mrs:index:MailRelay::mail"
    types = {"cloudflare": CLOUDFLARE_TYPE, "rfc2136": DYNAMIC_TYPE}
    resources: list[dict[str, Any]] = [{"urn": urn, "type": "elastx-mrs:index:MailRelay"}]
    for publisher, name in records:
        type_ = types.get(publisher, DYNAMIC_STRING_TYPE)
        own = urn.replace("MailRelay::mail", f"MailRelay${type_}::{name}")
        resources.append({"urn": own, "type": type_, "parent": urn, "inputs": {"publisher": publisher}})
    path = folder / "state.json"
    path.write_text(json.dumps({"deployment": {"resources": resources}}))
    return str(path)


def test_a_state_s_records_are_left_out(place: Place, tmp_path: Path) -> None:
    (publisher,) = place.config
    result = place.run(tmp_path, "--state", state(tmp_path, (publisher, f"mail-{APEX}-dmarc")))
    assert adopted(result) == [APEX]
    assert result.stdout.endswith("0 changed, 2 created; 1 record already in the state\n")


def test_the_records_of_another_publisher_are_not_left_out(place: Place, tmp_path: Path) -> None:
    """The domain moves here, and each publisher has a record of its own."""
    (publisher,) = place.config
    here = f"mail-{APEX}-spf-{publisher}"
    others = [
        (one, f"mail-{APEX}-dmarc") for one in ("cloudflare", "rfc2136", "route53", "octodns") if one != publisher
    ]
    result = place.run(tmp_path, "--state", state(tmp_path, *others, (publisher, here)))
    assert adopted(result) == [APEX, f"_dmarc.{APEX}"]
    assert result.stdout.endswith("; 1 record already in the state\n")


def test_a_domain_that_the_stack_does_not_have(place: Place, tmp_path: Path) -> None:
    result = place.run(tmp_path, "example.org")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "DOMAIN example.org: is not one of the config's domains" in result.stderr
    assert adopted(place.run(tmp_path, APEX)) == [APEX, f"_dmarc.{APEX}"]


def test_a_publisher_that_does_not_answer(place: Place, tmp_path: Path) -> None:
    nowhere = {
        "AWS_ENDPOINT_URL_ROUTE_53": "http://127.0.0.1:9",
        "ELASTX_MRS_RFC2136_SERVER": "127.0.0.1:9",
    }
    away = Place(place.config, {**place.environment, **nowhere}, place.secret)
    config = {"octodns": {"pdns": {**place.config["octodns"]["pdns"], "port": 9}}} if "octodns" in place.config else {}
    result = away.run(tmp_path, **config)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "127.0.0.1" in result.stderr


def test_each_of_several_publishers_is_asked_for_its_own_domains(api: Route53Api, tmp_path: Path) -> None:
    """A domain that nobody has here may be at a publisher whose records are imported."""
    with start("lab", tmp_path / "server", SERVED) as server:
        one = route53(api, server.address)
        both = {"route53": {}, "rfc2136": {"zones": ["example.se"]}}
        place = Place(both, server.environment() | dict(one.environment), SECRET)
        domains = [*CONFIG["domains"], {"name": "example.se", "spf": {"record": "v=spf1 -all"}}]
        result = place.run(tmp_path, domains=domains)
        assert result.exit_code == 0, result.output
        assert adopted(result) == [APEX, f"_dmarc.{APEX}"]
        assert result.stdout.endswith("# the next up: 2 records taken over unchanged, 1 changed, 7 created\n")
        assert api.codes("ListHostedZones") == ["OK"], "listed once"

        nowhere = [*domains, "example.net"]
        result = place.run(tmp_path, domains=nowhere)
        assert (result.exit_code, result.stdout) == (3, "")
        assert "domains[2]: no publisher is known to have a zone for example.net (rfc2136 has" in result.stderr
        result = place.run(tmp_path, domains=nowhere, cloudflare={})
        assert adopted(result) == [APEX, f"_dmarc.{APEX}"]

        api.zone("Z2", "example.se")
        result = place.run(tmp_path, domains=domains)
        assert "each have a zone example.se; write publish:" in result.stderr
        pinned = [domains[0], domains[1] | {"publish": ["route53", "rfc2136"]}]
        result = place.run(tmp_path, domains=pinned)
        assert result.exit_code == 1, "the two differ"
        assert "DIFFERS: example.se: route53 has no 'MS=ms12345678', unlike" in result.stdout
        POOL.close()


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"cloudflare": {}}, "publishes through cloudflare, which takes records over by import: add --import"),
        ({}, "names no publisher, so its records cannot be read; to read DNS instead, give only DOMAINs"),
        ({"external": True}, "has external: true for every domain, so there is nothing to take over"),
    ],
)
def test_a_stack_that_takes_nothing_over(config: dict[str, Any], said: str, tmp_path: Path) -> None:
    result = Place(config, {}, SECRET).run(tmp_path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_a_value_that_is_encrypted_is_named(pdns: PowerDns, tmp_path: Path) -> None:
    settings = {**pdns.config, "api_key": {"secure": "AAABAJ"}}
    environment = {key: value for key, value in pdns.environment().items() if key != "PDNS_API_KEY"}
    result = Place({"octodns": {"pdns": settings}}, environment, API_KEY).run(tmp_path)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "run: pulumi config --show-secrets --json | elastx-mrs adopt --config -" in result.stderr


def at_route53(api: Route53Api, folder: Path, zone: str, **environment: str) -> Result:
    """Run it where the name servers have another zone than Route 53."""
    with start("lab", folder / "server", SERVED | {APEX: zone}) as server:
        place = route53(api, server.address)
        return Place(place.config, {**place.environment, **environment}, place.secret).run(folder)


def test_a_zone_that_is_served_elsewhere(api: Route53Api, tmp_path: Path) -> None:
    zone = HEAD.format(name=APEX) + '@ TXT "v=spf1 mx -all"\n_dmarc CNAME mail\n'
    result = at_route53(api, tmp_path, zone)
    assert result.exit_code == 1
    assert adopted(result) == [APEX, f"_dmarc.{APEX}"]
    assert f"# DIFFERS: {APEX}: route53 has 'elastx-mrs=" in result.stdout
    assert ", and not 'v=spf1 mx -all' as 127.0.0.1:" in result.stdout
    said = f"# DIFFERS: _dmarc.{APEX}: DNS has a CNAME to mail.{APEX}, which route53 does not have; before the"
    assert said in result.stdout


def test_name_servers_that_do_not_answer(api: Route53Api, tmp_path: Path) -> None:
    result = at_route53(api, tmp_path, SERVED[APEX], ELASTX_MRS_NAMESERVERS="127.0.0.1:9")
    assert result.exit_code == 3
    assert adopted(result) == [APEX, f"_dmarc.{APEX}"], "what the publisher has is known"
    assert f"# NOT ASKED: {APEX}: no name server answered: " in result.stdout


def test_what_a_publisher_may_not_read_is_said(api: Route53Api, tmp_path: Path) -> None:
    api.users["AKIDEXAMPLE"] = ("ListResourceRecordSets",)
    result = at_route53(api, tmp_path, SERVED[APEX])
    assert (result.exit_code, adopted(result)) == (3, [])
    assert "# NOT ASKED: Route 53 answers AccessDenied to ListResourceRecordSets of Z1: User" in result.stdout


def test_a_bug_at_one_name_hides_no_other(api: Route53Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = RrsetPublisher.existing

    async def existing(self: RrsetPublisher, owner: str) -> Existing:
        if owner == f"_dmarc.{APEX}":
            raise ZeroDivisionError("a bug")
        return await real(self, owner)

    monkeypatch.setattr(RrsetPublisher, "existing", existing)
    result = at_route53(api, tmp_path, SERVED[APEX])
    assert (result.exit_code, adopted(result)) == (3, [APEX])
    assert f"# NOT ASKED: _dmarc.{APEX}: " in result.stdout


def test_several_publishers_each_have_their_domains(api: Route53Api, tmp_path: Path) -> None:
    with start("lab", tmp_path / "server", SERVED) as server:
        at_aws = route53(api, server.address)
        environment = {**server.environment(), **at_aws.environment}
        several = {"route53": {}, "rfc2136": {"zones": ["example.se"]}, "cloudflare": {}}
        domains = [CONFIG["domains"][0] | {"publish": ["route53"]}, {"name": "example.se", "publish": ["rfc2136"]}]
        domains.append({"name": "example.org", "publish": ["cloudflare"]})
        place = Place(several, environment, SECRET)
        result = place.run(tmp_path, domains=domains)
        assert result.exit_code == 0, result.output
        assert adopted(result) == [APEX, f"_dmarc.{APEX}"]
        assert result.stdout.endswith("# the next up: 2 records taken over unchanged, 1 changed, 7 created\n")
        del domains[0]["publish"]
        del domains[2], several["cloudflare"]
        found = place.run(tmp_path, domains=domains)
        assert (found.exit_code, adopted(found)) == (0, [APEX, f"_dmarc.{APEX}"]), found.output
        POOL.close()


@pytest.mark.parametrize("more", [{"cloudflare": {}}, {"rfc2136": {"zones": ["example.se"]}}])
def test_one_of_several_publishers_does_not_answer(more: dict[str, Any], tmp_path: Path) -> None:
    """Which domains it has is then unknown, so nothing may look as if it had none."""
    away = {"AWS_ENDPOINT_URL_ROUTE_53": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET}
    result = Place({"route53": {}, **more}, away | keys, SECRET).run(tmp_path)
    assert (result.exit_code, result.stdout) == (3, ""), result.output
    assert "route53: " in result.stderr
    assert "127.0.0.1" in result.stderr


def test_a_domain_that_is_delegated_to_another_publisher_is_left_out(api: Route53Api, tmp_path: Path) -> None:
    with start("lab", tmp_path / "server", SERVED) as server:
        one = route53(api, server.address)
        api.zones["Z1"].put(RecordSet(f"sub.{APEX}", "NS", 300, ("ns.cloudflare.example.",)))
        sub = {"name": f"sub.{APEX}", "dmarc": {"record": REJECT}}
        domains: list[Any] = [*CONFIG["domains"], sub]
        place = Place({"route53": {}, "cloudflare": {}}, one.environment, SECRET)
        result = place.run(tmp_path, domains=domains)
        assert (result.exit_code, adopted(result)) == (0, [APEX, f"_dmarc.{APEX}"]), result.output
        assert (
            f"# sub.{APEX}: is left out: route53 delegates sub.{APEX}, so its records are another pub" in result.stdout
        )
        domains[1] = sub | {"publish": ["route53"]}
        cloudflare = {"name": "example.net", "publish": ["cloudflare"]}
        result = place.run(tmp_path, domains=[*domains, cloudflare])
        assert result.exit_code == 1
        assert f"CANNOT BE KEPT: sub.{APEX} lies in the zone sub.{APEX}, delegated away" in result.stdout
