"""Which policy a domain has from above, before the guard lets it have one of its own (RFC 9989 §4.10)."""

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from elastx_mrs.publish.existing import Existing
from elastx_mrs.publish.guard.checks import Inherited, World
from elastx_mrs.publish.guard.inherited import inherited
from elastx_mrs.records import TxtRecord
from tests.lookup.fakes import Dns

REJECT, BROKEN = "v=DMARC1; p=reject", "v=DMARC1; p=rejct"


def above(domain: str, **records: list[str]) -> Inherited | None:
    """The policy, where the publisher has no zone but the domain's own; ``_dmarc`` records by domain, dots as ``_``."""
    served = Dns({f"_dmarc.{name.replace('_', '.')}": [f"TXT {text}" for text in records[name]] for name in records})
    declared: dict[str, TxtRecord] = {}

    async def existing(owner: str) -> Existing:
        return Existing(owner, domain)

    return asyncio.run(
        inherited(cast(World, SimpleNamespace(ask=served.ask, declared=declared, existing=existing)), domain)
    )


def test_a_policy_is_inherited() -> None:
    found = above("sub.example.com", example_com=["v=DMARC1; p=reject; sp=quarantine"])
    assert found == Inherited("example.com", "sp=quarantine", 1)


def test_a_domain_s_own_record_is_what_is_about_to_be_replaced() -> None:
    assert above("sub.example.com", sub_example_com=[REJECT]) is None


@pytest.mark.parametrize("records", [[], [REJECT, BROKEN], ["v=dmarc1; p=reject"]])
def test_what_receivers_discard_is_not_inherited_and_what_is_above_it_is(records: list[str]) -> None:
    assert above("a.b.com", b_com=records) is None
    assert above("a.b.com", b_com=records, com=[REJECT]) == Inherited("com", "p=reject", 2)


def test_a_void_record_is_no_policy_and_hides_what_is_above_it() -> None:
    # Receivers apply no DMARC today (§4.10.1), so that no record is weaker than that.
    found = above("a.b.com", b_com=[BROKEN], com=["v=DMARC1; p=reject; psd=y"])
    why = "has a faulty p= and no valid rua= (RFC 9989 §4.10.1)"
    assert found == Inherited("b.com", "", -1, f"'{BROKEN}' at _dmarc.b.com {why}")


def test_a_faulty_policy_with_somebody_to_tell_is_none() -> None:
    assert above("a.b.com", b_com=[f"{BROKEN}; rua=mailto:a@b.com"]) == Inherited("b.com", "p=none", 0)


@pytest.mark.parametrize("record", ["v=DMARC1; p=reject;;", "v=DMARC1; p=reject; foo", "v=DMARC1; p=reject; a:b; =x"])
def test_parts_that_are_no_tag_change_nothing(record: str) -> None:
    assert above("a.b.com", b_com=[record]) == Inherited("b.com", "p=reject", 2)
