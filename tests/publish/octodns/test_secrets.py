"""A provider of octoDNS that says its key: in its constructor, in the address of a request, in an answer, in a name."""

import json
import logging
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any, ClassVar

import pytest
import requests
from octodns.provider.base import BaseProvider

from elastx_mrs.publish.octodns import source
from elastx_mrs.publish.octodns.record_sets import connect
from elastx_mrs.publish.rrset import gathering
from elastx_mrs.publish.rrset.record_sets import RecordSetError, UnreachableError
from elastx_mrs.publish.rrset.strings import Strings
from tests import golden, secrecy

KEY = next(one.value for one in secrecy.HELD if secrecy.OCTODNS in one.keys)
ZONE = "own/example.com"
FORMS = [text.decode("latin-1") for text in secrecy.forms(KEY).values()]


class Telling(BaseProvider):  # type: ignore[misc]  # octoDNS has no types
    """It fails at the step that a test names, and says what a test wants."""

    SUPPORTS_GEO = False
    SUPPORTS = frozenset({"TXT"})
    fails: Mapping[str, Exception] = {}
    asked: ClassVar[list[str]] = []

    def __init__(self, id: str, **_: Any) -> None:
        self.log = logging.getLogger("telling")
        if "setup" in self.fails:
            raise self.fails["setup"]
        super().__init__(id)

    def list_zones(self) -> list[str]:
        raise self.fails["list"]

    def populate(self, zone: Any, target: bool = False, lenient: bool = False) -> bool:
        self.asked.append(zone.name)
        raise self.fails["populate"]


@pytest.fixture(autouse=True)
def _module(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    module = ModuleType("telling_provider")
    module.Telling = Telling  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "telling_provider", module)
    monkeypatch.setattr(gathering, "MOST", 0.0)
    monkeypatch.setattr(source, "PAUSE", 0.0)
    yield
    Telling.fails, Telling.asked = {}, []


def told(**options: Any) -> str:
    """Return what is said where zones are listed, a zone is read, and a record is made, of which each fails."""
    given = {"class": "telling_provider.Telling", "api_key": KEY} | options
    sets = connect({secrecy.OCTODNS: json.dumps({"own": given})}.get)
    said = []
    for work in (
        sets.zones,
        lambda: sets.read(ZONE),
        lambda: Strings(sets).add(ZONE, "example.com", golden.TOKEN, None, adopt=False),
    ):
        with pytest.raises(RecordSetError) as raised:
            work()
        assert raised.value.__context__ is None or raised.value.__suppress_context__, "an engine prints it too"
        said.append(str(raised.value))
    assert not any("\n" in one for one in said)
    return " ".join(said)


def http(text: str, body: str = "") -> requests.HTTPError:
    answer = requests.Response()
    answer.status_code, answer._content = 403, body.encode()
    return requests.HTTPError(text, response=answer)


@pytest.mark.parametrize("where", ["constructor", "TypeError", "address", "answer", "argument"])
def test_a_key_in_an_error_is_not_shown_in_any_form(where: str) -> None:
    for echoed in FORMS:
        Telling.fails = failing(where, echoed)
        text = told()
        assert secrecy.shown(text, [KEY]) == []
        assert "(its text contains a key, and is not shown)" in text


def failing(where: str, echoed: str) -> Mapping[str, Exception]:
    """Return what fails at which step, with the key in it."""
    error = {
        "constructor": ValueError(f"the key {echoed} is malformed"),
        "TypeError": TypeError(f"unsupported key {echoed}"),
        "address": http(f"403 Forbidden for url: https://api.example.net/v1/zones?api_key={echoed}&page=1"),
        "answer": http("403 Forbidden", json.dumps({"error": f"{echoed} is no key"})),
        "argument": KeyError(echoed),
    }[where]
    return {"setup": error} if where in ("constructor", "TypeError") else {"list": error, "populate": error}


