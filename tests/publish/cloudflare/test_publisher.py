"""The exact inputs that the engine receives for Cloudflare, by Pulumi's mocks; the engine itself comes with the API."""

import asyncio
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from elastx_mrs.config.parse import ConfigError, parse
from elastx_mrs.publish.cloudflare.publisher import Cloudflare, Settings
from elastx_mrs.publish.cloudflare.zone import plugin_version
from elastx_mrs.publish.existing import CannotAskError, Existing
from elastx_mrs.publish.rfc2136.publisher import Rfc2136
from elastx_mrs.service import ELASTX
from tests import golden
from tests.publish.cloudflare.mocked import deploy, mocked
from tests.publish.cloudflare.test_errors import said

ZONES = [
    {"id": "z1", "name": "example.com"},
    {"id": "z2", "name": "news.example.com"},
    {"id": "z3", "name": "bücher.example"},
]
# As the API lists them: TXT in quotes, or, where somebody stored it so, without (terraform-provider-cloudflare#6354).
RECORDS = {
    "z1": [
        {"name": "example.com", "type": "TXT", "content": '"v=spf1 include:_spf.google.com " "~all"'},
        {"name": "example.com", "type": "TXT", "content": "google-site-verification=abc"},
        {"name": "example.com", "type": "MX", "content": "mail.example.com", "priority": 10},
        {"name": "example.com", "type": "CNAME", "content": "shop.example.net"},
        {"name": "alias.example.com", "type": "CNAME", "content": "mail.example.com"},
        {"name": "*.wild.example.com", "type": "A", "content": "192.0.2.1"},
    ],
    "z2": [],
}
BASE: Any = {"accounts": ["a@acme.example", "b@acme.example"], "dkim": {"record": golden.DKIM}}


class Engine(pulumi.runtime.Mocks):
    def __init__(self) -> None:
        self.resources: dict[str, pulumi.runtime.MockResourceArgs] = {}
        self.seen: list[pulumi.runtime.MockResourceArgs] = []
        self.calls: list[pulumi.runtime.MockCallArgs] = []
        self.answers: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.resources[args.name] = args
        self.seen.append(args)
        return f"{args.name}-id", args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        self.calls.append(args)
        if args.token in self.answers:
            return self.answers[args.token]
        if args.token == "cloudflare:index/getDnsRecords:getDnsRecords":
            return {"results": RECORDS[args.args["zoneId"]]}, []
        if args.token == "cloudflare:index/getZone:getZone":
            return {"name": next(zone["name"] for zone in ZONES if zone["id"] == args.args["zoneId"])}, []
        return {"results": ZONES}, []


@pytest.fixture
def engine() -> Iterator[Engine]:
    mocks = Engine()
    with mocked(mocks):
        yield mocks


