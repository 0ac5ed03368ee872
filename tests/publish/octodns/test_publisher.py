"""A stack that publishes through octoDNS: zones are found, and what cannot work is one line before anything is sent."""

import asyncio
import json
import socket
from typing import Any

import pulumi
import pytest

from elastx_mrs import limits, registry
from elastx_mrs.config.parse import ConfigError, parse
from elastx_mrs.config.plain_text import in_plain_text
from elastx_mrs.publish.existing import CannotAskError, Existing
from elastx_mrs.publish.octodns.configured import described
from elastx_mrs.publish.octodns.publisher import OctodnsPublisher
from elastx_mrs.publish.octodns.settings import Octodns, place
from elastx_mrs.publish.rrset.record_sets import RecordSetError
from elastx_mrs.records import RecordError
from elastx_mrs.secrecy import hints
from tests.publish.octodns.powerdns import API_KEY, PowerDns
from tests.publish.rrset.program import CONFIG, Program
from tests.servers import free_port

APEX = "example.com"


def made(**config: Any) -> OctodnsPublisher:
    publisher = Program("octodns").publisher(**config)
    assert isinstance(publisher, OctodnsPublisher)
    return publisher


def refused(given: Any, **config: Any) -> str:
    with pytest.raises(pulumi.RunError) as raised:
        made(octodns=given, **config)
    text = str(raised.value)
    assert "Traceback" not in text
    assert not hints(text, API_KEY)
    return text


def existing(publisher: OctodnsPublisher, owner: str) -> Existing:
    return asyncio.run(publisher.existing(owner))


@pytest.fixture
def _preview(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)


@pytest.mark.parametrize("zones", [None, [APEX, "example.se"]])
def test_a_name_s_records_are_found(pdns: PowerDns, zones: list[str] | None) -> None:
    publisher = made(octodns={"pdns": pdns.config | ({"zones": zones} if zones else {})})
    found = existing(publisher, APEX)
    assert b"two strings of one record" in found.txt
    assert b'octets\x00\x7f\xff and "quotes" and \\backslash; semicolon' in found.txt
    assert found.others == {"MX": ["10 mail.example.com"]}
    assert (found.zone, found.ttl, found.problem) == (APEX, 3600, "")
    assert existing(publisher, f"alias.{APEX}").others == {"CNAME": ["mail.example.com"]}
    assert existing(publisher, f"x.child.{APEX}").child == f"child.{APEX}"


@pytest.mark.usefixtures("_preview")
def test_a_preview_tells_what_octodns_reads_wrong(pdns: PowerDns) -> None:
    pdns.put(APEX, APEX, ['"google-site-verification=abc"'], disabled=['"switched off"'])
    found = existing(made(octodns={"pdns": pdns.config}), APEX)
    assert found.problem.startswith("example.com: octodns.pdns has 'switched off', unlike 127.0.0.1")


@pytest.mark.usefixtures("_preview")
def test_a_preview_where_no_name_server_answers(pdns: PowerDns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELASTX_MRS_NAMESERVERS", f"127.0.0.1:{free_port()}")
    publisher = made(octodns={"pdns": pdns.config})
    with pytest.raises(CannotAskError, match="no name server answered"):
        existing(publisher, APEX)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {"class": "octodns_nowhere.Provider"},
            "octodns.pdns.class: octodns_nowhere.Provider is not installed; run: pip install octodns-nowhere",
        ),
        (
            {"class": "octodns_powerdns.Nope"},
            "octodns.pdns.class: octodns_powerdns.Nope is not in its package; write octodns_powerdns.PowerDns",
        ),
        ({"class": "os.path"}, "octodns.pdns.class: os.path is not a provider of octoDNS"),
        ({"class": "octodns.source.base.BaseSource"}, "octodns.pdns.class: octodns.source.base.BaseSource is not a"),
        (
            {"apikey": "x"},
            "octodns.pdns.apikey: is not a key of octodns_powerdns.PowerDnsProvider; its keys are host",
        ),
        ({"api_key": "env/NOPE_NOT_SET"}, "octodns.pdns.api_key: the environment variable 'NOPE_NOT_SET' is not set"),
        (
            {"soa_edit_api": "x"},
            "octodns.pdns: octodns_powerdns.PowerDnsProvider cannot be set up: ValueError",
        ),
        ({"api_key": "Wrong-Key-4711-of-nobody"}, "octodns.pdns: octodns_powerdns.PowerDnsProvider could not list its"),
        ({"zones": ["example.org"]}, "octodns.pdns: octodns_powerdns.PowerDnsProvider has no zone example.org; create"),
    ],
)
def test_what_cannot_work_is_one_line_with_its_place(pdns: PowerDns, more: dict[str, Any], said: str) -> None:
    domains = [APEX, *more.get("zones", ())]
    text = refused({"pdns": pdns.config | more}, domains=domains)
    assert text.startswith(said), text
    assert "\n" not in text
    assert not hints(text, "Wrong-Key-4711-of-nobody")


