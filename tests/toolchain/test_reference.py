"""The reference: each property with its type, whether it is required or its default, and an example that is valid."""

import re

import pytest
from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue

from elastx_mrs import registry
from elastx_mrs.plugin import record
from elastx_mrs.publish.rfc2136.settings import Rfc2136
from toolchain import reference

TEXTS = {text for kind in record.KINDS.values() for text in kind.texts}
PROPERTIES, _, REST = reference.text().partition("\n## Errors\n")
ROWS = re.findall(r"^\| `([\w-]+)` \| .*? \| (.*) \|$", PROPERTIES, re.MULTILINE)
ENUM_ROWS = re.findall(r"^\| `[\w-]+` \| `\w+` \| ", PROPERTIES, re.MULTILINE)
RECORD = {"records", "domain", "kind", "name", "external"}
OUTPUTS = {
    "host",
    "port",
    "starttls",
    "smtp",
    "verification",
    "require",
    "warn",
    "off",
    *TEXTS,
    "ttl",
    "change",
} | RECORD


@pytest.mark.parametrize(("name", "said"), [row for row in ROWS if "<br>" in row[1]])
def test_a_property_has_a_default_and_an_example(name: str, said: str) -> None:
    description, _, rest = said.partition("<br>")
    assert len(description) > 5
    assert re.fullmatch(r"(Required.*|Default: .+)\. Example: `.+`", rest) or (
        name in OUTPUTS and re.fullmatch("Example: `.+`", rest)
    ), said


def test_every_property_is_among_them() -> None:
    properties = [said for name, said in ROWS if "<br>" in said]
    assert len(properties) > 80
    assert len(ROWS) == len(properties) + len(ENUM_ROWS)


def test_the_examples_of_what_has_no_model_are_valid() -> None:
    shown = reference.shown_values()
    assert registry.BUILT_IN.keys() <= shown["elastx-mrs:index:MailRelay"].keys()
    Rfc2136.model_validate(shown["elastx-mrs"]["rfc2136"])
    for token in record.KINDS:
        inputs = {key: float(one) if key == "ttl" else one for key, one in shown[token].items()}
        wire = {key: PropertyValue(one) for key, one in inputs.items()}
        request = sdk.CheckRequest(urn=f"urn:pulumi:s::p::{token}::n", old_inputs={}, new_inputs=wire, random_seed=b"")
        assert list(record.check(request).failures or []) == []
