"""How what Cloudflare says is shown, and what is wrong with who the plugin says it is."""

import pytest

from elastx_mrs.publish.cloudflare import errors
from tests import secrecy

PLUGIN = (
    'invoke of cloudflare:index/getZones:getZones failed: failed to make http request: POST "https://example/zones": '
    '{status} {{"success":false,"errors":[{{"code":{code},"message":"{message}"}}],"messages":[],"result":null}}'
)


def said(status: str, code: int, message: str) -> str:
    return PLUGIN.format(status=status, code=code, message=message)


@pytest.mark.parametrize("status", ["403 Forbidden", "400 Bad Request"])
def test_what_cloudflare_says_is_shown_in_one_line(status: str) -> None:
    assert errors.shorten(said(status, 81053, "no")) == f"Cloudflare said: {status} no (code 81053)"


def test_what_nobody_knows_is_shown_short_and_in_one_line() -> None:
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
            assert shown == "hidden, because it repeats a secret"
            assert "403" in errors.shorten(said("403 Forbidden", 9109, "Invalid access token"), known)


@pytest.mark.parametrize(
    ("config", "environ", "problem"),
    [
        ({}, {}, "no token is set"),
        ({}, {"CLOUDFLARE_API_TOKEN": ""}, "no token is set"),
        ({}, {"CLOUDFLARE_API_TOKEN": "0123456789012345678901234567890123456789\n"}, "not a Cloudflare token"),
        ({"apiToken": "short"}, {}, "not a Cloudflare token"),
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
