"""The component where somebody else publishes: it declares no record, and ``records`` lists what to publish."""

import logging
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from elastx_mrs import MailRelay
from tests import golden
from tests.component.test_relay import Engine
from tests.publish.cloudflare.mocked import deploy, mocked

ARGS: Any = {
    "accounts": [golden.ACCOUNT],
    "dkim": {"record": golden.DKIM},
    "domains": [{"name": "example.com"}],
    "external": True,
}


class Counting(Engine):
    def __init__(self) -> None:
        self.names: list[str] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.names.append(args.name)
        return super().new_resource(args)


@pytest.fixture
def engine() -> Iterator[Counting]:
    counting = Counting()
    with mocked(counting):
        yield counting


def test_nothing_is_declared_and_the_preview_says_so(engine: Counting, caplog: pytest.LogCaptureFixture) -> None:
    made: list[MailRelay] = []
    with caplog.at_level(logging.INFO):
        deploy(lambda: made.append(MailRelay("mail", ARGS)))
    assert engine.names == ["mail"]
    assert [(record.kind, record.external) for record in made[0].records] == [
        (kind, True) for kind in ("challenge", "spf", "dkim", "dmarc")
    ]
    assert any("external: creates nothing for 1 domain (example.com)" in one.message for one in caplog.records)


def test_only_the_other_domains_are_declared(engine: Counting) -> None:
    domains = [{"name": "example.com"}, {"name": "example.se", "external": False}]
    made: list[MailRelay] = []
    args = ARGS | {"domains": domains, "cloudflare": {"zones": {"example.se": "z1"}}}
    deploy(lambda: made.append(MailRelay("mail", args)))
    assert {name.rpartition("-")[0] for name in engine.names if "." in name} == {
        "mail-example.se", "mail-example.se-challenge",
    }  # fmt: skip
    assert [record.external for record in made[0].records] == [True] * 4 + [False] * 4


def test_a_program_s_own_publisher_that_would_publish_nothing_is_told() -> None:
    with pytest.raises(pulumi.RunError, match=r"^mail: the program's own publisher publishes nothing, because every"):
        MailRelay("mail", ARGS, publisher=lambda setup: None)  # type: ignore[arg-type]
