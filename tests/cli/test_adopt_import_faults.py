"""``elastx-mrs adopt --import`` where it can't go on: what is wrong, where, and what to do."""

import json
import sys
from pathlib import Path

import pytest

from elastx_mrs.lab.cloudflare.zone import Permission
from tests import secrecy
from tests.authority import Authority, strict
from tests.cli.scene import TOKEN, Scene
from tests.cloudflare.somebody_else import answering
from tests.lab.cloudflare_faults import Fault

READ = "with the permissions Zone > Zone > Read and Zone > DNS > Read (an up needs DNS > Edit)"


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("", f"CLOUDFLARE_API_TOKEN is not set; create a token {READ} at Cloudflare"),
        ("with a\nline end", "CLOUDFLARE_API_TOKEN has a character that no token contains"),
        ("ünicode" * 6, "CLOUDFLARE_API_TOKEN has a character that no token contains"),
        ("short", f"CLOUDFLARE_API_TOKEN is not a token that Cloudflare knows; create one {READ}"),
        (TOKEN, f"CLOUDFLARE_API_TOKEN is not a token that Cloudflare knows; create one {READ}"),
    ],
)
def test_no_token_and_a_wrong_one(scene: Scene, token: str, message: str) -> None:
    result = scene.run(CLOUDFLARE_API_TOKEN=token)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert not token or token not in result.stderr


def test_a_token_without_zone_read(scene: Scene) -> None:
    scene.permit(TOKEN, Permission.DNS_EDIT)
    result = scene.run(CLOUDFLARE_API_TOKEN=TOKEN)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the token may not list zones; give it Zone > Zone > Read (Cloudflare said: HTTP 403" in result.stderr


def test_a_token_without_dns_read(scene: Scene) -> None:
    scene.permit(TOKEN, Permission.ZONE_READ)
    result = scene.run(CLOUDFLARE_API_TOKEN=TOKEN, config={"domains": ["example.com", "example.se"]})
    assert result.exit_code == 3
    assert "NOT ASKED: example.com, example.se: the token may not read the records; give it Zone > DNS > Read" in (
        result.stderr
    )


def test_the_token_is_what_counts_in_the_environment(scene: Scene) -> None:
    result = scene.run(CLOUDFLARE_EMAIL="a@example.com", CLOUDFLARE_API_KEY="k", CLOUDFLARE_API_USER_SERVICE_KEY="v1.0")
    assert result.stdout == scene.run().stdout != ""


def test_zones_that_the_token_does_not_see(scene: Scene) -> None:
    scene.permit(TOKEN, *Permission, zones=frozenset({scene.api.zone("example.se").id}))
    result = scene.run(CLOUDFLARE_API_TOKEN=TOKEN, config={"domains": ["example.com", "example.se", "example.org"]})
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Cloudflare lists no zone for example.com, example.org (1 zone seen); add the zone there" in result.stderr


@pytest.mark.parametrize(
    ("zone_id", "reason"), [("0" * 32, "and check its id if"), ("abc", "check the id under cloudflare.zones (O")]
)
def test_an_invalid_zone_id(scene: Scene, zone_id: str, reason: str) -> None:
    zones = {"zones": {"example.se": zone_id}}
    result = scene.run(config={"domains": ["example.com", "example.se"], "cloudflare": zones})
    assert "mail-example.com-spf" in result.stdout, "the other zone is read"
    assert f"NOT ASKED: zone {zone_id}: " in result.stderr
    assert reason in result.stderr


HTML = "<html>please log in to the \x1b[31mproxy</html>"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, HTML),
        (403, HTML),
        (404, "{}"),
        (200, "{}"),
        (200, "[1]"),
        (200, '{"success": true, "result": [1]}'),
        (200, '{"success": true, "result": [{"id": "z", "name": "n"}]}'),
        (200, '{"success": true, "result": [{"id": "z", "name": "n"}], "result_info": {"total_pages": "x"}}'),
        (200, '{"success": false, "result": [], "result_info": {"total_pages": 1}}'),
        (401, '{"errors": "no"}'),
    ],
)
def test_a_server_that_is_not_cloudflare(scene: Scene, status: int, body: str) -> None:
    with answering(status, body, "text/html" if body == HTML else "application/json") as url:
        result = scene.run(CLOUDFLARE_BASE_URL=url)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"the server at 127.0.0.1 is not Cloudflare's API (HTTP {status}, " in result.stderr
    assert "check CLOUDFLARE_BASE_URL, and any proxy on the way" in result.stderr
    assert "\x1b" not in result.stderr


