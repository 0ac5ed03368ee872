"""examples/route53 in this process, against the stand-in: what is kept, what is refused, and what gets lost."""

import importlib
import json
import runpy
import sys
import threading
from collections.abc import Iterator
from typing import Any, Literal

import pulumi
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from elastx_mrs.config.parse import parse_stack
from elastx_mrs.records.text import presentation
from tests import golden
from tests.engine.stack import ROOT
from tests.examples.route53_api import Fault, HostedZone, RecordSet, Route53Api, escaped, serve, strings
from tests.records.foreign import NOT_OURS

sys.path.insert(0, str(ROOT / "examples" / "route53"))
record_sets: Any = importlib.import_module("record_sets")
route53: Any = importlib.import_module("route53")

APEX = "example.com"
THEIRS = ('"google-site-verification=abc"', r'"octets \303\245, a \"quote\" and \\101" "of two strings"')
TOKEN = golden.TOKEN


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Route53Api]:
    with serve() as api:
        for key, value in api.environment().items():
            monkeypatch.setenv(key, value)
        monkeypatch.setattr(record_sets, "PAUSE", 0.001)
        yield api


@pytest.fixture
def hosted(api: Route53Api) -> HostedZone:
    return api.zone("Z1", APEX, RecordSet(APEX, "TXT", 3600, THEIRS))


@pytest.fixture
def zone(api: Route53Api, hosted: HostedZone) -> Iterator[Any]:
    client = record_sets.connect(4)
    yield record_sets.Zone(client, hosted.id)
    client.close()


def add(zone: Any, value: str, owner: str = APEX, **more: Any) -> None:
    zone.add(owner, value, **({"ttl": None, "adopt": False} | more))


def ttl(hosted: HostedZone, owner: str = APEX) -> int | None:
    return hosted.sets[owner, "TXT", ""].ttl


def test_strings_of_others_are_kept_as_they_are_and_so_is_their_ttl(zone: Any, hosted: HostedZone) -> None:
    add(zone, TOKEN)
    add(zone, golden.SPF)
    assert hosted.txt(APEX) == (*THEIRS, f'"{TOKEN}"', f'"{golden.SPF}"')
    zone.replace(APEX, TOKEN, "another", None)
    assert hosted.txt(APEX) == (*THEIRS, '"another"', f'"{golden.SPF}"'), "in its place"
    assert ttl(hosted) == 3600
    zone.remove(APEX, "another")
    zone.remove(APEX, golden.SPF)
    zone.remove(APEX, golden.SPF)
    assert hosted.txt(APEX) == THEIRS
    assert ttl(hosted) == 3600


@pytest.mark.parametrize("kind", ["spf", "dmarc", "dkim"])
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_foreign_string_is_ever_taken_for_ours(
    zone: Any, hosted: HostedZone, kind: Literal["spf", "dmarc", "dkim"], data: st.DataObject
) -> None:
    first, second = {
        "spf": (golden.SPF, "v=spf1 include:elastx.email mx -all"),
        "dmarc": (golden.DMARC, "v=DMARC1; p=reject;"),
        "dkim": (golden.DKIM, "v=DKIM1; p="),
    }[kind]
    foreign = tuple(map(presentation, data.draw(st.lists(NOT_OURS[kind], min_size=1, max_size=3, unique=True))))
    hosted.put(RecordSet(APEX, "TXT", 3600, foreign))
    add(zone, first, adopt=True)
    hosted.put(RecordSet(APEX, "TXT", 3600, foreign))  # by hand: ours is gone
    assert record_sets.current_value(record_sets.values(zone.read(APEX)), first) is None
    add(zone, first, adopt=True)
    zone.replace(APEX, first, second, None)
    zone.remove(APEX, second)
    assert hosted.txt(APEX) == foreign


def test_the_first_string_makes_the_set_and_the_last_one_takes_it(zone: Any, hosted: HostedZone) -> None:
    owner = f"elastx._domainkey.{APEX}"
    add(zone, golden.DKIM, owner)
    assert hosted.txt(owner) == (f'"{golden.DKIM_FIRST}" "{golden.DKIM_REST}"',)
    assert ttl(hosted, owner) == 1800
    zone.remove(owner, golden.DKIM)
    assert (owner, "TXT", "") not in hosted.sets


def test_a_configured_ttl_is_the_whole_set_s(zone: Any, hosted: HostedZone) -> None:
    add(zone, TOKEN, ttl=300)
    assert ttl(hosted) == 300
    zone.replace(APEX, TOKEN, TOKEN, 600)
    assert ttl(hosted) == 600
    assert hosted.txt(APEX) == (*THEIRS, f'"{TOKEN}"')


