"""A program has the publishers of its config, or its own."""

from typing import Any

import pulumi
import pytest

from elastx_mrs import MailRelay
from elastx_mrs.config.parse import parse
from tests import golden

ARGS: Any = {
    "accounts": [golden.ACCOUNT],
    "dkim": {"record": golden.DKIM},
    "domains": [{"name": "example.com"}],
}


def test_two_are_one_too_many() -> None:
    with pytest.raises(pulumi.RunError, match=r"^mail: rfc2136: the program has its own publisher too; keep"):
        MailRelay("mail", ARGS | {"rfc2136": {"zones": ["example.com"]}}, publisher=lambda setup: None)  # type: ignore[arg-type]


def test_none_is_too_few() -> None:
    parsed: Any = parse(ARGS, camel_case=False, publisher=False)
    for args in (ARGS, parsed):
        with pytest.raises(pulumi.RunError, match="to say where records are published") as told:
            MailRelay("mail", args)
        assert str(told.value).startswith("mail: cloudflare, rfc2136, route53, octodns: ")


def test_its_own_publishes_every_domain() -> None:
    args = ARGS | {"domains": [{"name": "example.com"}, {"name": "example.se", "publish": ["route53"]}]}
    with pytest.raises(
        pulumi.RunError, match=r"^mail: domains\[1\]\.publish: the program has its own publisher, which"
    ):
        MailRelay("mail", args, publisher=lambda setup: None)  # type: ignore[arg-type]