def test_api_errors_are_escaped_and_cut(scene: Scene) -> None:
    said = {"success": False, "errors": [{"code": 4711, "message": f"\x1b[31m {'x' * 999}"}]}
    with answering(400, json.dumps(said), "application/json") as url:
        result = scene.run(CLOUDFLARE_BASE_URL=url)
    assert result.exit_code == 3
    assert r"zones could not be read: Cloudflare said: HTTP 400, <U+001B>[31m" in result.stderr
    assert len(result.stderr) < 400


@pytest.mark.parametrize(
    ("status", "form"), [(400, "plain"), (401, "reversed"), (403, "base64 at 1"), (400, "hex")], ids=str
)
def test_an_api_that_repeats_the_token_in_any_form_is_not_quoted(scene: Scene, status: int, form: str) -> None:
    told = secrecy.forms(scene.lab.token)[form].decode("latin-1")
    said = {"success": False, "errors": [{"code": 4711, "message": f"no: {told}"}]}
    with answering(status, json.dumps(said), "application/json") as url:
        result = scene.run(CLOUDFLARE_BASE_URL=url)
    assert result.exit_code in (2, 3)
    assert "its text repeats the token, and is not shown" in result.stderr
    assert secrecy.shown(result.output, [scene.lab.token]) == []


@pytest.mark.parametrize("url", ["api.cloudflare.com", "ftp://example.com", "http://", "http://[::1", "http://a:b/"])
def test_an_invalid_base_url(scene: Scene, url: str) -> None:
    result = scene.run(CLOUDFLARE_BASE_URL=url)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "CLOUDFLARE_BASE_URL is not a URL" in result.stderr


def test_no_server_answers(scene: Scene) -> None:
    result = scene.run(CLOUDFLARE_BASE_URL="http://user:pass@127.0.0.1:1/client/v4")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "127.0.0.1 was not reached (All connection attempts failed); check CLOUDFLARE_BASE_URL" in result.stderr
    assert "pass@" not in result.stderr


def test_a_certificate_that_only_the_strict_check_refuses(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path, "no key usage")
    strict(monkeypatch)
    with answering(200, "{}", "application/json", authority.context("127.0.0.1")) as url:
        result = scene.run(CLOUDFLARE_BASE_URL=url, SSL_CERT_FILE=str(authority.path))
    assert (result.exit_code, result.stdout) == (3, "")
    assert (
        "the certificate of 127.0.0.1, or of a proxy on the way, is refused (CA cert does not include" in result.stderr
    )
    assert "the authority's certificate has no key usage extension; Python 3.13 and later refuse this" in result.stderr


def test_the_rate_limit(scene: Scene) -> None:
    scene.api.limit.requests = 1
    result = scene.run()
    assert (result.exit_code, result.stdout) == (3, "")
    assert "Cloudflare's rate limit is reached (1,200 requests in 5 minutes per user)" in result.stderr
    assert "in 300 seconds" in result.stderr
    assert len(scene.asked()) == 2, "nobody who is blocked asks again"


