"""Route 53's record sets, against a copy of its API, beyond the contract: order and cuts, escapes, pages, batches."""

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from elastx_mrs import limits
from elastx_mrs.publish.route53 import client as boto3_client
from elastx_mrs.publish.route53.client import Client
from elastx_mrs.publish.route53.cures import POLICY
from elastx_mrs.publish.route53.record_sets import Route53
from elastx_mrs.publish.rrset import names
from elastx_mrs.publish.rrset.record_sets import RecordSetError
from elastx_mrs.publish.rrset.strings import Strings, values
from elastx_mrs.records import RecordError
from elastx_mrs.records.kinds import current_value
from elastx_mrs.records.text import presentation
from tests import golden, secrecy
from tests.engine.stack import ROOT
from tests.publish.route53.api import SECRET, Fault, HostedZone, RecordSet, Route53Api, escaped, strings
from tests.records.foreign import NOT_OURS

APEX = "example.com"
THEIRS = ('"google-site-verification=abc"', r'"octets \303\245, a \"quote\" and \\101" "of two strings"')
TOKEN = golden.TOKEN


@pytest.fixture
def hosted(api: Route53Api) -> HostedZone:
    return api.zone("Z1", APEX, RecordSet(APEX, "TXT", 3600, THEIRS))


class Zone:
    """The strings of one hosted zone."""

    def __init__(self, identifier: str) -> None:
        self.id = identifier
        self.client = Client()
        self.sets = Route53(self.client)
        self.strings = Strings(self.sets)

    def read(self, owner: str) -> list[bytes]:
        return values(self.sets, names.Names(self.sets).read(self.id, owner))

    def replace(self, owner: str, old: str, new: str, ttl: int | None, *, only: bool = True) -> None:
        self.strings.replace(self.id, owner, old, new, ttl, only=only)

    def remove(self, owner: str, value: str) -> None:
        self.strings.remove(self.id, owner, value)


@pytest.fixture
def zone(hosted: HostedZone) -> Iterator[Zone]:
    made = Zone(hosted.id)
    yield made
    made.client.close()


def add(zone: Zone, value: str, owner: str = APEX, **more: Any) -> None:
    zone.strings.add(zone.id, owner, value, **({"ttl": None, "adopt": False} | more))


def ttl(hosted: HostedZone, owner: str = APEX) -> int | None:
    return hosted.sets[owner, "TXT", ""].ttl


def test_strings_of_others_are_kept_as_they_are_and_so_is_their_ttl(zone: Zone, hosted: HostedZone) -> None:
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
    zone: Zone, hosted: HostedZone, kind: Literal["spf", "dmarc", "dkim"], data: st.DataObject
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
    assert current_value(zone.read(APEX), first) is None
    add(zone, first, adopt=True)
    zone.replace(APEX, first, second, None)
    zone.remove(APEX, second)
    assert hosted.txt(APEX) == foreign


def test_octal_escapes_are_read_as_octal(zone: Zone, hosted: HostedZone) -> None:
    found = zone.read(APEX)
    assert found == [b"google-site-verification=abc", b'octets \xc3\xa5, a "quote" and \\101of two strings']
    assert [b"".join(strings(value) or ()) for value in THEIRS] == found
    assert zone.sets.octets(r'"not \400 octal') == rb'"not \400 octal'
    hosted.put(RecordSet(APEX, "TXT", 300, (r'"v=spf1 include:elastx.email \055all"',)))
    with pytest.raises(RecordSetError, match="has this TXT already"):
        add(zone, golden.SPF)


@settings(max_examples=200)
@given(octets=st.binary(max_size=600), cut=st.integers(1, 255))
def test_any_octets_are_read_as_they_were_written(octets: bytes, cut: int) -> None:
    """As Route 53 writes them: printable ASCII as it is, the rest in octal, in strings of any length."""
    pieces = [octets[start : start + cut] for start in range(0, len(octets), cut)] or [b""]
    text = " ".join(f'"{"".join(map(escaped_octet, piece))}"' for piece in pieces)
    assert Route53(Client()).octets(text) == octets


def escaped_octet(octet: int) -> str:
    if chr(octet) in '"\\':
        return f"\\{octet:c}"
    return chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03o}"


@given(st.text(max_size=60))
def test_any_text_of_the_api_has_octets(text: str) -> None:
    assert isinstance(Route53(Client()).octets(text), bytes)


def test_what_somebody_else_changes_in_between_is_kept(zone: Zone, hosted: HostedZone, api: Route53Api) -> None:
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


