"""A stack's state, as ``adopt --import`` reads it."""

import pytest

from elastx_mrs.adopt.state import StateError, state_of
from elastx_mrs.identity import COMPONENT_TYPE


def test_two_components_of_one_name_cannot_be_told_apart() -> None:
    resources = [
        {"urn": f"urn:pulumi:prod::acme::{parents}{COMPONENT_TYPE}::mail", "type": COMPONENT_TYPE}
        for parents in ("", "my:index:Team$")
    ]
    with pytest.raises(StateError, match="has 2 components named mail; name them differently"):
        state_of({"deployment": {"resources": resources}}, "mail")