def test_octal_escapes_are_read_as_octal(zone: Any, hosted: HostedZone) -> None:
    found = record_sets.values(zone.read(APEX))
    assert found == [b"google-site-verification=abc", b'octets \xc3\xa5, a "quote" and \\101of two strings']
    assert [b"".join(strings(value) or ()) for value in THEIRS] == found
    assert record_sets.octets(r'"not \400 octal') == rb'"not \400 octal'
    hosted.put(RecordSet(APEX, "TXT", 300, (r'"v=spf1 include:elastx.email \055all"',)))
    with pytest.raises(record_sets.Route53Error, match="has this TXT already"):
        add(zone, golden.SPF)


def test_what_somebody_else_changes_in_between_is_kept(zone: Any, hosted: HostedZone, api: Route53Api) -> None:
    api.meanwhile.append(lambda _: hosted.append(APEX, '"theirs"'))
    add(zone, TOKEN)
    assert hosted.txt(APEX) == (*THEIRS, '"theirs"', f'"{TOKEN}"')
    api.meanwhile.append(lambda _: hosted.put(RecordSet(APEX, "TXT", 60, ('"anew"', f'"{TOKEN}"'))))
    zone.replace(APEX, TOKEN, "another", None)
    assert (hosted.txt(APEX), ttl(hosted)) == (('"anew"', '"another"'), 60)
    api.meanwhile.append(lambda _: hosted.append(APEX, '"more"'))
    zone.remove(APEX, "another")
    assert hosted.txt(APEX) == ('"anew"', '"more"')
    assert api.codes("ChangeResourceRecordSets") == ["InvalidChangeBatch", "OK"] * 3


def test_a_set_that_is_never_the_same_is_left_alone(zone: Any, hosted: HostedZone, api: Route53Api) -> None:
    numbers = iter(range(100))
    api.meanwhile += [lambda _: hosted.append(APEX, f'"{next(numbers)}"')] * 100
    with pytest.raises(record_sets.Route53Error, match=r"changed by others 10 times .* run again"):
        add(zone, TOKEN)
    assert f'"{TOKEN}"' not in hosted.txt(APEX)