def test_a_set_that_is_never_the_same_is_left_alone(
    zone: Zone, hosted: HostedZone, api: Route53Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "CONTENTION", 0.5)
    numbers = iter(range(10_000))
    api.meanwhile += [lambda _: hosted.append(APEX, f'"{next(numbers)}"')] * 10_000
    with pytest.raises(RecordSetError, match=r"example\.com at Route 53 were changed by others .*; run pulumi"):
        add(zone, TOKEN)
    assert f'"{TOKEN}"' not in hosted.txt(APEX)


def test_changes_of_one_name_that_wait_for_each_other_are_one_batch(
    zone: Zone, hosted: HostedZone, api: Route53Api
) -> None:
    tokens = [f"elastx-mrs={number}" for number in range(8)]
    others = [threading.Thread(target=add, args=(zone, token)) for token in tokens[1:]]

    def begin(_: str) -> None:
        for thread in others:
            thread.start()
        while waiting(zone) < len(others):
            time.sleep(0.001)

    api.meanwhile.append(begin)
    add(zone, tokens[0])
    for thread in others:
        thread.join()
    assert hosted.txt(APEX)[:3] == (*THEIRS, f'"{tokens[0]}"')
    assert set(hosted.txt(APEX)[3:]) == {f'"{token}"' for token in tokens[1:]}
    assert api.codes("ChangeResourceRecordSets") == ["OK"] * 2
    assert api.codes("ListResourceRecordSets") == ["OK"] * 2


def waiting(zone: Zone) -> int:
    (place,) = zone.strings._names._places.values()
    return len(place.waiting)


def test_a_lost_answer_and_somebody_else_s_change_after_it(zone: Zone, hosted: HostedZone, api: Route53Api) -> None:
    """Our value is there, and nobody says that we did not put it there."""
    api.lose = 1
    api.changed = lambda zone, owner: zone.put(RecordSet(owner, "TXT", 60, (*zone.txt(owner), '"theirs"')))
    add(zone, TOKEN)
    assert hosted.txt(APEX) == (*THEIRS, f'"{TOKEN}"', '"theirs"')


