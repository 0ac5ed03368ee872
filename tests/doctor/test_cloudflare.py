"""What doctor says of Cloudflare, on the lab's API: token, zones, and whether the token may read and edit."""

import datetime
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from elastx_mrs import limits
from elastx_mrs.check import Check
from elastx_mrs.lab.cloudflare.zone import Account, Permission, Token
from elastx_mrs.lab.session import Lab, open_lab
from elastx_mrs.publish.cloudflare.api import Api, UnaskedError
from elastx_mrs.publish.cloudflare.plugin import EXECUTABLE, found
from elastx_mrs.publish.cloudflare.zone import plugin_version
from tests import secrecy
from tests.authority import Authority
from tests.doctor.patient import provider, stack, verdicts
from tests.lab.client import ZONES
from tests.lab.cloudflare_faults import Fault, faults_of

OTHER = "t" * 40
NAMES = ["cloudflare-token", "cloudflare-zone", "cloudflare-read", "cloudflare-edit"]
WELL = [(name, "pass") for name in NAMES]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with open_lab(tmp_path / "lab", ZONES) as running:
        yield running


def left(done: int) -> list[tuple[str, str]]:
    return [(name, "unchecked") for name in NAMES[done:]]


def examined(lab: Lab, token: str = "", cloudflare: dict[str, Any] | None = None, **more: Any) -> list[Check]:
    """The checks but that of the plugin; ``environment`` and ``others`` as for ``stack``."""
    environment = {"CLOUDFLARE_BASE_URL": lab.cloudflare.url, "CLOUDFLARE_API_TOKEN": token or lab.token}
    environment |= more.pop("environment", {})
    others = more.pop("others", {})
    checks = provider(stack(lab.directory, {"cloudflare": cloudflare or {}} | more, environment, others=others))
    assert secrecy.shown(repr(checks), [lab.token, OTHER]) == []
    return [check for check in checks if check.name != "cloudflare-plugin"]


def permit(lab: Lab, *permissions: Permission, **settings: Any) -> None:
    lab.cloudflare.api.tokens[OTHER] = Token(permissions=frozenset(permissions), **settings)


def test_all_is_well_and_nothing_is_changed(lab: Lab) -> None:
    zone = lab.cloudflare.api.zone("example.com")
    before = [record.answer() for record in zone.book.all()]
    assert verdicts(found := examined(lab)) == WELL, found
    assert [record.answer() for record in zone.book.all()] == before
    written = [(one.method, one.status) for one in lab.cloudflare.api.log if one.method != "GET"]
    assert written == [("PATCH", 404)]
    assert found[3].seen == "the token may change the records of example.com"


def test_the_token_of_the_stacks_config_is_used(lab: Lab) -> None:
    others = {"cloudflare:apiToken": lab.token, "cloudflare:baseUrl": lab.cloudflare.url}
    assert verdicts(examined(lab, "f" * 40, others=others)) == WELL


@pytest.mark.parametrize(
    ("permissions", "verdict", "named"),
    [
        ({Permission.ZONE_READ, Permission.DNS_EDIT}, WELL, ""),
        ({Permission.ZONE_READ, Permission.DNS_READ}, [*WELL[:3], ("cloudflare-edit", "wrong")], "Zone > DNS > Edit"),
        (
            {Permission.ZONE_READ},
            [*WELL[:2], ("cloudflare-read", "wrong"), ("cloudflare-edit", "wrong")],
            "Zone > DNS > Read",
        ),
        ({Permission.DNS_EDIT}, [WELL[0], ("cloudflare-zone", "wrong"), *left(2)], "Zone > Zone > Read"),
    ],
)
def test_what_a_token_may_not_do_is_named_with_the_permission(
    lab: Lab, permissions: set[Permission], verdict: list[tuple[str, str]], named: str
) -> None:
    permit(lab, *permissions)
    found = examined(lab, OTHER)
    assert verdicts(found) == verdict, found
    assert any(named in check.cure for check in found)