def test_a_temporary_failure_and_a_permanent_one(scene: Scene) -> None:
    scene.faults[:] = [Fault("GET", "/zones?", status=500), Fault("GET", "dns_records", reset="before")]
    assert "3 records to import" in scene.run().stderr
    scene.faults[:] = [Fault("GET", "dns_records", times=-1, status=503)]
    result = scene.run()
    assert (result.exit_code, result.stdout) == (3, "")
    assert "Cloudflare fails (Cloudflare said: HTTP 503, Internal server error (code 10000)); run this" in result.stderr


def test_the_package_is_missing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cloudflare", None)
    result = scene.run()
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the package cloudflare is not installed; run: pip install 'elastx-mrs[cloudflare]'" in result.stderr


def test_a_stack_that_publishes_elsewhere(scene: Scene) -> None:
    others: dict[str, object] = {"rfc2136": {"zones": ["example.com"]}, "route53": {}}
    others["octodns"] = {"pdns": {"class": "octodns_powerdns.PowerDnsProvider"}}
    for name, settings in others.items():
        result = scene.run(config={"cloudflare": None, name: settings})
        assert (result.exit_code, result.stdout) == (2, "")
        assert f"publishes through {name}, which imports no records: run this again without --import" in result.stderr
    assert "names no publisher; write elastx-mrs:cloudflare" in scene.run(config={"cloudflare": None}).stderr
    by_hand = scene.run(config={"cloudflare": None, "external": True})
    assert "has external: true for every domain, so there is nothing to import" in by_hand.stderr
    assert scene.asked() == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--import"], "name the stack for --import in one way: --stack-config FILE or --config FILE"),
        (["--import", "--config", "-", "--stack-config", "x"], "name the stack for --import in one way"),
        (["--import", "--config", "-", "--state", "-"], "--config and --state cannot both be standard input"),
        (["--import", "--selector", "s1"], "--selector does not work with --import: the stack's config has it"),
        (
            ["--import", "--nameserver", "192.0.2.1"],
            "--nameserver does not work with --import: the records are read through",
        ),
        (["--component", "mail", "example.com"], "--component needs a stack; add --stack-config FILE or"),
        (["--state", "-", "example.com"], "--state needs a stack; add --stack-config FILE or"),
        (["--provider", "a=b", "example.com"], "--provider works only with --import"),
        (
            ["--stack-config", "x", "--selector", "s1"],
            "--selector does not work with a stack: the stack's config has it",
        ),
        (["--config", "-", "--state", "-"], "--config and --state cannot both be standard input"),
        ([], "Missing argument 'DOMAIN...'"),
        (["--stack-config", "x"], "x: No such file or directory"),
        (["--import", "--stack-config", "/nowhere"], "/nowhere: No such file or directory"),
    ],
)
def test_options_that_exclude_each_other(scene: Scene, arguments: list[str], message: str) -> None:
    result = scene.plain(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    "state", ["", "[]", "{}", '{"deployment": 1}', '{"deployment": {"resources": [{"urn": "x"}]}}']
)
def test_an_invalid_state(scene: Scene, state: str) -> None:
    path = scene.directory / "state.json"
    path.write_text(state)
    result = scene.run("--state", str(path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "pulumi stack export" in result.stderr


def test_other_bad_input(scene: Scene) -> None:
    for provider in ("dns", "dns=urn", "dns=urn:pulumi:prod::mail::pulumi:providers:aws::dns", "=urn:pulumi:x"):
        assert (
            f"--provider '{provider}': is not NAME=URN of a Cloudflare provider"
            in scene.run("--provider", provider).stderr
        )
    assert "DOMAIN 'https://x': is a URL" in scene.run("https://x").stderr
    zones = {"example.com": {"secure": "v1:abc"}}
    assert (
        "cloudflare.zones.example.com: is not a zone ID in plain text"
        in scene.run(config={"cloudflare": {"zones": zones}}).stderr
    )
    said = scene.run(config={"dkim": {"secure": "v1:abc"}}).stderr
    assert "run: pulumi config --show-secrets --json | elastx-mrs adopt --import --config -" in said