def test_the_threads_of_a_process_wait_for_each_other(zone: Any, hosted: HostedZone, api: Route53Api) -> None:
    tokens = [f"elastx-mrs={number}" for number in range(8)]
    threads = [threading.Thread(target=add, args=(zone, token)) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert hosted.txt(APEX)[:2] == THEIRS
    assert set(hosted.txt(APEX)[2:]) == {f'"{token}"' for token in tokens}
    assert api.codes("ChangeResourceRecordSets") == ["OK"] * 8


def test_an_answer_that_gets_lost_is_no_fault(zone: Any, hosted: HostedZone, api: Route53Api) -> None:
    api.lose = 1
    add(zone, TOKEN)
    assert api.codes("ChangeResourceRecordSets") == ["lost", "InvalidChangeBatch"], "boto3 has sent it again"
    api.lose = 1
    zone.remove(APEX, TOKEN)
    assert hosted.txt(APEX) == THEIRS


@pytest.mark.parametrize("code", ["Throttling", "PriorRequestNotComplete"])
def test_a_rate_limit_is_waited_for(zone: Any, hosted: HostedZone, api: Route53Api, code: str) -> None:
    api.faults += [Fault("ChangeResourceRecordSets", code, 2), Fault("ListResourceRecordSets", code)]
    add(zone, TOKEN)
    assert api.codes("ChangeResourceRecordSets") == [code, code, "OK"]


def test_a_second_record_of_a_kind_is_refused_where_the_guard_is_on(zone: Any, hosted: HostedZone) -> None:
    hosted.append(APEX, '"V=SPF1 include:other.example ~all"')
    with pytest.raises(record_sets.Route53Error, match=r"has 'V=SPF1 .* ~all', which this stack did not"):
        add(zone, golden.SPF)
    add(zone, golden.SPF, only=False)
    assert hosted.txt(APEX)[2:] == ('"V=SPF1 include:other.example ~all"', f'"{golden.SPF}"')
    with pytest.raises(record_sets.Route53Error, match="would make both invalid"):
        zone.replace(APEX, golden.SPF, "v=spf1 include:elastx.email ~all", None)
    zone.replace(APEX, golden.SPF, "v=spf1 include:elastx.email ~all", None, only=False)


def test_a_rival_that_somebody_publishes_in_between_is_refused(zone: Any, hosted: HostedZone, api: Route53Api) -> None:
    api.meanwhile.append(lambda _: hosted.append(APEX, '"v=spf1 -all"'))
    with pytest.raises(record_sets.Route53Error, match="has 'v=spf1 -all', which this stack did not publish"):
        add(zone, golden.SPF)


def test_what_is_there_already_is_adopted_only_where_that_is_said(zone: Any, hosted: HostedZone) -> None:
    hosted.append(APEX, f'"{TOKEN[:20]}" "{TOKEN[20:]}"')
    told = f"has this TXT already.*ELASTX_MRS_ADOPT={APEX} .*--continue-on-error names all"
    with pytest.raises(record_sets.Route53Error, match=told):
        add(zone, TOKEN)
    add(zone, TOKEN, adopt=True)
    assert hosted.txt(APEX) == (*THEIRS, f'"{TOKEN}"'), "however it was cut"
    hosted.append(APEX, '"v=spf1 ~all"')
    add(zone, golden.SPF, adopt=True)
    assert hosted.txt(APEX) == (*THEIRS, f'"{TOKEN}"', f'"{golden.SPF}"')


def test_what_is_in_the_way_is_named(zone: Any, hosted: HostedZone) -> None:
    hosted.put(
        RecordSet("_dmarc.example.com", "CNAME", 300, ("dmarc.other.example.",)),
        RecordSet("child.example.com", "NS", 300, ("ns1.other.example.",)),
        RecordSet("weighted.example.com", "TXT", 300, ('"a"',), "blue", 1),
        RecordSet("weighted.example.com", "TXT", 300, ('"b"',), "green", 1),
        RecordSet("alias.example.com", "TXT", None, (), alias="example.com"),
    )
    for owner, said in {
        "_dmarc.example.com": "is a CNAME to dmarc.other.example, so it cannot have a TXT .* the hosted zone Z1",
        "child.example.com": "is delegated to ns1.other.example, .* add child.example.com to zones",
        "weighted.example.com": "routing policy or an alias \\('blue', 'green'\\)",
        "alias.example.com": "routing policy or an alias \\(an alias\\)",
    }.items():
        with pytest.raises(record_sets.Route53Error, match=f"{owner} .*{said}"):
            add(zone, TOKEN, owner)
    assert zone.read("_dmarc.example.com") is None
    zone.remove("_dmarc.example.com", TOKEN)


def test_only_the_sets_of_the_name_itself_are_looked_at(zone: Any, hosted: HostedZone) -> None:
    """Names are sorted by reversed labels, with a dot at the end: ``-`` comes before it."""
    for name in ("a-b.example.com", "b.a.example.com", "aa.example.com", "*.example.com", "*.a.example.com"):
        hosted.put(RecordSet(name, "TXT", 300, ('"no"',)))
    for number in range(30):
        hosted.put(RecordSet("a.example.com", "A", 300, ("192.0.2.1",), f"{number:02}", 1))
    hosted.put(RecordSet("a.example.com", "TXT", 300, ('"yes"',)))
    assert record_sets.values(zone.read("a.example.com")) == [b"yes"], "on a second page"
    assert zone.read("z.example.com") is None
    assert escaped("*.example.com") == r"\052.example.com."
    assert "*.example.com" in {record_sets.name_of(one["Name"]) for one in zone.sets()}


def test_a_refusal_that_nobody_else_caused_is_passed_on(zone: Any, hosted: HostedZone, api: Route53Api) -> None:
    protected = "[example.com. TXT is protected: ask the DNS team]"
    api.faults.append(Fault("ChangeResourceRecordSets", "InvalidChangeBatch", 5, message=protected))
    with pytest.raises(
        record_sets.Route53Error, match=r"InvalidChangeBatch to ChangeResourceRecordSets of Z1.*ask the"
    ):
        add(zone, TOKEN)
    assert len(api.codes("ChangeResourceRecordSets")) == 1


def test_what_boto3_raises_is_one_line(zone: Any, api: Route53Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def problem() -> str:
        client = record_sets.connect(2)
        with pytest.raises(record_sets.Route53Error, match=r"^.*$") as raised:
            record_sets.Zone(client, "Z1").sets()
        client.close()
        assert raised.value.__suppress_context__
        return f"{raised.type.__name__}: {raised.value}"

    api.users["AKIDEXAMPLE"] = ("ListResourceRecordSets",)
    assert "AccessDenied to ListResourceRecordSets of Z1: User: arn" in problem()
    assert problem().endswith("allow these credentials to do it: README.md has the policy")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDOTHER")
    assert "InvalidClientTokenId" in problem()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert "Unable to locate credentials; boto3 finds credentials" in problem()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_ENDPOINT_URL_ROUTE_53", "http://127.0.0.1:9")
    assert problem().startswith("UnreachableError: Route 53 could not be queried about Z1: Could not connect")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(
        record_sets.Route53Error, match=r"The config profile \(nobody\) could not be found; boto3 finds"
    ):
        record_sets.connect(2)
    monkeypatch.delenv("AWS_PROFILE")
    monkeypatch.setenv("AWS_ENDPOINT_URL_ROUTE_53", "not a url")
    with pytest.raises(record_sets.Route53Error, match="not a url"):
        record_sets.connect(2)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            "Z404",
            "zones.example.se: Route 53 answers NoSuchHostedZone to GetHostedZone of Z404: .*; fix zones; to list",
        ),
        ("ZOTHER", "zones.example.se: ZOTHER is the hosted zone of example.org; write the id of example.se's zone"),
        ("ZPRIVATE", "zones.example.se: ZPRIVATE is private: only its VPCs see it; write the public hosted zone's id"),
        (
            "example",
            "zones.example.se: is not the id of a hosted zone, such as Z0123456789ABCDEFGHIJ; to list the ids",
        ),
        (
            None,
            "zones: there is no hosted zone for example.se, _dmarc.example.se among them \\(example.com\\); add the",
        ),
        ([], "zones: write the id of each hosted zone by domain: {example.com: Z0123456789ABCDEFGHIJ}"),
    ],
)
def test_zones_are_checked_before_anything_is_declared(api: Route53Api, wrong: object, said: str) -> None:
    api.zone("Z1", APEX)
    api.zone("ZOTHER", "example.org")
    api.zone("ZPRIVATE", "example.se", private=True)
    config = {"accounts": ["a@acme.example"], "dkim": {"external": True}, "domains": [APEX, "example.se"]}
    arguments = parse_stack({f"elastx-mrs:{key}": value for key, value in config.items()}, publisher=False)
    zones = {"Example.COM.": "/hostedzone/Z1"} | ({"example.se": wrong} if wrong is not None else {})
    with pytest.raises(pulumi.RunError, match=f"^{said}"):
        route53.Route53(wrong if wrong == [] else zones, arguments)