@pytest.fixture
def zoneless(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let RFC 2136 have primaries that are not asked; return the zones that it would ask for."""
    zones: list[str] = []

    def check(publisher: Rfc2136) -> list[str]:
        zones.extend(publisher._zones)
        return []

    monkeypatch.setattr(Rfc2136, "check_zones", check)
    return zones


def relay(**args: Any) -> Callable[[], object]:
    from elastx_mrs import MailRelay

    return lambda: MailRelay("mail", BASE | args)


def records(engine: Engine) -> dict[str, pulumi.runtime.MockResourceArgs]:
    return {name: args for name, args in engine.resources.items() if args.typ == "cloudflare:index/dnsRecord:DnsRecord"}


def test_one_record_each_with_content_that_never_drifts(engine: Engine) -> None:
    deploy(
        relay(domains=[{"name": "example.com", "dmarc": {"record": golden.DMARC}}], cloudflare={"account_id": "acc"})
    )
    found = records(engine)
    assert {name: args.inputs for name, args in found.items() if "challenge" not in name} == {
        "mail-example.com-spf": {
            "zoneId": "z1", "name": "example.com", "type": "TXT", "ttl": 1800, "content": f'"{golden.SPF}"',
        },
        "mail-example.com-dkim": {
            "zoneId": "z1", "name": "elastx._domainkey.example.com", "type": "TXT", "ttl": 1800,
            "content": f'"{golden.DKIM_FIRST}" "{golden.DKIM_REST}"',
        },
        "mail-example.com-dmarc": {
            "zoneId": "z1", "name": "_dmarc.example.com", "type": "TXT", "ttl": 1800, "content": f'"{golden.DMARC}"',
        },
    }  # fmt: skip
    assert sum("-challenge-" in name for name in found) == 2
    assert len(engine.calls) == 1
    assert engine.calls[0].token == "cloudflare:index/getZones:getZones"
    assert engine.calls[0].args == {"account": {"id": "acc"}, "maxItems": 1_000_000}


def test_one_look_up_serves_all_domains_and_the_longest_zone_wins(engine: Engine) -> None:
    names = ["example.com", "a.news.example.com", "shop.example.com", "bücher.example"]
    deploy(relay(domains=[{"name": name} for name in names], cloudflare={}))
    zones = {name: args.inputs["zoneId"] for name, args in records(engine).items() if name.endswith("-spf")}
    assert zones == {
        "mail-example.com-spf": "z1",
        "mail-a.news.example.com-spf": "z2",
        "mail-shop.example.com-spf": "z1",
        "mail-xn--bcher-kva.example-spf": "z3",
    }
    assert len(engine.calls) == 1


def test_with_all_zones_given_nothing_is_listed_and_an_id_may_be_an_output(engine: Engine) -> None:
    deploy(
        lambda: relay(
            domains=[{"name": "example.org"}], cloudflare={"zones": {"example.org": pulumi.Output.from_input("z9")}}
        )()
    )
    assert engine.calls == []
    assert {args.inputs["zoneId"] for args in records(engine).values()} == {"z9"}


def test_a_zone_that_cloudflare_does_not_have_is_named_and_nothing_is_declared(engine: Engine) -> None:
    with pytest.raises(Exception, match=r"no zone for example\.org, example\.net \(3 zones seen\)") as told:
        deploy(relay(domains=[{"name": name} for name in ("example.com", "example.org", "example.net")], cloudflare={}))
    assert "write the zone's id under cloudflare.zones" in str(told.value)
    assert records(engine) == {}


def test_two_zones_of_one_name_are_told_by_their_accounts(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    both = [{"id": f"z{one}", "name": "example.se", "account": {"id": one * 32, "name": "x@b.se"}} for one in "56"]
    monkeypatch.setattr(sys.modules[__name__], "ZONES", [*ZONES, *both])
    with pytest.raises(Exception, match=r"cloudflare\.accountId: example\.se is a zone in the accounts") as told:
        deploy(relay(domains=[{"name": "example.se"}], cloudflare={}))
    assert [one * 32 in str(told.value) for one in "56"] == [True, True]
    assert "x@b.se" not in str(told.value), "an account's name is often somebody's address"
    assert records(engine) == {}


def test_the_component_is_for_the_service_that_its_arguments_are_for(engine: Engine) -> None:
    from elastx_mrs import MailRelay

    other = replace(ELASTX, spf_host="_spf.mailhop.example", smtp_host="submit.mailhop.example", smtp_port=2587)
    config = {"accounts": [golden.ACCOUNT], "dkim": golden.DKIM, "domains": ["example.com"], "cloudflare": {}}
    made: list[MailRelay] = []
    arguments: Any = parse(config, camel_case=True, service=other)
    deploy(lambda: made.append(MailRelay("mail", arguments)))
    assert made[0].smtp == {"host": "submit.mailhop.example", "port": 2587, "starttls": True}
    content = records(engine)["mail-example.com-spf"].inputs["content"]
    assert content == '"v=spf1 include:_spf.mailhop.example -all"'


def test_what_the_component_has_for_the_program(engine: Engine) -> None:
    made: list[Any] = []
    deploy(lambda: made.append(relay(domains=[{"name": "example.com"}], cloudflare={})()))
    component = made[0]
    assert component.smtp == {"host": "smtp.elastx.email", "port": 587, "starttls": True}
    assert [(record.kind, record.name) for record in component.records] == [
        ("challenge", "example.com"),
        ("challenge", "example.com"),
        ("spf", "example.com"),
        ("dkim", "elastx._domainkey.example.com"),
        ("dmarc", "_dmarc.example.com"),
    ]


def existing(*owners: str, given: dict[str, Any] | None = None) -> list[Existing]:
    found: list[Existing] = []

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def run() -> pulumi.Output[None]:
        component = pulumi.ComponentResource("test:index:Parent", "parent")
        settings = Settings(zones=given or {}, domains=["example.com", "news.example.com"])
        publisher = Cloudflare(settings, component, "mail", lambda level, text: None)

        async def ask() -> None:
            found.extend([await publisher.existing(owner) for owner in owners])

        return pulumi.Output.from_input(ask())

    run()
    return found


def test_what_exists_is_read_from_one_list_a_zone(engine: Engine) -> None:
    apex, alias, wild, news = existing(
        "example.com", "alias.example.com", "_dmarc.a.wild.example.com", "_dmarc.news.example.com"
    )
    assert apex.txt == (b"v=spf1 include:_spf.google.com ~all", b"google-site-verification=abc")
    assert apex.others == {"MX": ["10 mail.example.com"]}, "a CNAME at the apex is flattened and in nobody's way"
    assert alias.others == {"CNAME": ["mail.example.com"]}
    assert wild.synthesised == {"A": ["192.0.2.1"]}
    assert (news.zone, news.txt) == ("news.example.com", ())
    listings = [call.args["zoneId"] for call in engine.calls if call.token.endswith("getDnsRecords")]
    assert listings == ["z1", "z2"]


def test_a_zone_whose_id_is_not_known_yet_cannot_be_asked(engine: Engine) -> None:
    unknown = pulumi.Output(set(), asyncio.sleep(0), asyncio.sleep(0, False))
    with pytest.raises(CannotAskError, match=r"the zone of example\.com is known only"):
        existing("example.com", given={"example.com": unknown, "news.example.com": "z2"})


RECORDS_OF = "cloudflare:index/getDnsRecords:getDnsRecords"
ZONE_OF = "cloudflare:index/getZone:getZone"
GIVEN = {"example.com": "z1", "news.example.com": "z2"}
FORBIDDEN: tuple[dict[str, Any], list[tuple[str, str]]] = (
    {},
    [("", said("403 Forbidden", 10000, "Authentication error"))],
)
FAILING: tuple[dict[str, Any], list[tuple[str, str]]] = (
    {},
    [("", said("500 Internal Server Error", 10000, "Authentication error"))],
)


@pytest.mark.parametrize(
    ("owner", "given", "answers", "problem"),
    [
        (
            "example.com",
            {},
            {RECORDS_OF: FORBIDDEN},
            r"Cloudflare does not list the records of example\.com: the token",
        ),
        (
            "example.com",
            GIVEN,
            {RECORDS_OF: ({}, [])},
            "zone z1 cannot be read yet, because its provider is not configured",
        ),
        (
            "example.com",
            GIVEN,
            {ZONE_OF: ({}, [])},
            "zone z1 cannot be read yet, because its provider is not configured",
        ),
        ("example.com", GIVEN, {ZONE_OF: FORBIDDEN}, r"cloudflare\.zones: z1 is not a zone that the token sees; copy"),
        (
            "example.com",
            GIVEN,
            {ZONE_OF: FAILING},
            r"Cloudflare does not name the zone z1: Cloudflare's API failed \(see www\.cloudflarestatus\.com\)",
        ),
        ("_dmarc.example.net", {}, {}, r"_dmarc\.example\.net is in no zone of this component"),
    ],
    ids=["not-listed", "records-not-known-yet", "zone-not-known-yet", "no-such-zone", "failing", "elsewhere"],
)
def test_why_a_zone_cannot_be_asked(
    engine: Engine, owner: str, given: dict[str, Any], answers: dict[str, Any], problem: str
) -> None:
    engine.answers = answers
    with pytest.raises(CannotAskError, match=problem):
        existing(owner, given=given)


def test_without_the_package_it_is_named(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pulumi_cloudflare", None)  # as if it were not installed
    plugin_version.cache_clear()
    try:
        with pytest.raises(pulumi.RunError, match=r"cloudflare: .*pulumi-cloudflare.*elastx-mrs\[cloudflare\]"):
            deploy(relay(domains=[{"name": "example.com"}], cloudflare={}))
    finally:
        plugin_version.cache_clear()
    assert engine.resources.keys() <= {"mail"}


@pytest.mark.parametrize(
    ("comment", "problem"),
    [
        (" ", "is not one line of text; write who owns the records, such as {project}/{stack}"),
        ("two\nlines", "is not one line of text"),
        ("{stack} of {team}", "has {team}; the placeholders are {project}, {stack} and {component}"),
    ],
)
def test_a_comment_that_cannot_be_one(comment: str, problem: str) -> None:
    with pytest.raises(ConfigError) as told:
        parse(BASE | {"domains": [{"name": "example.com"}], "cloudflare": {"comment": comment}}, camel_case=False)
    assert str(told.value).startswith(f"cloudflare.comment: {problem}")


def test_bad_arguments_stop_the_program_before_anything_is_declared(engine: Engine) -> None:
    with pytest.raises(pulumi.RunError, match=r"mail: domains\[0\]\.name: is a URL"):
        deploy(relay(domains=[{"name": "https://example.com"}], cloudflare={}))
    assert engine.resources == {}


def test_an_output_where_it_would_decide_which_records_exist_is_refused(engine: Engine) -> None:
    def program() -> None:
        relay(domains=[{"name": pulumi.ComponentResource("acme:index:Company", "acme").urn}], cloudflare={})()

    with pytest.raises(pulumi.RunError, match=r"domains\[0\]\.name: is a Pulumi Output"):
        deploy(program)


BOTH: Any = {"cloudflare": {}, "rfc2136": {"zones": ["example.se", "sub.example.com"]}}


def test_of_several_publishers_it_gets_the_domains_of_its_zones(engine: Engine, zoneless: list[str]) -> None:
    names = ["example.com", "news.example.com", "a.sub.example.com", "example.se"]
    deploy(relay(domains=[{"name": name} for name in names], **BOTH))
    assert {args.inputs["name"] for args in records(engine).values() if args.name.endswith("-spf")} == set(names[:2])
    assert [one.token for one in engine.calls] == ["cloudflare:index/getZones:getZones"], "listed once"
    assert zoneless == ["example.se", "sub.example.com"]


def test_a_domain_in_no_zone_and_one_in_two_are_faults_before_anything_is_declared(engine: Engine) -> None:
    with pytest.raises(pulumi.RunError) as told:
        deploy(relay(domains=[{"name": "example.org"}, {"name": "example.com"}], **BOTH))
    assert str(told.value) == (
        "domains[0]: no publisher is known to have a zone for example.org (cloudflare has example.com, "
        "news.example.com, xn--bcher-kva.example; rfc2136 has example.se, sub.example.com); create the zone; if one of "
        "these publishers has it, name that one in publish"
    )
    given = BOTH | {"rfc2136": {"zones": ["example.com"]}}
    with pytest.raises(
        pulumi.RunError, match=r"domains\[0\]: cloudflare and rfc2136 each have a zone example\.com; wr"
    ):
        deploy(relay(domains=[{"name": "example.com"}], **given))
    assert records(engine) == {}


def test_a_ttl_of_a_domain_whose_zone_is_here(engine: Engine) -> None:
    with pytest.raises(pulumi.RunError, match=r"^domains\[1\]\.ttl: is 30; Cloudflare takes 60"):
        deploy(relay(domains=[{"name": "example.se", "ttl": 30}, {"name": "example.com", "ttl": 30}], **BOTH))
    assert records(engine) == {}


@pytest.mark.parametrize(
    ("preview", "message", "expected"),
    [
        (True, "", r"^mail-example\.se-spf$"),
        (
            False,
            "",
            r"^cloudflare did not list its zones, and may have one for example\.se too: cloudflare: zones could",
        ),
        (True, said("403 Forbidden", 10000, "Authentication error"), r"^cloudflare: zones could not be listed: "),
        (False, said("403 Forbidden", 10000, "Authentication error"), r"^cloudflare: zones could not be listed: "),
    ],
)
def test_a_publisher_that_cannot_be_asked(
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    zoneless: list[str],
    preview: bool,
    message: str,
    expected: str,
) -> None:
    """A preview continues with the publisher that has the zone; an up would publish to what may be the wrong one."""
    monkeypatch.setattr("pulumi.runtime.is_dry_run", lambda: preview)
    failure = message or "error sending request: connection refused"
    engine.answers["cloudflare:index/getZones:getZones"] = ({}, [("", failure)])
    told = ""
    try:
        deploy(relay(domains=[{"name": "example.se"}], **BOTH))
    except pulumi.RunError as error:
        told = str(error)
    found = told or next(name for name in engine.resources if name.endswith("-spf"))
    assert re.search(expected, found), found
    warned = [one.message for one in caplog.records if "did not list its zones" in one.message]
    assert len(warned) == (0 if told else 1)
    assert all(
        "(This preview continues. An up lists the zones again, and stops if that fails)" in text for text in warned
    )


@pytest.mark.usefixtures("zoneless")
def test_a_provider_that_is_not_created_yet(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A preview does not know its zones: what another publisher has goes on, and what nobody has does not."""
    monkeypatch.setattr("pulumi.runtime.is_dry_run", lambda: True)
    engine.answers["cloudflare:index/getZones:getZones"] = ({}, [])
    deploy(relay(domains=[{"name": "example.se"}], **BOTH))
    assert "example.se too: cloudflare: its zones are known only after its provider is created. To" in caplog.text
    with pytest.raises(
        pulumi.RunError, match=r"for example\.com \(cloudflare did not list its zones: cloudflare: its z"
    ):
        deploy(relay(domains=[{"name": "example.com"}], **BOTH))


@pytest.mark.usefixtures("zoneless")
def test_a_publisher_that_has_the_zone_of_no_domain_is_a_warning(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    deploy(relay(domains=[{"name": "example.se"}], **BOTH))
    assert records(engine) == {}
    assert [one.message for one in caplog.records if "publishes nothing" in one.message] == [
        "cloudflare: publishes nothing, because it has no zone for any domain; remove it, or create the zone"
    ]


@pytest.mark.usefixtures("zoneless")
def test_with_publish_nobody_is_asked_and_a_zone_may_be_at_both(engine: Engine) -> None:
    both = {"name": "example.se", "publish": ["rfc2136", "cloudflare"]}
    deploy(relay(domains=[both], **BOTH | {"cloudflare": {"zones": {"example.se": "z7"}}}))
    assert engine.calls == []
    types = {args.typ for args in engine.seen if args.name == "mail-example.se-spf"}
    assert types == {"cloudflare:index/dnsRecord:DnsRecord", "pulumi-python:dynamic/rfc2136:TxtRecord"}
