"""Keys and tokens in plain text: each is reported, and never shown."""

from typing import Any

import pytest

from elastx_mrs import registry
from elastx_mrs.config.plain_text import as_in_the_file, in_plain_text

SECRET = "c2VjcmV0LXNlY3JldA=="
SECURE = {"secure": "v1:x"}


def told(values: dict[str, Any]) -> list[str]:
    return [str(one) for one in in_plain_text(registry.providers(), values.get)]


@pytest.mark.parametrize(
    ("key", "value", "path", "cure", "command"),
    [
        ("elastx-mrs:tsigKey", SECRET, "tsigKey", "remove the old one from the server", "--secret elastx-mrs:tsigKey"),
        (
            "elastx-mrs:tsigKeys",
            {"office": SECURE, "in-house": SECRET},
            "tsigKeys.in-house",
            "remove the old one from the server",
            "--path --secret elastx-mrs:tsigKeys.in-house",
        ),
        ("elastx-mrs:tsigKeys", {SECRET: {}, "a=": "b"}, "tsigKeys", "", "--path --secret elastx-mrs:tsigKeys.NAME"),
        ("cloudflare:apiToken", SECRET, "cloudflare:apiToken", "revoke this one", "--secret cloudflare:apiToken"),
        ("cloudflare:apiKey", SECRET, "cloudflare:apiKey", "revoke this one", "--secret cloudflare:apiKey"),
    ],
)
def test_a_secret_in_plain_text_is_reported_with_the_cure(
    key: str, value: Any, path: str, cure: str, command: str
) -> None:
    (line,) = told({key: value})
    assert line.startswith(f"{path}: is in plain text, and Git keeps it forever: create a")
    assert cure in line
    assert line.endswith(f"pulumi config set {command}")
    assert SECRET not in line


@pytest.mark.parametrize("value", [None, "", {}, SECURE])
def test_encrypted_and_missing_values_are_not_reported(value: Any) -> None:
    assert told(dict.fromkeys(["elastx-mrs:tsigKey", "elastx-mrs:tsigKeys", "cloudflare:apiToken"], value)) == []


def test_owner_names_are_not_secrets() -> None:
    assert told({"elastx-mrs:adopt": ["_dmarc.example.com"]}) == []


@pytest.mark.parametrize(
    ("value", "encrypted", "written"),
    [
        (None, False, None),
        (SECRET, False, SECRET),
        (SECRET, True, {"secure": ""}),
        ('{"in-house": "c2VjcmV0"}', False, {"in-house": "c2VjcmV0"}),
        ('{"in-house": "c2VjcmV0"}', True, {"secure": ""}),
        ('{"secure": "v1:x"}', False, {"secure": "v1:x"}),
        ("{", False, "{"),
        ('{"a":' * 100_000, False, '{"a":' * 100_000),
    ],
)
def test_a_value_that_a_run_was_given(value: str | None, encrypted: bool, written: Any) -> None:
    assert as_in_the_file(value, encrypted=encrypted) == written
