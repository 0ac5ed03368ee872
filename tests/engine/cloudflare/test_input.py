"""Bad input: each message says what is wrong, where, and what to do, and never shows a token."""

from collections.abc import Iterator
from typing import Any

import pytest

from elastx_mrs.lab.cloudflare.zone import Permission, Token
from tests.cloudflare.somebody_else import answering
from tests.engine.cloudflare.stacks import Trial, diagnostics, patient, trial

pytestmark = [pytest.mark.engine, patient]

LIMITED = "b" * 40


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with trial(tmp_path_factory.mktemp("input")) as running:
        yield running


def refused(run: Trial, environment: dict[str, Any] | None = None, up: bool = False, **config: Any) -> str:
    stack = run.stack(**config)
    act = stack.up if up else stack.preview
    result = act(check=False, **(environment or {}))
    assert result.returncode != 0
    said = diagnostics(result)
    assert "Traceback" not in said
    assert run.lab.token not in said
    assert run.changes() == [] or up
    return said


@pytest.mark.parametrize(
    ("token", "messages"),
    [
        ("", ["cloudflare: no token is set", "Zone > Zone > Read and DNS > Edit", "CLOUDFLARE_API_TOKEN"]),
        ("f" * 40, ["Cloudflare does not know the token", "Zone > Zone > Read and DNS > Edit"]),
    ],
    ids=["none", "unknown"],
)
def test_tokens(run: Trial, token: str, messages: list[str]) -> None:
    said = refused(run, {"CLOUDFLARE_API_TOKEN": token})
    assert [message for message in messages if message not in said] == []
    assert not token or token not in said


@pytest.mark.parametrize(
    ("permissions", "message", "up"),
    [
        ({Permission.DNS_EDIT}, "give the token the permission Zone > Zone > Read", False),
        ({Permission.ZONE_READ, Permission.DNS_READ}, "give the token the permission Zone > DNS > Edit", True),
    ],
    ids=["no Zone:Read", "no DNS:Edit"],
)
def test_a_token_that_may_not(run: Trial, permissions: set[Permission], message: str, up: bool) -> None:
    run.api.tokens[LIMITED] = Token(permissions=frozenset(permissions))
    said = refused(run, {"CLOUDFLARE_API_TOKEN": LIMITED}, up)
    assert message in said
    assert LIMITED not in said


def test_an_id_that_is_no_zone_s(run: Trial) -> None:
    said = refused(run, up=True, cloudflare={"zones": {"example.com": "0" * 32}})
    assert f"cloudflare.zones: {'0' * 32} is not a zone that the token sees" in said


def test_an_api_that_is_somebody_else_s(run: Trial) -> None:
    with answering(200, "<html>sign in</html>", "text/html") as url:
        said = refused(run, {"CLOUDFLARE_BASE_URL": url})
    assert "the server that answered is not Cloudflare's API; check CLOUDFLARE_BASE_URL" in said


def test_an_api_that_is_not_there(run: Trial) -> None:
    said = refused(run, {"CLOUDFLARE_BASE_URL": "http://127.0.0.1:1/client/v4", "ELASTX_MRS_LAB_CLOCK": "1000"})
    assert "Cloudflare's API was not reached" in said
