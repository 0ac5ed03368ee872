"""Two components of one deployment that publish one record: refused in the preview, kept for each deployment alone."""

import contextvars
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
from pulumi.runtime import settings

from elastx_mrs import MailRelay
from elastx_mrs.component import declared
from tests import golden

ARGS: Any = {
    "accounts": [golden.ACCOUNT],
    "dkim": {"record": golden.DKIM},
    "domains": [{"name": "example.com"}],
    "cloudflare": {},
}


class BegunError(Exception):
    """The component goes on to be registered."""


@pytest.fixture(autouse=True)
def deployment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One deployment, as the plugin keeps it, in which nothing is registered."""

    def begin(*_: object) -> None:
        raise BegunError

    monkeypatch.setattr(pulumi.ComponentResource, "__init__", begin)
    token = declared.GIVEN.set({})
    yield
    declared.GIVEN.reset(token)


def made(name: str, **args: Any) -> str:
    """Make a component; return why it is refused, or an empty text where it goes on."""
    with pytest.raises((pulumi.RunError, BegunError)) as told:
        MailRelay(name, ARGS | args)
    return str(told.value)


def external(*kinds: str, **more: Any) -> dict[str, Any]:
    return {kind: {"external": True} for kind in kinds} | more


def test_the_second_component_is_refused_with_both_names_and_the_ways_out() -> None:
    assert made("mail") == ""
    text = made("other", spf={"include": ["_spf.google.com"]})
    for what, name in (
        ("the SPF record of", "example.com"),
        ("the DKIM key at", "elastx._domainkey.example.com"),
        ("the DMARC record at", "_dmarc.example.com"),
        ("the same challenge at", "example.com"),
    ):
        assert f"mail and other both declare {what} {name}: " in text
    assert "write spf: {external: true} for example.com in one of them, or remove the domain there" in text
    assert "name the account for example.com in only one of them" in text
    assert "ELASTX_MRS_GUARD=warn for one run" in text


@pytest.mark.parametrize(
    "args",
    [
        external("spf", "dkim", "dmarc", accounts=["b@example.com"]),
        {"domains": [{"name": "sub.example.com"}]},
        {"cloudflare": None, "rfc2136": {"zones": ["example.com"]}},
        {"cloudflare": {"account_id": "another"}},
        {"guard": {"mode": "off"}},
        {"guard": {"mode": "warn"}},
    ],
    ids=["disjoint challenges", "another domain", "another provider", "another account", "off", "warn"],
)
def test_what_is_no_rival(args: dict[str, Any]) -> None:
    assert made("mail") == ""
    assert made("other", **args) == ""


@pytest.mark.parametrize("kind", ["spf", "dkim", "dmarc"])
def test_each_kind_alone(kind: str) -> None:
    others = external(*({"spf", "dkim", "dmarc"} - {kind}), accounts=["b@example.com"])
    assert made("mail") == ""
    text = made("other", **others)
    assert text.count("both declare") == 1
    assert f"write {kind}: {{external: true}}" in text


def test_a_zone_in_two_views_is_two_places() -> None:
    views = {name: {"zones": [zone]} for name, zone in (("inside", "example.com"), ("outside", "example.org"))}
    other = {"inside": {"zones": ["example.org"]}, "outside": {"zones": ["example.com"]}}
    assert made("mail", cloudflare=None, rfc2136={"profiles": views}) == ""
    assert made("other", cloudflare=None, rfc2136={"profiles": other}) == ""
    assert made("third", cloudflare=None, rfc2136={"profiles": views}) != ""


def test_updates_in_one_process_know_nothing_of_each_other() -> None:
    """Programs of the Automation API: each runs in a context with a connection to its own engine."""
    declared.GIVEN.set(None)

    class Engine:
        pass

    def run(engine: Engine, *names: str) -> list[str]:
        def program() -> list[str]:
            settings.configure(settings.Settings(project="p", stack="s", monitor=engine))
            return [made(name) for name in names]

        return contextvars.copy_context().run(program)

    one, two = Engine(), Engine()
    assert run(one, "mail") == [""]
    assert run(two, "other") == [""], "another deployment"
    assert run(one, "other") != [""], "the same"


def test_a_user_s_unit_tests_may_make_as_many_as_they_like(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elastx_mrs.component.relay.is_mocked", lambda: True)
    assert made("mail") == ""
    assert made("other") == ""


def test_a_report_authorisation_is_one_too_and_a_long_list_is_cut() -> None:
    """RFC 9990 §4: example.se says that it takes the reports about example.com."""
    reports = {"dmarc": {"rua": ["mailto:d@example.se"]}, "domains": [{"name": "example.com"}, {"name": "example.se"}]}
    assert made("mail", **reports) == ""
    text = made("other", **reports, spf={"external": True}, dkim={"external": True})
    what = "the report authorisation at example.com._report._dmarc.example.se"
    assert f"mail and other both declare {what}: " in text
    assert "remove example.se from one of them" in text
    many = list(declared.listed([f"line {number}" for number in range(declared.LISTED + 3)]))
    assert many[-1] == "and 3 more"


def test_of_many_rivals_the_first_are_named_and_the_others_counted() -> None:
    said = [f"fault {number}" for number in range(declared.LISTED + 2)]
    assert list(declared.listed(said)) == [*said[: declared.LISTED], "and 2 more"]
    assert list(declared.listed(said[: declared.LISTED])) == said[: declared.LISTED]
