"""The options of ``elastx-mrs review``; what a review says is in tests/review."""

import json
from functools import partial
from pathlib import Path

import pytest

from elastx_mrs.lab.session import open_lab
from tests.cli.commands import completed
from tests.lookup.fakes import Dns
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


RECORDS = {
    "elastx.email": ["TXT v=spf1 ip4:203.0.113.0/24 -all"],
    "spf.example.net": ["TXT v=spf1 include:elastx.email -all"],
    "two.example.net": ["TXT v=spf1 include:spf.example.net -all"],
}


@pytest.mark.parametrize(
    ("term", "said"),
    [
        ("include:spf.example.net", ""),
        ("include:two.example.net", "2 includes lead there, and the rule allows 1"),
        ("include:unserved.invalid", ""),  # its look-up fails, and nothing is claimed
    ],
)
def test_dns_shows_whether_the_relay_finds_its_include(tmp_path: Path, term: str, said: str) -> None:
    old, new = (f"v=spf1 {one} -all" for one in ("include:elastx.email", term))
    made = preview(step("update", "x", txt("example.com", old), txt("example.com", new)), domains=["example.com"])
    with open_lab(tmp_path / "zones", Dns(RECORDS).zones()) as lab:
        options = ("--dns", "--nameserver", lab.address, "--format", "text", "--fail-on", "relay")
        done = completed("review", *options, stdin=made)
    assert ("Elastx may refuse mail from example.com" in done.stdout) == bool(said)
    assert said in done.stdout
    assert done.returncode == (1 if said else 3 if "unserved" in term else 0)
