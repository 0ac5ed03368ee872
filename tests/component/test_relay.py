"""What stops a program before anything is declared or verified, and how a publisher is heard."""

import logging
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pulumi
import pytest
from pulumi.runtime.mocks import MockMonitor

from elastx_mrs import MailRelay
from elastx_mrs.lookup.transport import encrypted
from elastx_mrs.publish.cloudflare import publisher
from elastx_mrs.publish.publisher import Setup
from tests import golden
from tests.publish.cloudflare.mocked import deploy, mocked

ARGS: Any = {
    "accounts": [golden.ACCOUNT],
    "dkim": {"record": golden.DKIM},
    "domains": [{"name": "example.com"}],
    "cloudflare": {"zones": {"example.com": "z1"}},
}
OVER_HTTPS = {"verification": {"resolvers": ["https://dns.example/dns-query"]}}
RELAY, VERIFICATION = "elastx_mrs.component.relay", "elastx_mrs.component.verification"


class Engine(pulumi.runtime.Mocks):
    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return f"{args.name}-id", args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        return {}, []


@pytest.fixture(autouse=True)
def engine() -> Iterator[None]:
    with mocked(Engine()):
        yield


def in_an_engine(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    """Let the guard, or verification, take the mocks for an engine: without one they ask nobody."""
    monkeypatch.setattr(import_module(module), "is_mocked", lambda: False)


@pytest.mark.parametrize("module", [RELAY, VERIFICATION], ids=["guard", "verification"])
def test_name_servers_of_a_run_that_are_none(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    in_an_engine(monkeypatch, module)
    monkeypatch.setenv("ELASTX_MRS_NAMESERVERS", "127.0.0.1:x")
    with pytest.raises(Exception, match=r"ELASTX_MRS_NAMESERVERS: ") as told:
        deploy(lambda: MailRelay("mail", ARGS))
    assert isinstance(told.value, pulumi.RunError)


@pytest.mark.parametrize("module", [RELAY, VERIFICATION], ids=["guard", "verification"])
def test_resolvers_over_https_without_the_extra(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    in_an_engine(monkeypatch, module)
    monkeypatch.setattr(encrypted, "find_spec", lambda name: None)
    said = r"^verification\.resolvers: the package httpx2 is not installed; run: pip install 'elastx-mrs\[doh\]'"
    with pytest.raises(pulumi.RunError, match=said):
        deploy(lambda: MailRelay("mail", ARGS | OVER_HTTPS))


def test_a_publisher_s_error_is_logged_as_one_and_is_safe_to_show(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = publisher.make

    def make(setup: Setup) -> publisher.Cloudflare:
        setup.say("error", "cloudflare: \x1b[31mred")
        return real(setup)

    monkeypatch.setattr(publisher, "make", make)
    deploy(lambda: MailRelay("mail", ARGS))
    assert [(one.levelno, one.message) for one in caplog.records if "red" in one.message] == [
        (logging.ERROR, "cloudflare: <U+001B>[31mred")
    ]


def test_only_the_component_has_its_place_in_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stack of a record would be half of its state, and says nothing that the component's does not."""
    frames: dict[str, int] = {}
    register: Callable[[MockMonitor, Any], Any] = MockMonitor.RegisterResource

    def seen(monitor: MockMonitor, request: Any) -> Any:
        frames[request.name] = len(request.stackTrace.frames)
        return register(monitor, request)

    monkeypatch.setattr(MockMonitor, "RegisterResource", seen)
    deploy(lambda: MailRelay("mail", ARGS))
    assert frames.pop("mail") > 0
    assert {name: count for name, count in frames.items() if name.startswith("mail-")} == {
        f"mail-example.com-{kind}": 0 for kind in ("challenge-f7ee5ec73121", "spf", "dkim", "dmarc")
    }


@pytest.mark.parametrize(
    ("secret", "warned"),
    [((), ["cloudflare:apiToken", "tsigKeys.in-house"]), (("elastx-mrs:tsigKeys",), ["cloudflare:apiToken"])],
)
def test_a_key_in_plain_text_is_a_warning_as_config_check_says_it(
    secret: tuple[str, ...], warned: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    given = {"elastx-mrs:tsigKeys": '{"in-house": "c2VjcmV0"}', "cloudflare:apiToken": "c2VjcmV0"}
    pulumi.runtime.set_all_config(given, list(secret))
    try:
        deploy(lambda: MailRelay("mail", ARGS))
    finally:
        pulumi.runtime.set_all_config({}, [])
    found = [one for one in caplog.records if "is in plain text, and Git keeps it forever" in one.message]
    assert [one.levelno for one in found] == [logging.WARNING] * len(warned)
    assert sorted(one.message.partition(": is in")[0] for one in found) == warned
    assert "c2VjcmV0" not in caplog.text