def test_keys_that_are_missing_are_named(pdns: PowerDns) -> None:
    given = {key: value for key, value in pdns.config.items() if key in ("class", "port")}
    assert refused({"pdns": given}).startswith(
        "octodns.pdns: octodns_powerdns.PowerDnsProvider needs host and api_key; write them"
    )


def test_a_zone_that_two_providers_have(pdns: PowerDns) -> None:
    text = refused({"one": pdns.config, "two": pdns.config})
    assert text.startswith("octodns: 2 zones are called example.com: one/example.com and two/example.com; write zones")
    publisher = made(octodns={"one": pdns.config, "two": pdns.config | {"zones": [APEX]}})
    assert publisher._zones[APEX].id == f"two/{APEX}"


def test_a_domain_in_no_zone(pdns: PowerDns) -> None:
    text = refused({"pdns": pdns.config}, domains=["example.org"])
    assert text.startswith(
        "octodns: octoDNS's provider has no zone for example.org: these credentials see elastx.email, example"
    )


def test_a_provider_without_a_list_needs_zones(pdns: PowerDns) -> None:
    given = {"class": "octodns_bind.Rfc2136Provider", "host": "127.0.0.1"}
    text = refused({"own": given})
    assert text == ("octodns.own: octodns_bind.Rfc2136Provider cannot list zones; write octodns.own.zones: [<zone>, …]")


@pytest.mark.usefixtures("_preview")
def test_a_provider_that_cannot_be_reached(pdns: PowerDns) -> None:
    away = pdns.config | {"port": free_port()}
    assert "could not list its zones: ConnectionError" in refused({"pdns": away})
    program = Program("octodns")
    program.publisher(octodns={"pdns": away | {"zones": [APEX]}})
    ((level, said),) = program.said
    assert level == "warning"
    assert said.startswith("octodns.pdns: octodns_powerdns.PowerDnsProvider could not read the zone example.com")