@pytest.mark.parametrize("page", ["<html><p>Log in<br></html>", "<html/>", "<ListHostedZonesRes", ""])
def test_an_answer_that_is_not_route_53_s_is_a_lost_one(
    zone: Zone, hosted: HostedZone, api: Route53Api, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    """A proxy's page, or half of an answer. A change may have been made, so its set is read back."""
    api.pages.extend([page] * 3)
    assert [one.id for one in zone.sets.zones()] == ["Z1"]
    assert api.codes("ListHostedZones") == ["OK"] * 4
    send = zone.client.change

    def change(about: str, **given: Any) -> Any:
        api.pages.append(page)
        return send(about, **given)

    monkeypatch.setattr(zone.client, "change", change)
    add(zone, TOKEN)
    assert api.codes("ChangeResourceRecordSets") == ["OK"]
    assert hosted.txt(APEX) == (*THEIRS, f'"{TOKEN}"')
    api.pages.extend([page] * 4)
    with pytest.raises(
        RecordSetError, match=r"the request to Route 53 about the hosted zones failed: .*; check the net"
    ):
        zone.sets.zones()


@pytest.mark.parametrize("code", ["Throttling", "PriorRequestNotComplete"])
def test_a_rate_limit_is_waited_for(zone: Zone, hosted: HostedZone, api: Route53Api, code: str) -> None:
    api.faults += [Fault("ChangeResourceRecordSets", code, 2), Fault("ListResourceRecordSets", code)]
    add(zone, TOKEN)
    assert api.codes("ChangeResourceRecordSets") == [code, code, "OK"]


def test_from_the_first_refusal_on_the_rate_is_kept(
    zone: Zone, api: Route53Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise half of all requests are refused, and wait longer and longer."""
    slept: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: 100.0, sleep=slept.append)
    monkeypatch.setattr(boto3_client, "time", clock)
    monkeypatch.setattr(boto3_client, "RATE", 5)
    for _ in range(3):
        zone.sets.try_read(zone.id)
    api.faults.append(Fault("ListResourceRecordSets", "Throttling"))
    for _ in range(3):
        zone.sets.try_read(zone.id)
    assert slept[:4] == [0.0] * 4
    assert slept[4] <= 1.5 * boto3_client.PAUSE
    assert slept[5:] == pytest.approx([0.0, 0.2, 0.4])


@pytest.mark.limit("ROUTE53_THROTTLED")
def test_a_rate_limit_is_not_waited_for_for_ever(zone: Zone, api: Route53Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ROUTE53_THROTTLED", limits.ROUTE53_THROTTLED._replace(most=0))
    api.faults.append(Fault("ChangeResourceRecordSets", "Throttling", 9))
    with pytest.raises(RecordSetError, match=r"Throttling .* Rate exceeded; others use up the account's 5 req"):
        add(zone, TOKEN)
    assert len(api.codes("ChangeResourceRecordSets")) == 1


@pytest.mark.limit("ROUTE53_PAGES")
def test_lists_have_pages_and_an_end(zone: Zone, api: Route53Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(250):
        api.zone(f"Z9{number}", f"{number}.example.org")
    assert len(zone.sets.zones()) == 251
    assert api.codes("ListHostedZones") == ["OK"] * 3
    monkeypatch.setattr(limits, "ROUTE53_PAGES", limits.ROUTE53_PAGES._replace(most=2))
    with pytest.raises(RecordSetError, match="Route 53 lists more than 2 pages of the hosted zones"):
        zone.sets.zones()


def test_the_largest_set_and_one_string_more(zone: Zone, hosted: HostedZone) -> None:
    """Route 53 counts the characters of the old set and of the new one."""
    mine = tuple(f'"{number:04}{"x" * 250}"' for number in range(61))
    hosted.put(RecordSet(APEX, "TXT", 300, mine))
    assert (61 * 256) * 2 + len(TOKEN) + 2 < 32_000
    add(zone, TOKEN)
    assert hosted.txt(APEX) == (*mine, f'"{TOKEN}"')
    hosted.append(APEX, f'"{"y" * 250}"')
    with pytest.raises(RecordSetError, match=r"^example\.com: the change has \d+ values and \d+ characters, .* 32000"):
        add(zone, "v=spf1 -all" + " " * 500)
    with pytest.raises(RecordError, match="has 4041 characters; Route 53 takes 4000"):
        zone.sets.written("x" * 3_992 + '"')


def test_a_change_is_settled_once_every_server_has_it(zone: Zone, hosted: HostedZone, api: Route53Api) -> None:
    change = zone.strings.add(zone.id, APEX, TOKEN, None, adopt=False)
    api.pending = 2
    assert [zone.sets.settled(change) for _ in range(3)] == [False, False, True]


def test_an_adopted_string_stays_however_it_is_cut(zone: Zone, hosted: HostedZone, api: Route53Api) -> None:
    hosted.append(APEX, f'"{TOKEN[:20]}" "{TOKEN[20:]}"')
    add(zone, TOKEN, adopt=True)
    assert hosted.txt(APEX) == (*THEIRS, f'"{TOKEN[:20]}" "{TOKEN[20:]}"')
    assert api.codes("ChangeResourceRecordSets") == [], "nothing is sent"


def test_what_is_in_the_way_is_named(zone: Zone, hosted: HostedZone) -> None:
    hosted.put(
        RecordSet("_dmarc.example.com", "CNAME", 300, ("dmarc.other.example.",)),
        RecordSet("child.example.com", "NS", 300, ("ns1.other.example.",)),
        RecordSet("weighted.example.com", "TXT", 300, ('"a"',), "blue", 1),
        RecordSet("weighted.example.com", "TXT", 300, ('"b"',), "green", 1),
        RecordSet("alias.example.com", "TXT", None, (), alias="example.com"),
    )
    for owner, said in {
        "_dmarc.example.com": "is a CNAME to dmarc.other.example and cannot have a TXT .*; remove the CNAME at",
        "child.example.com": "is delegated to ns1.other.example, and a record here is never served; publish",
        "weighted.example.com": "a health check or an alias \\('blue'\\), and not every resolver",
        "alias.example.com": "a health check or an alias, and not every resolver",
    }.items():
        with pytest.raises(RecordSetError, match=f"{owner} .*{said}"):
            add(zone, TOKEN, owner)
    assert zone.read("_dmarc.example.com") == []
    zone.remove("_dmarc.example.com", TOKEN)


def test_only_the_sets_of_the_name_itself_are_looked_at(zone: Zone, hosted: HostedZone) -> None:
    """Names are sorted by reversed labels, with a dot at the end: ``-`` comes before it."""
    for name in ("a-b.example.com", "b.a.example.com", "aa.example.com", "*.example.com", "*.a.example.com"):
        hosted.put(RecordSet(name, "TXT", 300, ('"no"',)))
    for number in range(30):
        hosted.put(RecordSet("a.example.com", "A", 300, ("192.0.2.1",), f"{number:02}", 1))
    hosted.put(RecordSet("a.example.com", "TXT", 300, ('"yes"',)))
    assert zone.read("a.example.com") == [b"yes"], "on a second page"
    assert zone.read("z.example.com") == []
    assert escaped("*.example.com") == r"\052.example.com."
    assert "*.example.com" in {one.name for one in zone.sets.read(zone.id)}


def test_a_refusal_that_nobody_else_caused_is_passed_on(zone: Zone, hosted: HostedZone, api: Route53Api) -> None:
    protected = "[example.com. TXT is protected: ask the DNS team]"
    api.faults.append(Fault("ChangeResourceRecordSets", "InvalidChangeBatch", 5, message=protected))
    with pytest.raises(RecordSetError, match=r"InvalidChangeBatch to ChangeResourceRecordSets of Z1.*ask the"):
        add(zone, TOKEN)
    assert len(api.codes("ChangeResourceRecordSets")) == names.REFUSALS


def test_what_boto3_raises_is_one_line(zone: Zone, api: Route53Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def problem() -> str:
        client = Client()
        with pytest.raises(RecordSetError, match=r"^.*$") as raised:
            Route53(client).read("Z1")
        client.close()
        assert raised.value.__suppress_context__
        assert secrecy.shown(str(raised.value), [SECRET]) == []
        return f"{raised.type.__name__}: {raised.value}"

    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    api.users["AKIDEXAMPLE"] = ("ListResourceRecordSets",)
    assert "AccessDenied to ListResourceRecordSets of Z1: User: arn" in problem()
    assert problem().endswith(f"allow this in the IAM policy of these credentials: {POLICY}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDOTHER")
    assert "InvalidClientTokenId" in problem()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert "Unable to locate credentials; set AWS_PROFILE, or run aws configure" in problem()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_ENDPOINT_URL_ROUTE_53", "http://127.0.0.1:9")
    assert problem().startswith("UnreachableError: the request to Route 53 about Z1 failed: Could not connect")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert "The config profile (nobody) could not be found; set AWS_PROFILE" in problem()
    monkeypatch.delenv("AWS_PROFILE")
    monkeypatch.setenv("AWS_ENDPOINT_URL_ROUTE_53", "not a url")
    assert "not a url" in problem()


def test_an_error_shows_no_secret_of_the_request(zone: Zone, api: Route53Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS repeats what it wanted to have signed, with the session's token; boto3 the whole address."""
    signed = f"The Canonical String for this request should have been\n'GET\nx-amz-security-token:{SECRET}\n'"
    said = f"The signature we calculated does not match.\n\n{signed}"
    api.faults.append(Fault("ListHostedZones", "SignatureDoesNotMatch", 1, 403, said))
    with pytest.raises(
        RecordSetError, match=r"ListHostedZones of the hosted zones: The signature .* match; check AWS_S"
    ):
        zone.sets.zones()
    monkeypatch.setenv("AWS_ENDPOINT_URL_ROUTE_53", f"http://acme:{SECRET.replace('/', '%2F')}@127.0.0.1:9")
    with pytest.raises(RecordSetError, match=r'endpoint URL: "http://…@127\.0\.0\.1:9/'):
        Zone("Z1").sets.zones()


@pytest.mark.parametrize("variable", ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"])
def test_an_answer_that_repeats_a_secret_is_not_shown(
    zone: Zone, api: Route53Api, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """In whatever words and form: who answers may be a proxy, and not AWS."""
    (held,) = (one for one in secrecy.HELD if variable in one.variables)
    monkeypatch.setenv(variable, held.value)
    forms = {kind: form.decode("latin-1") for kind, form in secrecy.forms(held.value).items()}
    for form in [form for kind, form in forms.items() if kind not in secrecy.OF_OCTETS]:
        said = f"Get https://proxy.example/?auth={form} was denied"
        api.faults.append(Fault("ListHostedZones", "AccessDenied", 1, 403, said))
        with pytest.raises(RecordSetError, match=r"answers AccessDenied .* \(its text contains a key, and") as raised:
            zone.sets.zones()
        assert secrecy.shown(str(raised.value), [held.value]) == []


def test_a_program_for_credentials_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, api: Route53Api, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("[profile acme]\ncredential_process = /nonexistent/program\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "acme")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(RecordSetError, match=r"No such file .*'/nonexistent/program'; set AWS_PROFILE"):
        Zone("Z1").sets.zones()


def test_without_boto3_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(RecordSetError, match=r"boto3 is not installed; run: pip install 'elastx-mrs\[route53\]'"):
        Route53(Client()).zones()


def test_the_policy_that_a_message_links_is_on_the_page() -> None:
    page, _, anchor = POLICY.partition("#")
    text = (ROOT / "docs" / page.rpartition("/")[2]).read_text()
    assert f"\n## {anchor.capitalize()}\n" in text