@pytest.mark.parametrize(
    ("environment", "others", "verdict", "seen", "fix"),
    [
        (
            {"CLOUDFLARE_API_TOKEN": ""},
            {},
            "absent",
            "no token is set",
            "pulumi config set --secret cloudflare:apiToken",
        ),
        (
            {"CLOUDFLARE_API_TOKEN": "with a space in it, somewhere"},
            {},
            "wrong",
            "is not a Cloudflare token",
            "token with",
        ),
        ({"CLOUDFLARE_API_TOKEN": "f" * 40}, {}, "wrong", "does not know the token", "Zone > Zone > Read"),
        ({}, {"cloudflare:apiToken": {"secure": "v1:x"}}, "unchecked", "apiToken is encrypted", "doctor --config -"),
        (
            {"CLOUDFLARE_API_TOKEN": "", "CLOUDFLARE_API_KEY": "k" * 37},
            {},
            "unchecked",
            "only tokens are examined",
            "use a token",
        ),
        ({"CLOUDFLARE_BASE_URL": "http://127.0.0.1:9"}, {}, "unreachable", "refused", "firewall"),
        ({"CLOUDFLARE_BASE_URL": "file:///etc/passwd"}, {}, "unreachable", "is not a URL", "api.cloudflare.com"),
    ],
)
def test_a_token_that_does_not_do(
    lab: Lab, environment: dict[str, str], others: dict[str, Any], verdict: str, seen: str, fix: str
) -> None:
    found = examined(lab, environment=environment, others=others)
    assert verdicts(found) == [("cloudflare-token", verdict), *left(1)]
    assert seen in found[0].seen
    assert fix in found[0].cure


def says(lab: Lab, result: Any, status: int = 200) -> None:
    """Let the API say this of the token."""

    async def verify(request: Request, work: Any) -> Response:
        if not request.url.path.endswith("/tokens/verify"):
            return work()  # type: ignore[no-any-return]
        errors = [] if status < 400 else [result]
        body = {"success": status < 400, "errors": errors, "messages": [], "result": None if errors else result}
        return JSONResponse(body, status)

    lab.cloudflare.api.intercept = verify


def test_a_token_that_has_ended_is_wrong(lab: Lab) -> None:
    says(lab, {"id": "x", "status": "expired", "expires_on": "2026-01-01T00:00:00Z"})
    found = examined(lab)
    assert verdicts(found) == [("cloudflare-token", "wrong"), *left(1)]
    assert found[0].seen == "the token is expired"


def test_a_token_that_ends_soon_is_a_notice(lab: Lab) -> None:
    ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=13)
    says(lab, {"id": "x", "status": "active", "expires_on": f"{ends:%Y-%m-%dT%H:%M:%SZ}"})
    found = examined(lab)
    assert verdicts(found) == WELL
    assert found[0].notices == (f"it expires on {ends:%Y-%m-%d}; make a new one before that",)


def test_a_token_of_an_account_is_known_by_what_it_lists(lab: Lab) -> None:
    """``/user/tokens/verify`` is for a user's: for others Cloudflare says 1000, "Invalid API Token"."""
    says(lab, {"code": 1000, "message": "Invalid API Token"}, 401)
    assert verdicts(examined(lab)) == WELL


def test_a_domain_without_a_zone_is_named_and_the_others_are_examined(lab: Lab) -> None:
    found = examined(lab, domains=["example.com", "elsewhere.net"])
    assert ("cloudflare-zone", "absent") in verdicts(found) or ("cloudflare-zone", "wrong") in verdicts(found)
    assert any("elsewhere.net" in check.seen for check in found)


def test_a_zone_that_is_not_delegated_is_wrong(lab: Lab) -> None:
    lab.cloudflare.api.zone("example.com").status = "pending"
    found = examined(lab)
    assert verdicts(found)[1] == ("cloudflare-zone", "wrong")
    assert "pending" in found[1].seen
    assert found[1].cure.startswith("have the registrar delegate example.com to ")


def test_zones_by_their_ids(lab: Lab) -> None:
    zone = lab.cloudflare.api.zone("example.com")
    assert verdicts(examined(lab, cloudflare={"zones": {"example.com": zone.id}})) == WELL
    found = examined(lab, cloudflare={"zones": {"example.com": "0" * 32}})
    assert verdicts(found) == [WELL[0], ("cloudflare-zone", "wrong"), *left(2)]


def test_a_zone_of_another_account_is_not_taken(lab: Lab) -> None:
    other = Account("other")
    lab.cloudflare.api.add_zone("example.com", other)
    found = examined(lab)
    assert "is a zone in the accounts" in found[1].seen
    assert verdicts(examined(lab, cloudflare={"accountId": other.id}))[1] == ("cloudflare-zone", "pass")


@pytest.mark.parametrize(
    ("fault", "verdict", "seen"),
    [
        (Fault(path="/verify", status=500), [("cloudflare-token", "pass"), *WELL[1:]], ""),
        (Fault(times=-1, status=500), [("cloudflare-token", "unreachable"), *left(1)], "API failed"),
        (Fault(path="/zones?", status=500), [WELL[0], ("cloudflare-zone", "unreachable"), *left(2)], "API failed"),
        (Fault(times=-1, status=429), [("cloudflare-token", "unreachable"), *left(1)], "rate limit is reached"),
        (Fault(times=-1, reset="before"), [("cloudflare-token", "unreachable"), *left(1)], "cut"),
        (
            Fault(path="dns_records?", status=500),
            [*WELL[:2], ("cloudflare-read", "unreachable"), WELL[3]],
            "API failed",
        ),
        (
            Fault("PATCH", reset="before"),
            [*WELL[:3], ("cloudflare-edit", "unreachable")],
            "example.com: 127.0.0.1:",
        ),
        (Fault("PATCH", status=429), [*WELL[:3], ("cloudflare-edit", "unreachable")], ""),
    ],
)
def test_an_api_that_fails(lab: Lab, fault: Fault, verdict: list[tuple[str, str]], seen: str) -> None:
    faults_of(lab.cloudflare).append(fault)
    found = examined(lab)
    assert verdicts(found) == verdict, found
    assert any(seen in check.seen for check in found)