@pytest.mark.limit("OCTODNS_SECONDS")
def test_a_provider_that_never_answers(pdns: PowerDns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OCTODNS_SECONDS", limits.OCTODNS_SECONDS._replace(most=1))
    with socket.create_server(("127.0.0.1", 0)) as mute:
        given = pdns.config | {"port": mute.getsockname()[1], "timeout": 3}
        assert "could not list its zones within 1 seconds" in refused({"pdns": given})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"pdns": "octodns_powerdns.PowerDnsProvider"}, "octodns.pdns: is not an object with keys; write one, such"),
        ({"pdns": {}}, "octodns.pdns.class: is missing; write the provider's class, such as octodns_hetzner.Hetzner"),
        ({"pdns": {"class": "Hetzner"}}, "octodns.pdns.class: 'Hetzner' is not the path of a Python class; write one"),
        (
            {"a/b": {"class": "a.B"}},
            "octodns.a/b: 'a/b' is not an id; write up to 63 letters, digits, '_', '-' and '.'",
        ),
        ({"a": {"class": "a.B", "zones": "example.com"}}, "octodns.a.zones: is not a list of zones; write one"),
        ({"a": {"class": "a.B", "zones": [7]}}, "octodns.a.zones[0]: is not text; write the name of a zone"),
        ({"a": {"class": "a.B", "zones": ["a b"]}}, "octodns.a.zones[0]: "),
        (
            {"a": {"class": "a.B", "zones": [APEX]}, "b": {"class": "a.B", "zones": [APEX]}},
            "octodns.b.zones[0]: example.com is in octodns.a.zones too; list it for one provider only",
        ),
        ("text", "octodns: is a string; write an object with providers of octoDNS by name, such as {hetzner"),
    ],
)
def test_a_config_that_cannot_work(given: Any, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        made(octodns=given)
    assert str(raised.value).startswith(said)


def test_a_key_in_plain_text_is_told_without_its_value() -> None:
    own = {"class": "a.B", "host": "h", "api_key": API_KEY, "token": "env/TOKEN", "secret": {"secure": "v1:x"}, "n": 1}
    values: dict[str, Any] = {"elastx-mrs:octodns": {"own": own, "odd": "text", "hidden": {"secure": "v1:x"}}}
    (fault,) = in_plain_text(registry.providers(), values.get)
    assert fault.path == "octodns.own.api_key"
    assert fault.problem.startswith("is in plain text, and Git keeps it forever: create a new key at the provider")
    assert fault.problem.endswith("run: pulumi config set --path --secret elastx-mrs:octodns.own.api_key")
    assert not hints(str(fault), API_KEY)
    assert list(in_plain_text(registry.providers(), {"elastx-mrs:octodns": {"secure": "v1:x"}}.get)) == []


@pytest.mark.parametrize(
    ("own", "path"),
    [
        ({"config": {"gandi": {"auth_token": API_KEY}}}, "octodns.own.config.gandi.auth_token"),
        ({"passwords": {"example.com": API_KEY}}, 'octodns.own.passwords["example.com"]'),
        ({"logins": [{"user": "acme", "secret": API_KEY}]}, "octodns.own.logins[0].secret"),
    ],
)
def test_a_key_in_plain_text_is_found_at_any_depth(own: dict[str, Any], path: str) -> None:
    values: dict[str, Any] = {"elastx-mrs:octodns": {"own": {"class": "a.B", **own}, "my.own": {"class": "a.B"}}}
    (fault,) = in_plain_text(registry.providers(), values.get)
    assert fault.path == path
    values["elastx-mrs:octodns"] = {"my.own": {"class": "a.B", **own}}
    (other,) = in_plain_text(registry.providers(), values.get)
    assert other.path == path.replace(".own", '["my.own"]', 1), "Pulumi would read another path"
    assert not hints(str(fault), API_KEY)


def test_a_zone_may_be_written_in_unicode(pdns: PowerDns) -> None:
    given = {"pdns": pdns.config | {"zones": ["Exämple.se."]}}
    found = described({"elastx-mrs:octodns": json.dumps(given)}.get, {"PDNS_API_KEY": API_KEY})
    assert found["pdns"].zones == ("xn--exmple-cua.se",)
    assert place(Octodns(**given), "mail.xn--exmple-cua.se") == "pdns"


@pytest.mark.parametrize("zones", [5, "example.com", [], [5], ["exa mple"], {"example.com": 1}])
def test_zones_of_a_stack_that_nobody_checked(pdns: PowerDns, zones: Any) -> None:
    """A program writes an empty object, so only the publisher sees what the stack's config has."""
    given = json.dumps({"pdns": pdns.config | {"zones": zones}})
    with pytest.raises(RecordSetError, match=r"^octodns\.pdns\.zones(\[0\])?: "):
        described({"elastx-mrs:octodns": given}.get, {"PDNS_API_KEY": API_KEY})


def test_a_program_writes_no_provider() -> None:
    """A program's arguments are its component's inputs in other languages, and those are in the state."""
    parse(CONFIG | {"octodns": {}}, camel_case=False)
    with pytest.raises(ConfigError, match=r"octodns\.pdns: cannot be an input: write it under elastx-mrs:octodns in"):
        parse(CONFIG | {"octodns": {"pdns": {"class": "a.B"}}}, camel_case=False)


def test_a_zone_at_two_providers_of_a_stack_that_nobody_checked(pdns: PowerDns) -> None:
    own = pdns.config | {"zones": [APEX]}
    with pytest.raises(RecordSetError, match=r"^octodns\.two\.zones\[0\]: example\.com is in octodns\.one\.zones too"):
        described({"elastx-mrs:octodns": json.dumps({"one": own, "two": own})}.get, {"PDNS_API_KEY": API_KEY})


@pytest.mark.parametrize("value", ['a "quote"', "a \\ backslash"])
def test_a_value_that_providers_write_in_several_ways_is_refused(pdns: PowerDns, value: str) -> None:
    publisher = made(octodns={"pdns": pdns.config})
    with pytest.raises(RecordError, match="has a quote or a backslash, which octoDNS's providers write in"):
        publisher._octodns.written(value)