@pytest.mark.parametrize(
    "options",
    [
        {"credentials": {"user": "acme", "secret": KEY}, "api_key": "x"},
        {"tokens": ["short", KEY], "api_key": "x"},
        {"passwords": {"example.com": KEY}, "api_key": "x"},
        {"private": {"pem": [{"text": KEY}]}, "api_key": "x"},
        {"api_key": "x", "login": "env/PDNS_API_KEY"},
        {"api_key": "x", "login": f"env/NOBODY_SET_THIS/{KEY}"},
    ],
    ids=["nested", "list", "by zone", "deep", "variable", "default"],
)
def test_a_key_is_known_wherever_the_config_has_it(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDNS_API_KEY", KEY)
    error = http(f"401 for url: https://acme:{KEY}@api.example.net/")
    Telling.fails = {"list": error, "populate": error}
    assert secrecy.shown(told(**options), [KEY]) == []


def test_a_provider_may_list_zones_in_unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = ["Exämple.se.", "example.COM", "a\N{ZERO WIDTH JOINER}.example."]
    monkeypatch.setattr(Telling, "list_zones", lambda self: listed)
    given = {"class": "telling_provider.Telling", "api_key": KEY}
    found = connect({secrecy.OCTODNS: json.dumps({"own": given})}.get).zones()
    assert [one.name for one in found] == ["xn--exmple-cua.se", "example.com", listed[2].removesuffix(".")]


class _Held:
    def close(self) -> None:
        raise RuntimeError(f"closed already, with {KEY}")


def test_what_cannot_be_closed_fails_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider may hold whatever has a method of that name: a class, or a client that closed itself."""

    def populate(self: Telling, zone: Any, target: bool = False, lenient: bool = False) -> bool:
        self.client, self.kind, self.later = _Held(), _Held, None
        return True

    monkeypatch.setattr(Telling, "populate", populate)
    given = {"class": "telling_provider.Telling", "api_key": KEY}
    sets = connect({secrecy.OCTODNS: json.dumps({"own": given})}.get)
    assert [one.type for one in sets.read(ZONE)] == ["SOA"]


def test_readings_that_wait_for_one_that_fails_fail_with_it() -> None:
    Telling.fails = {"populate": ConnectionError("refused")}
    given = {"class": "telling_provider.Telling", "api_key": KEY}
    sets, failed = connect({secrecy.OCTODNS: json.dumps({"own": given})}.get), []
    place = sets._place(ZONE)

    def read(owner: str) -> None:
        with pytest.raises(UnreachableError, match=r"octodns\.own: .* ConnectionError: refused") as raised:
            sets.read(ZONE, owner)
        failed.append(raised.value)

    threads = [threading.Thread(target=read, args=(f"{number}.example.com",)) for number in range(4)]
    asked: list[str] = []
    Telling.asked = asked
    with place.lock:
        for thread in threads:
            thread.start()
        while sum(thread.is_alive() for thread in threads) < len(threads):
            time.sleep(0.01)
        time.sleep(0.1)
    for thread in threads:
        thread.join()
    assert (len(failed), len(asked)) == (4, source.TRIES)


@pytest.mark.parametrize("echoed", FORMS)
@pytest.mark.parametrize("form", ["%s", "%d", "{}"])
def test_a_key_is_in_no_log(
    echoed: str, form: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """octodns-powerdns logs the answer to a change that is refused, and urllib3 the address of a request."""

    def populate(self: Telling, zone: Any, target: bool = False, lenient: bool = False) -> bool:
        self.log.error("_apply: status=422")
        try:
            raise ValueError(echoed)
        except ValueError:
            self.log.exception(f"text={form}", f"{echoed} is no key")
        raise ConnectionError("refused")

    monkeypatch.setattr(Telling, "populate", populate)
    monkeypatch.setattr(logging, "raiseExceptions", False)
    given = {"class": "telling_provider.Telling", "api_key": KEY}
    sets = connect({secrecy.OCTODNS: json.dumps({"own": given})}.get)
    with pytest.raises(UnreachableError):
        sets.read(ZONE)
    assert "_apply: status=422" in caplog.text
    assert "a message that contains a key, and is not shown" in caplog.text
    assert secrecy.shown(caplog.text, [KEY]) == []
    logging.getLogger("other").error("of another thread: %s", KEY)
    assert KEY in caplog.text
