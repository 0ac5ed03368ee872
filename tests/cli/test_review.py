"""The options of ``elastx-mrs review``; what a review says is in tests/review."""

import json
from functools import partial

import pytest

from tests.cli.commands import completed
from tests.review.previews import preview, step, txt

LOOSENED = preview(
    step(
        "update",
        "mail-example.com-dmarc",
        txt("_dmarc.example.com", "v=DMARC1; p=reject"),
        txt("_dmarc.example.com", "v=DMARC1; p=none"),
    ),
    domains=["example.com"],
)


review = partial(completed, "review", stdin=LOOSENED)


def test_as_json() -> None:
    found = json.loads(review("--format", "json").stdout)
    assert (found["version"], found["failed"], found["gates"]) == (1, False, ["loosened"])
    assert [(risk["risk"], risk["domain"]) for risk in found["risks"]] == [("loosened", "example.com")]


def test_as_text() -> None:
    said = review("--format", "text").stdout
    assert "p=reject" in said
    assert "p=none" in said
    assert "|" not in said, "no table of Markdown"


@pytest.mark.parametrize("limit", ["github", "gitlab", "none", "2000"])
def test_a_valid_limit(limit: str) -> None:
    assert review("--limit", limit).stdout == review().stdout, "a short one is whole"


@pytest.mark.parametrize("limit", ["bitbucket", "1999", "-1", "2e4", "٢٠٠٠"])
def test_an_invalid_limit(limit: str) -> None:
    result = review("--limit", limit)
    assert result.returncode == 2
    assert "is not github, gitlab, none or a number of bytes from 2000" in result.stderr


@pytest.mark.parametrize("option", ["--nameserver", "--resolver"])
def test_servers_need_the_option_dns(option: str) -> None:
    result = review(option, "192.0.2.53")
    assert result.returncode == 2
    assert f"{option} needs --dns" in result.stderr


def test_dns_is_not_queried_if_no_spf_changes() -> None:
    result = review("--dns", "--nameserver", "192.0.2.53")  # where nobody answers
    assert (result.returncode, result.stdout, result.stderr) == (0, review().stdout, "")


def test_an_invalid_account() -> None:
    result = review("--known-account", "nobody")
    assert result.returncode == 2
    assert "--known-account: 'nobody' is not" in result.stderr
