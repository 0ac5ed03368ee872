"""Cures for what the plugin hands on; codes and texts are Cloudflare's own, as their users have reported them."""

import pytest

from elastx_mrs.publish.cloudflare import errors
from tests import secrecy

PLUGIN = (
    'invoke of cloudflare:index/getZones:getZones failed: failed to make http request: POST "https://example/zones": '
    '{status} {{"success":false,"errors":[{{"code":{code},"message":"{message}"}}],"messages":[],"result":null}}'
)


def said(status: str, code: int, message: str) -> str:
    return PLUGIN.format(status=status, code=code, message=message)


@pytest.mark.parametrize(
    ("status", "code", "message", "cure"),
    [
        ("403 Forbidden", 9109, "Invalid access token", "CLOUDFLARE_API_TOKEN"),
        ("403 Forbidden", 9109, "Unauthorized to access requested resource", "Zone > DNS > Edit"),
        ("400 Bad Request", 6003, "Invalid request headers", "CLOUDFLARE_API_TOKEN"),
        ("403 Forbidden", 10000, "Authentication error", "Zone > DNS > Edit"),
        (
            "403 Forbidden",
            0,
            "Actor 'x' requires 'com.cloudflare.api.account.zone.list'",
            "Zone > Zone > Read",
        ),
        ("400 Bad Request", 9021, "TTL must be between 60 and 86400 seconds, or 1 for Automatic.", "ttl: 1"),
        (
            "400 Bad Request",
            9313,
            "DNS record comment exceeds the maximum length of 100 characters.",
            "cloudflare.comment",
        ),
        ("400 Bad Request", 81053, "An A, AAAA, or CNAME record with that host already exists.", "remove it first"),
        ("400 Bad Request", 81054, "A CNAME record with that host already exists.", "remove it first"),
        ("400 Bad Request", 83011, "Combined content length of records with this name", "8,192"),
        ("404 Not Found", 7003, "Could not route to /zones/x", "cloudflare.zones"),
    ],
)
def test_a_code_has_its_cure(status: str, code: int, message: str, cure: str) -> None:
    text = said(status, code, message)
    assert cure in errors.cure(text)
    assert errors.shorten(text) == f"Cloudflare said: {status} {message} (code {code})"


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("invalid character '<' looking for beginning of value", "not Cloudflare's API"),
        ('Get "http://127.0.0.1:1/client/v4/zones": dial tcp 127.0.0.1:1: connect: connection refused', "not reached"),
        ("lookup api.cloudflare.com: no such host", "not reached"),
    ],
)
def test_what_is_not_cloudflares_has_one_too(text: str, cure: str) -> None:
    assert cure in errors.cure(text)


def test_what_nobody_knows_is_shown_short_and_in_one_line() -> None:
    assert errors.cure("the dog ate it") == ""
    assert errors.shorten("invoke of x failed: the dog\n  ate it") == "the dog ate it"
    assert len(errors.shorten("x" * 5000)) <= errors.MAX_SHOWN + 1


@pytest.mark.parametrize("form", secrecy.forms("t_" * 20))
def test_an_answer_that_repeats_a_secret_in_any_form_is_not_quoted(form: str) -> None:
    held = secrecy.config() | secrecy.environment()
    config = {key.removeprefix("cloudflare:"): str(value) for key, value in held.items() if key.startswith("cloud")}
    for known in (errors.secrets(config.get, {}), errors.secrets(lambda _: None, secrecy.environment())):
        assert len(known) == len(errors.SETTINGS)
        for secret in known:
            told = secrecy.forms(secret)[form].decode("latin-1")
            shown = errors.shorten(said("403 Forbidden", 9109, f"no: {told}"), known)
            assert shown == "its text repeats a secret, and is not shown"
            assert "403" in errors.shorten(said("403 Forbidden", 9109, "Invalid access token"), known)


def test_the_rate_limit_and_an_identical_record_are_told_apart() -> None:
    limited = said("429 Too Many Requests", 971, "Please wait and consider throttling your request speed")
    identical = said("400 Bad Request", 81058, "An identical record already exists.")
    assert errors.LIMITED.search(limited)
    assert not errors.IDENTICAL.search(limited)
    assert errors.IDENTICAL.search(identical)
    assert not errors.LIMITED.search(identical)


@pytest.mark.parametrize(
    ("config", "environ", "problem"),
    [
        ({}, {}, "no token is set"),
        ({}, {"CLOUDFLARE_API_TOKEN": ""}, "no token is set"),
        ({}, {"CLOUDFLARE_API_TOKEN": "0123456789012345678901234567890123456789\n"}, "no spaces"),
        ({"apiToken": "short"}, {}, "not one of Cloudflare's"),
        ({}, {"CLOUDFLARE_API_TOKEN": "YQSn-xWAQiiEh9qM58wZNnyQS7FUdoqGIUAbrh7T"}, ""),
        ({"apiToken": "YQSn-xWAQiiEh9qM58wZNnyQS7FUdoqGIUAbrh7T"}, {}, ""),
        ({}, {"CLOUDFLARE_API_KEY": "x", "CLOUDFLARE_EMAIL": "a@b.se"}, ""),
    ],
)
def test_a_token_is_looked_at_before_the_plugin_does(
    config: dict[str, str], environ: dict[str, str], problem: str
) -> None:
    found = errors.credentials(config.get, environ)
    assert problem in found
    assert bool(problem) == bool(found)
    assert not any(len(value) > 5 and value in found for value in (*config.values(), *environ.values()))
