"""What is encrypted in a stack's file cannot be checked: it makes nothing red, and hides nothing else."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import golden
from tests.cli.stackfiles import errors, findings, run, whole, write

SECURE = {"secure": "v1:NcvV51PPs2E=:iZl6Tqsd2Zw="}

POLICIES: dict[str, Any] = {
    "spf": {
        "include": ["_spf.google.com"],
        "ip4": ["198.51.100.0/24"],
        "ip6": ["2001:db8:1::/48"],
        "a": ["@"],
        "mx": ["mx.example.com"],
        "all": "softfail",
    },
    "dkim": {"selector": "elastx", "record": golden.DKIM},
    "dmarc": {
        "p": "quarantine",
        "sp": "reject",
        "np": "reject",
        "adkim": "s",
        "aspf": "r",
        "rua": ["mailto:dmarc@example.com"],
        "ruf": ["mailto:dmarc@example.com"],
        "fo": "1:d",
        "t": "n",
    },
    "guard": {"mode": "warn"},
    "verification": {
        "mode": "warn",
        "timeout": 60,
        "nameservers": ["192.0.2.1"],
        "rootHints": ["192.0.2.2"],
        "primary": "192.0.2.3",
        "resolvers": ["tls://dns.example"],
        "resolversMustAgree": True,
        "knownChallenges": [golden.TOKEN],
        "via": "delegation",
    },
    "ttl": 600,
}
"""Every key that a stack and a domain have in common."""

KEYS: list[Any] = [
    golden.DKIM,
    {"selector": "s1", "record": golden.DKIM, "own": True, "since": "2026-01-01", "signs": False},
    {"selector": "s2", "record": golden.DKIM, "own": True, "retire": "2026-02-01", "revoked": True},
]

SERVER: dict[str, Any] = {"server": "192.0.2.1", "keyName": "mail", "keyFile": "key", "algorithm": "hmac-sha512"}

EVERYTHING: dict[str, Any] = POLICIES | {
    "accounts": ["smtp-prod@acme.example", "newsletter@acme.example"],
    "domains": [
        "example.com",
        {"name": "example.se", "accounts": ["newsletter@acme.example"], **copy.deepcopy(POLICIES)},
        {"name": "a.corp.example", "spf": "v=spf1 -all", "dkim": golden.DKIM, "dmarc": golden.DMARC, "guard": "off"},
        {"name": "b.corp.example", "spf": {"external": True}, "dkim": {"external": True}, "dmarc": {"external": False}},
        {"name": "example.org", "spf": {"record": "v=spf1 -all"}, "dmarc": {"record": golden.DMARC}, "dkim": KEYS},
    ],
    "rfc2136": {"zones": ["example.com", "example.se", "example.org"], **SERVER}
    | {"profiles": {"in-house": {"zones": ["corp.example"], **SERVER}}},
}
CLOUDFLARE = {key: value for key, value in EVERYTHING.items() if key != "rfc2136"} | {
    "cloudflare": {"accountId": "abc", "zones": {"example.com": "def"}, "comment": "{project}"}
}

Steps = tuple[str | int, ...]


def places(value: Any, path: Steps = ()) -> Iterator[Steps]:
    """Yield the path of every value in a config."""
    if path:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in children:
        yield from places(child, (*path, step))


def changed(config: dict[str, Any], path: Steps, value: Any) -> dict[str, Any]:
    """Return a config with another value in one place."""
    found = copy.deepcopy(config)
    below = found
    for step in path[:-1]:
        below = below[step]  # type: ignore[index]
    below[path[-1]] = value  # type: ignore[index]
    return found


def encrypted(config: dict[str, Any], path: Steps) -> dict[str, Any]:
    return changed(config, path, SECURE)


def shown(path: Steps) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def stack(folder: Path, config: dict[str, Any]) -> str:
    values = {f"elastx-mrs:{key}": value for key, value in config.items()}
    return write(folder / "Pulumi.test.yaml", json.dumps({"config": values}, indent=1))  # which is YAML


CASES = [(config, path) for config in (EVERYTHING, CLOUDFLARE) for path in places(config)]


def test_the_config_that_the_others_change_has_every_key_and_is_right(tmp_path: Path) -> None:
    for config in (EVERYTHING, CLOUDFLARE):
        assert errors(stack(tmp_path, config)) == []
    assert len(CASES) > 150
    assert {"profiles", "rua", "record", "external", "knownChallenges"} <= {path[-1] for _, path in CASES}


def test_whatever_is_encrypted_is_no_fault_and_a_notice_says_that_it_was_not_checked(tmp_path: Path) -> None:
    for config, path in CASES:
        found = findings(stack(tmp_path, encrypted(config, path)))
        assert [one for one in found if one["level"] == "error"] == [], path
        told = [one["path"] for one in found if "is encrypted, and was not checked" in whole(one)]
        assert told == [shown(path)], path


FAULTS: list[tuple[Steps, Any, str]] = [
    (("ttl",), 0, "ttl"),
    (("domains", 0), "https://example.com", "domains[0]"),
    (("domains", 1, "ttl"), 0, "domains[1].ttl"),
    (("domains", 2, "dkim"), "v=DKIM1; p=MIIB", "domains[2].dkim"),
    (("domains", 3, "nope"), 1, "domains[3].nope"),
    (("domains", 4, "spf", "mx"), ["@"], "domains[4].spf"),
    (("accounts", 1), "nope", "accounts[1]"),
    (("rfc2136", "profiles", "in-house", "algorithm"), "hmac-md5", "rfc2136.profiles.in-house.algorithm"),
]


def test_what_is_encrypted_hides_no_other_fault(tmp_path: Path) -> None:
    faulty = EVERYTHING
    for where, wrong, _ in FAULTS:
        faulty = changed(faulty, where, wrong)
    for path in places(faulty):
        found = {one["path"] for one in errors(stack(tmp_path, encrypted(faulty, path)))}
        assert {told for where, _, told in FAULTS if not touched(where, path)} <= found, path


def touched(where: Steps, path: Steps) -> bool:
    """Whether a fault is not there to be told: it is encrypted with it, or is a half of it."""
    return where[: len(path)] == path or path[:-1] == where[:-1] == ("domains", 4, "spf")


KEY = {"selector": "s1", "record": golden.DKIM, "own": True}


def config(**changes: Any) -> dict[str, Any]:
    own = {"accounts": ["a@acme.example"], "dkim": golden.DKIM, "domains": ["example.com"], "cloudflare": {}}
    return {key: value for key, value in (own | changes).items() if value is not None}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        # Nobody can tell whether an account is among those that are encrypted.
        (config(accounts=SECURE, domains=[{"name": "example.com", "accounts": ["b@acme.example"]}]), []),
        (config(accounts=[SECURE], domains=[{"name": "example.com", "accounts": ["b@acme.example"]}]), []),
        (config(domains=[{"name": "example.com", "accounts": [SECURE]}]), []),
        # But these are told whatever it is.
        (
            config(accounts=[SECURE], domains=[{"name": "example.com", "accounts": ["nope"]}]),
            ["domains[0].accounts[0]"],
        ),
        (
            config(domains=[{"name": "example.com", "accounts": [SECURE, "b@acme.example"]}]),
            ["domains[0].accounts[1]"],
        ),
        (config(accounts=[SECURE, "b@acme.example", "b@acme.example"]), ["accounts[2]"]),
        # Who knows which zones there are?
        (config(cloudflare=None, rfc2136={"zones": [SECURE]}), []),
        (config(cloudflare=None, rfc2136={"zones": SECURE, "profiles": {"x": {"zones": ["example.se"]}}}), []),
        (config(cloudflare=None, rfc2136={"zones": ["example.se"], "profiles": SECURE}), []),
        (config(cloudflare=None, rfc2136=SECURE), []),
        (config(cloudflare=None, rfc2136={"zones": ["example.se"]}, domains=[{"name": SECURE}]), []),
        (config(cloudflare=None, rfc2136={"zones": ["example.se"], "server": SECURE}), ["domains[0]"]),
        (config(rfc2136=SECURE), []),
        (config(route53={}, domains=[{"name": "example.com", "publish": SECURE}]), []),
        (config(route53={}, domains=[{"name": "example.com", "publish": [SECURE]}]), []),
        (config(route53={}, domains=[{"name": SECURE, "publish": ["route53", "x"]}]), ["domains[0].publish[1]"]),
        (config(route53={}, domains=[{"name": SECURE, "publish": ["route53"]}]), []),
        (config(cloudflare=SECURE, ttl=30), ["ttl"]),
        # A key is missed only where it is missing.
        (config(dkim=SECURE), []),
        (config(dkim={"selector": "x", "record": SECURE}), []),
        (config(dkim={"external": SECURE}), []),
        (config(dkim=None, domains=[{"name": "example.com", "dkim": SECURE}]), []),
        (config(dkim=None, domains=[SECURE]), []),
        (config(dkim=None, domains=SECURE), []),
        (config(dkim=None, domains=[SECURE, "example.com"]), ["dkim"]),
        (config(dkim=None, domains=[{"name": SECURE}]), ["dkim"]),
        # Nor can anybody tell who signs, or whether two keys are at one selector.
        (config(dkim=[{"record": golden.DKIM, "signs": False}, SECURE]), []),
        (config(dkim=[{"record": golden.DKIM, "signs": False}, KEY | {"own": SECURE}]), []),
        (config(dkim=[{"record": golden.DKIM}, KEY | {"selector": SECURE}]), []),
        (config(dkim=[{"record": golden.DKIM}, KEY | {"record": SECURE}]), []),
        (config(dkim=[{"record": golden.DKIM}, KEY | {"retire": SECURE, "revoked": True}]), []),
        (config(dkim=[{"record": golden.DKIM}, KEY | {"own": SECURE, "retire": "soon"}]), ["dkim[1].retire"]),
        (config(dkim=[{"record": golden.DKIM}, SECURE, {"record": golden.DKIM}]), ["dkim[2]"]),
        # A key that there is not is none, encrypted or not.
        (config(spff=SECURE), ["spff"]),
        (config(domains=[{"name": "example.com", "spf": {"inlcude": SECURE}}]), ["domains[0].spf.inlcude"]),
        (config(secure="v1:x"), ["secure"]),
        # Ten lookups are too many beside Elastx's own, whatever one of them is.
        (config(spf={"include": ["a.example"] * 9 + [SECURE]}), ["spf"]),
    ],
)
def test_what_follows_from_something_encrypted_is_told_only_where_it_does(
    values: dict[str, Any], told: list[str], tmp_path: Path
) -> None:
    found = errors(stack(tmp_path, values))
    assert [one["path"] for one in found] == told
    assert not any("invalid" in whole(one) for one in found)  # no word of what stands in for it


def test_remarks_are_made_on_the_rest_and_on_nothing_that_is_encrypted(tmp_path: Path) -> None:
    doubtful = {"p": "reject", "rua": ["mailto:a@b.se"], "t": "y"}
    domains = [
        {"name": "example.com", "dmarc": doubtful},
        {"name": "example.se", "dmarc": doubtful | {"p": SECURE}},
        {"name": SECURE, "dmarc": doubtful},
    ]
    file = stack(tmp_path, config(domains=domains, cloudflare=None, rfc2136={"zones": SECURE}))
    warned = [one["path"] for one in findings(file) if one["level"] == "warning"]
    assert warned == ["domains[0].dmarc", "domains[2].dmarc"]
    # Nobody knows whether a domain has the default.
    assert [one["path"] for one in findings(stack(tmp_path, config(domains=SECURE)))] == ["domains"]


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        (config(dkim=SECURE), ": 1 domain, 1 account"),
        (config(accounts=[SECURE, SECURE]), ": 1 domain, 2 accounts"),
        (config(accounts=SECURE, domains=SECURE), ""),
    ],
)
def test_what_can_be_counted_is_counted(values: dict[str, Any], counts: str, tmp_path: Path) -> None:
    file = stack(tmp_path, values)
    assert run(file).stdout.splitlines()[-1] == f"{file}: ok{counts}"