ARGUMENTS = {"accounts": ["a@acme.example"], "dkim": {"external": True}, "domains": [APEX]}


def problem() -> str:
    """What is said of the one zone before anything is declared."""
    arguments = parse_stack({f"elastx-mrs:{key}": value for key, value in ARGUMENTS.items()}, publisher=False)
    with pytest.raises(pulumi.RunError) as raised:
        route53.Route53({APEX: "Z1"}, arguments)
    return str(raised.value)


def test_credentials_are_checked_before_anything_is_declared(
    api: Route53Api, hosted: HostedZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.users["AKIDEXAMPLE"] = ("GetHostedZone",)
    assert problem().startswith(f"zones.{APEX}: Route 53 answers AccessDenied to GetHostedZone of Z1")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert problem().startswith(f"zones.{APEX}: Route 53 could not be queried about Z1: Unable to locate credentials")


def test_an_up_stops_where_aws_cannot_be_reached(api: Route53Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_ROUTE_53", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    said = problem()
    assert said.startswith(f"zones.{APEX}: Route 53 could not be queried about Z1: Could not connect")
    assert "AWS_ENDPOINT_URL_ROUTE_53" in said


def test_the_guard_s_mode_is_no_change_of_a_record() -> None:
    provider = route53.TxtProvider()
    old = {"zone": "Z1", "owner": APEX, "value": golden.SPF, "guard": "warn"}
    same = {key: value for key, value in old.items() if key != "guard"}
    assert not provider.diff("id", old, same).changes
    assert provider.diff("id", old, same | {"ttl": 300}).changes
    assert provider.diff("id", old, same | {"zone": "Z2"}).replaces == ["zone"]


def test_the_program_names_the_zones_that_its_config_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    config = {f"elastx-mrs:{key}": json.dumps(value) for key, value in ARGUMENTS.items()}
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps(config))  # as the language host gives it
    with pytest.raises(pulumi.ConfigMissingError, match=r"'[^']*:zones'"):
        runpy.run_path(str(ROOT / "examples" / "route53" / "__main__.py"))


def test_the_company_is_that_of_the_other_examples() -> None:
    own, lab = (
        yaml.safe_load((ROOT / file).read_text())["config"]
        for file in ("examples/route53/Pulumi.prod.yaml", "stacks/Pulumi.lab.yaml")
    )
    assert list(own.pop("acme-mail:zones")) == lab.pop("elastx-mrs:rfc2136")["zones"]
    assert own == lab