def test_what_is_not_cloudflares_is_told(lab: Lab) -> None:
    async def html(*_: object) -> Response:
        return Response("<html>sign in</html>", 200, media_type="text/html")

    lab.cloudflare.api.intercept = html
    found = examined(lab)
    assert verdicts(found)[0] == ("cloudflare-token", "unreachable")
    assert "not Cloudflare's API" in found[0].seen


@pytest.mark.parametrize(
    "result",
    [[], "x", None, 7, [{"id": "x"}], [{"name": 7}], [[]], {"status": None}, [{"id": "x", "name": "example.com"}]],
)
def test_an_answer_of_another_shape_is_not_cloudflares(lab: Lab, result: object) -> None:
    async def odd(*_: object) -> Response:
        return JSONResponse({"success": True, "errors": [], "messages": [], "result": result, "result_info": 5})

    lab.cloudflare.api.intercept = odd
    found = examined(lab)
    assert found[0].verdict in ("unreachable", "wrong"), found
    assert "internal error" not in repr(found)


def test_what_an_answer_says_is_cut(lab: Lab) -> None:
    zone = {"id": "x", "name": "example.com", "status": "pending" * 10**5, "name_servers": ["n" * 10**6] * 10**2}

    async def long(request: Request, work: Any) -> Response:
        if request.url.path.endswith("/zones"):
            content = {"success": True, "result": [zone], "result_info": {"total_pages": 1}}
            return JSONResponse(content)
        return work()  # type: ignore[no-any-return]

    lab.cloudflare.api.intercept = long
    assert len(repr(examined(lab))) < 10_000


def test_pages_are_read_to_the_last(lab: Lab) -> None:
    domains = [f"d{number}.net" for number in range(60)]
    for domain in domains:
        lab.cloudflare.api.add_zone(domain, Account("one"))
    assert verdicts(examined(lab, domains=[domains[0], domains[-1]])) == WELL


@pytest.mark.parametrize(("most", "verdict"), [(2, "pass"), (1, "unreachable")])
def test_so_many_pages(lab: Lab, monkeypatch: pytest.MonkeyPatch, most: int, verdict: str) -> None:
    for number in range(60):
        lab.cloudflare.api.add_zone(f"d{number}.net", Account("one"))
    monkeypatch.setattr(limits, "CLOUDFLARE_PAGES", limits.CLOUDFLARE_PAGES._replace(most=most))
    assert any(check.verdict == verdict for check in examined(lab, domains=["d1.net"])[:2])


@pytest.mark.parametrize("more", [0, -1])
def test_so_many_octets(lab: Lab, monkeypatch: pytest.MonkeyPatch, more: int) -> None:
    says(lab, {"id": "x", "status": "active"})
    body = b'{"success":true,"errors":[],"messages":[],"result":{"id":"x","status":"active"}}'
    monkeypatch.setattr(limits, "CLOUDFLARE_PAGE", limits.CLOUDFLARE_PAGE._replace(most=len(body) + more))
    api = Api(lab.cloudflare.url, lab.token)
    if not more:
        assert api.ask("GET", "/user/tokens/verify").result["status"] == "active"
        return
    with pytest.raises(UnaskedError, match=r"sent more than .* for one page; check CLOUDFLARE_BASE_URL"):
        api.ask("GET", "/user/tokens/verify")


def test_a_certificate_that_nobody_trusts_is_told_with_its_cure(tmp_path: Path) -> None:
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = Authority(tmp_path).context("localhost").wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(UnaskedError, match=r"certificate of localhost:\d+, or of a proxy on the way, is refused"):
            Api(f"https://localhost:{server.server_port}", OTHER).ask("GET", "/zones")
    finally:
        server.shutdown()
        server.server_close()


def test_a_redirection_is_not_followed_with_the_token(lab: Lab) -> None:
    async def moved(*_: object) -> Response:
        return Response("", 302, {"Location": "http://127.0.0.1:9/"})

    lab.cloudflare.api.intercept = moved
    assert verdicts(examined(lab))[0][1] in ("wrong", "unreachable")


