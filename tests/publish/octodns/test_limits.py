"""A provider of octoDNS that cannot hold a value: refused in the preview where its class says so, else in the up."""

import threading
from typing import Any

import pulumi
import pytest
from octodns_powerdns import PowerDnsProvider

from elastx_mrs.publish.octodns.publisher import OctodnsPublisher
from elastx_mrs.publish.rrset import gathering
from elastx_mrs.publish.rrset.record_sets import RecordSetError
from elastx_mrs.publish.rrset.strings import Strings
from tests import golden
from tests.publish.octodns import short
from tests.publish.octodns.powerdns import PowerDns
from tests.publish.octodns.test_powerdns import APEX, ZONE, connected
from tests.publish.rrset.program import Program

DKIM = f"elastx._domainkey.{APEX}"


def of(server: PowerDns, kind: type[Any], **more: Any) -> dict[str, Any]:
    return {"pdns": server.config | {"class": f"{kind.__module__}.{kind.__qualname__}"} | more}


def publisher(server: PowerDns, kind: type[Any], dkim: str = golden.DKIM, **more: Any) -> OctodnsPublisher:
    made = Program("octodns").publisher(octodns=of(server, kind, **more), dkim=dkim)
    assert isinstance(made, OctodnsPublisher)
    return made


@pytest.fixture
def sent(pdns: PowerDns, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is sent to change something."""
    changes: list[str] = []
    request = PowerDnsProvider._request

    def counted(self: Any, method: str, path: str, data: Any = None) -> Any:
        if method != "GET":
            changes.append(f"{method} {path}")
        return request(self, method, path, data)

    monkeypatch.setattr(PowerDnsProvider, "_request", counted)
    return changes


@pytest.mark.parametrize(
    ("kind", "more", "why"),
    [
        (short.Declared, {}, f"SupportsException: pdns: TXT values over 255 octets not supported for {DKIM}"),
        (short.Declared, {"strict_supports": False}, "it would leave the record out"),
        (short.Cutting, {}, "it would change the value"),
    ],
)
def test_a_preview_refuses_what_the_class_says_that_it_cannot_hold(
    pdns: PowerDns, sent: list[str], kind: type[Any], more: dict[str, Any], why: str
) -> None:
    with pytest.raises(pulumi.RunError) as raised:
        publisher(pdns, kind, **more)
    text = str(raised.value)
    assert text == (
        f"octodns: the dkim record of {DKIM}: octodns.pdns: tests.publish.octodns.short.{kind.__name__} cannot hold "
        f"'{golden.DKIM[:60]}…' (403 octets): {why}; use another publisher for this name, or a shorter value"
    ), text
    assert sent == []


@pytest.mark.parametrize("kind", [short.Confused, short.Late])
def test_a_class_that_cannot_say_is_no_reason_to_stop(pdns: PowerDns, kind: type[Any]) -> None:
    publisher(pdns, kind)


def test_one_object_of_the_class_judges_all_values(pdns: PowerDns) -> None:
    short.Declared.made.clear()
    made = Program("octodns").publisher(octodns=of(pdns, short.Declared), accounts=[f"{n}@a.example" for n in range(9)])
    assert len(made._records) > 10
    assert len(short.Declared.made) == 2, "one lists the zones, and one judges"


def test_an_up_refuses_a_value_before_anything_is_sent(pdns: PowerDns, sent: list[str]) -> None:
    """As where a program declares another value than its preview."""
    strings = Strings(connected(pdns, **of(pdns, short.Declared)["pdns"]))
    with pytest.raises(RecordSetError, match=rf"^{DKIM}: octodns\.pdns: .*Declared cannot hold 'v=DKIM1; "):
        strings.add(ZONE, DKIM, golden.DKIM, None, adopt=False)
    assert sent == []


def test_what_shows_only_in_an_up_is_one_line_with_all_that_is_to_do(pdns: PowerDns) -> None:
    strings = Strings(connected(pdns, **of(pdns, short.Late)["pdns"]))
    with pytest.raises(RecordSetError) as raised:
        strings.add(ZONE, DKIM, golden.DKIM, None, adopt=False)
    assert str(raised.value) == (
        f"{DKIM}: its TXT records are unchanged: octodns.pdns: tests.publish.octodns.short.Late could not change the "
        "zone example.com: ValueError: values of at most 255 octets; correct the value, or the provider's keys and "
        "their permissions, or use another publisher"
    )
    assert pdns.dns.txt(DKIM) == {}


def test_a_value_that_is_refused_does_not_take_others_of_its_name_along(
    pdns: PowerDns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "MOST", 0.3)
    strings = Strings(connected(pdns, **of(pdns, short.Late)["pdns"]))
    owner, errors = f"late.{APEX}", []

    def add(value: str) -> None:
        try:
            strings.add(ZONE, owner, value, None, adopt=False)
        except RecordSetError as error:
            errors.append(str(error))

    threads = [threading.Thread(target=add, args=(value,)) for value in (golden.TOKEN, "x" * 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pdns.dns.txt(owner) == {golden.TOKEN.encode(): 1800}
    (error,) = errors
    assert error.startswith(f"{owner}: its TXT records are unchanged: ")
