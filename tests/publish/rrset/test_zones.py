"""Which zones a provider of record sets tells, and that it lists them once."""

from collections.abc import Sequence
from typing import Any

import pytest

from elastx_mrs.config.model import Arguments
from elastx_mrs.config.parse import parse_stack
from elastx_mrs.publish.rrset.record_sets import LoginError, UnreachableError, Zone
from elastx_mrs.publish.rrset.zones import Asked, ask, find_here
from tests.publish.rrset.memory import Memory
from tests.publish.rrset.program import CONFIG


class Account(Memory):
    """Zones as given; ``error`` is what a list of them comes to instead."""

    def __init__(self, *zones: Zone, error: Exception | None = None) -> None:
        super().__init__()
        self._zones, self._error, self.listed = zones, error, 0

    def zones(self) -> Sequence[Zone]:
        self.listed += 1
        if self._error is not None:
            raise self._error
        return self._zones


COM, SE, PRIVATE = Zone("example.com", "1"), Zone("example.se", "2"), Zone("example.net", "3", "is private")


def test_private_zones_are_none_and_named_ones_are_not_listed() -> None:
    account = Account(COM, SE, PRIVATE)
    held = ask("memory", account, ["mail.example.com", "example.net"], {})
    assert (held.zones, held.unreached) == (("example.com", "example.se"), "")
    assert held.zone_of("mail.example.com") == "example.com"
    assert held.zone_of("example.net") is None
    assert held.kept == Asked(account, (COM, SE, PRIVATE))
    named = ask("memory", account, ["mail.example.com"], {"example.com": "1"})
    assert (named.zones, named.kept.listed) == (("example.com",), None)
    assert account.listed == 1
    assert ask("memory", account, ["example.se"], {"example.com": "1"}).zones == ("example.com", "example.se")


def test_who_does_not_answer_is_told_and_who_refuses_is_an_error() -> None:
    away = Account(error=UnreachableError("no answer; check the network"))
    held = ask("memory", away, ["example.com", "example.se"], {"example.com": "1"})
    assert (held.zones, held.unreached) == (("example.com",), "memory: no answer; check the network")
    with pytest.raises(LoginError):
        ask("memory", Account(error=LoginError("no credentials; write some")), ["example.com"], {})


def arguments(*domains: str) -> Arguments:
    return parse_stack({f"elastx-mrs:{key}": value for key, value in {**CONFIG, "domains": [*domains]}.items()} | KEYS)


KEYS: dict[str, Any] = {"elastx-mrs:route53": {}, "elastx-mrs:cloudflare": {}}


def test_an_examination_leaves_out_what_may_be_elsewhere() -> None:
    account = Account(COM)
    found, owners = find_here("memory", account, arguments("example.com", "example.se"), {}, ["example.se"])
    assert (found.problems, set(found.zones)) == ([], {"example.com"})
    assert owners == ["example.com", "example.com", "_dmarc.example.com"]
    assert account.listed == 1
    found, _ = find_here("memory", account, arguments("example.com", "example.se"), {}, [])
    assert "has no zone for example.se" in found.problems[0]