def test_an_answer_that_repeats_the_token_is_not_shown(lab: Lab) -> None:
    says(lab, {"id": "x", "status": f"seen {lab.token}"})
    assert "secret" in examined(lab)[0].seen


@pytest.mark.limit("DOCTOR_ZONES")
@pytest.mark.parametrize("beyond", [0, 1])
def test_so_many_zones_are_asked_about(lab: Lab, beyond: int) -> None:
    most = limits.DOCTOR_ZONES.most
    domains = [f"d{number}.net" for number in range(most + beyond)]
    for domain in domains:
        lab.cloudflare.api.add_zone(domain, Account("one"))
    found = examined(lab, domains=domains)
    assert verdicts(found) == WELL
    assert ("; 1 more zones were not checked" in found[3].seen) == bool(beyond)
    assert sum(one.method == "PATCH" for one in lab.cloudflare.api.log) == most


def plugin_check(folder: Path, **environment: str) -> Check:
    return provider(stack(folder, {"cloudflare": {}}, {"PATH": "", "HOME": str(folder), **environment}))[0]


def test_another_answer_to_an_empty_change_says_nothing(lab: Lab) -> None:
    async def strict(request: Request, work: Any) -> Response:
        if request.method != "PATCH":
            return work()  # type: ignore[no-any-return]
        return JSONResponse({"success": False, "errors": [{"code": 9207, "message": "Request body is invalid."}]}, 400)

    lab.cloudflare.api.intercept = strict
    assert verdicts(examined(lab)) == [*WELL[:3], ("cloudflare-edit", "unchecked")]


def test_a_refusal_that_nobody_knows_has_its_code(lab: Lab) -> None:
    says(lab, {"code": 1234567, "message": "Something new"}, 400)
    with pytest.raises(UnaskedError, match=r"refuses this \(HTTP 400, code 1234567\)"):
        _ = Api(lab.cloudflare.url, lab.token).ask("GET", "/user/tokens/verify").result


def test_a_failure_that_nobody_knows_names_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api("http://127.0.0.1:9/client", OTHER)

    def odd(*_: object, **__: object) -> None:
        raise OSError("something odd")

    monkeypatch.setattr(api._opener, "open", odd)
    with pytest.raises(UnaskedError, match=r"127\.0\.0\.1:9 was not reached; check CLOUDFLARE_BASE_URL"):
        api.ask("GET", "/zones")


def test_without_the_package_the_plugin_is_unchecked(tmp_path: Path) -> None:
    site = tmp_path / "venv" / "lib" / "python3.13" / "site-packages"
    site.mkdir(parents=True)
    project = "name: mail\nruntime: {name: python, options: {virtualenv: venv}}\n"
    found = provider(stack(tmp_path, {"cloudflare": {}}, {"PATH": ""}, project=project))[0]
    assert (found.verdict, found.seen) == (
        "unchecked",
        "the package pulumi-cloudflare, which names it, is not installed",
    )


def test_the_plugin(tmp_path: Path) -> None:
    version = plugin_version()
    assert version is not None
    download = plugin_check(tmp_path)
    assert (download.name, download.verdict) == ("cloudflare-plugin", "unchecked")
    missing = plugin_check(tmp_path, PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION="true")
    assert missing.verdict == "absent"
    assert missing.cure == f"run: pulumi plugin install resource cloudflare {version}"
    kept = tmp_path / ".pulumi" / "plugins" / f"resource-cloudflare-v{version}"
    kept.mkdir(parents=True)
    (kept / EXECUTABLE).write_text("#!/bin/sh\n")
    (kept / EXECUTABLE).chmod(0o755)
    assert plugin_check(tmp_path).verdict == "pass"
    assert found("6.0.0", {"PATH": "", "HOME": str(tmp_path)}) is None, "another version is no good"
    assert plugin_check(tmp_path, HOME="/nowhere", PATH=str(kept)).verdict == "pass"


def test_one_of_several_publishers_is_examined_for_the_zones_that_it_has(lab: Lab) -> None:
    both: dict[str, Any] = {"rfc2136": {"zones": ["elsewhere.net"], "server": "127.0.0.1:9"}}
    found = examined(lab, domains=["example.com", "elsewhere.net"], **both)
    assert verdicts([one for one in found if one.name in NAMES]) == WELL
    found = examined(lab, domains=["elsewhere.net"], **both)
    assert verdicts([one for one in found if one.name in NAMES]) == [WELL[0], *left(1)]
    named = {"name": "elsewhere.net", "publish": ["cloudflare"]}
    found = examined(lab, domains=["example.com", named, "b.elsewhere.net"], **both)
    assert any("elsewhere.net" in one.seen and one.verdict == "absent" for one in found if one.name in NAMES)
