"""Whom the lab's Cloudflare API lets do what, and what it says to the others."""

from collections.abc import Iterator

import cloudflare
import httpx
import pytest

from elastx_mrs.lab.cloudflare.zone import Account, Permission, Token
from elastx_mrs.lab.session import Lab, open_lab
from tests.lab.api import client, zone
from tests.lab.client import ZONES
from tests.lab.wire import fault, info, made, names, records, txt, wire

NOBODY = "0" * 32
OTHER = Account("other")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with open_lab(tmp_path_factory.mktemp("tokens") / "lab", ZONES) as lab:
        lab.cloudflare.api.add_zone("example.com", OTHER)
        yield lab


@pytest.fixture(scope="module")
def http(shared: Lab) -> Iterator[httpx.Client]:
    with wire(shared) as client:
        yield client


@pytest.mark.parametrize(
    ("header", "answer", "text"),
    [
        (None, (400, 9106), "Missing X-Auth-Key, X-Auth-Email or Authorization headers"),
        ("x", (400, 6003, 6111), "Invalid request headers"),
        ("Bearer", (400, 6003, 6111), "Invalid request headers"),
        ("Bearer has spaces in its thirty-two characters", (400, 6003, 6111), "Invalid request headers"),
        (f"Bearer {'f' * 40}", (403, 9109), "Invalid access token"),
    ],
    ids=["none", "no bearer", "empty", "malformed", "unknown"],
)  # cloudflare-python's issue 2678, acme.sh's 6435
def test_who_has_no_token_gets_nothing(shared: Lab, header: str | None, answer: tuple[int, ...], text: str) -> None:
    with wire(shared, header) as http:
        for response in (
            http.get("/zones"), http.get(records(shared)), http.post(records(shared), json=txt()),
            http.delete(f"{records(shared)}/{NOBODY}"), http.get("/user/tokens/verify"),
        ):  # fmt: skip
            assert fault(response) == answer
            assert response.json()["errors"][0]["message"] == text


def test_a_token_is_verified(http: httpx.Client, shared: Lab) -> None:
    with client(shared) as api:
        verified = api.user.tokens.verify()
    assert verified is not None
    assert (verified.status, len(verified.id)) == ("active", 32)


@pytest.mark.parametrize(
    ("permissions", "zones", "listed", "posted"),
    [
        (set(Permission), 200, 200, 200),
        ({Permission.ZONE_READ, Permission.DNS_EDIT}, 200, 200, 200),
        ({Permission.ZONE_READ, Permission.DNS_READ}, 200, 200, 403),
        ({Permission.ZONE_READ}, 200, 403, 403),
        ({Permission.DNS_EDIT}, 403, 200, 200),
        (set(), 403, 403, 403),
    ],
    ids=lambda value: "+".join(sorted(value)) if isinstance(value, set) else str(value),
)
def test_a_token_does_what_its_permissions_allow(
    shared: Lab, permissions: set[Permission], zones: int, listed: int, posted: int
) -> None:
    token = "p" * 40
    shared.cloudflare.api.tokens[token] = Token(permissions=frozenset(permissions))
    record = txt(str(sorted(permissions)))
    with wire(shared, f"Bearer {token}") as http:
        answers = [http.get("/zones"), http.get(f"/zones/{zone(shared)}"), http.get(records(shared))]
        answers.append(http.post(records(shared), json=record))
        assert [answer.status_code for answer in answers] == [zones, zones, listed, posted]
        for answer in answers[2:]:
            if answer.status_code == 403:
                assert fault(answer) == (403, 10000)
                assert answer.json()["errors"][0]["message"] == "Authentication error"
        if zones == 403:
            assert fault(answers[0]) == (403, 0)
            assert "zone.list" in answers[0].json()["errors"][0]["message"]
        if posted == 403:
            path = f"{records(shared)}/{NOBODY}"
            for refused in (http.put(path, json=record), http.patch(path, json=record), http.delete(path)):
                assert fault(refused) == (403, 10000)


def test_a_token_sees_only_its_own_zones(shared: Lab) -> None:
    token, other = "c" * 40, shared.cloudflare.api.zone("example.com", OTHER)
    shared.cloudflare.api.tokens[token] = Token(zones=frozenset({other.id}))
    with wire(shared, f"Bearer {token}") as http:
        assert [one["id"] for one in http.get("/zones").json()["result"]] == [other.id]
        assert info(http.get("/zones", params={"account.id": OTHER.id}))["total_count"] == 1
        made(http.post(f"/zones/{other.id}/dns_records", json=txt()))
        for response in (http.get(f"/zones/{zone(shared)}"), http.get(records(shared))):
            assert fault(response) == (403, 10000)
        assert fault(http.post(records(shared), json=txt('"foreign"'))) == (403, 10000)
    with wire(shared) as http:
        assert names(http.get(records(shared), params={"content": '"foreign"'})) == []


@pytest.mark.parametrize("number", ["example.com", "x" * 32, "F" * 32, "0" * 31, "0" * 33, "%20"])
def test_a_malformed_zone_or_record_id_leads_nowhere(http: httpx.Client, shared: Lab, number: str) -> None:
    for path in (f"/zones/{number}", f"/zones/{number}/dns_records", f"{records(shared)}/{number}"):
        answer = http.get(path)
        assert fault(answer)[:2] == (404, 7003)
        text = answer.json()["errors"][0]["message"]
        assert text.startswith("Could not route to /client/v4/zones/")  # timothymiller/cloudflare-ddns's issue 152
        assert text.endswith(", perhaps your object identifier is invalid?")


def test_a_path_or_method_that_is_none_leads_nowhere_in_the_envelope(http: httpx.Client, shared: Lab) -> None:
    for response in (
        http.get("/"), http.get("/zones/"), http.get("/nothing"), http.post("/zones", json={}),
        http.delete(f"/zones/{zone(shared)}"), http.put(records(shared), json=txt()),
        http.post(f"{records(shared)}/{NOBODY}", json=txt()),
    ):  # fmt: skip
        assert fault(response)[:2] == (404, 7003)


def test_a_well_formed_zone_id_that_is_nobodys_is_forbidden(http: httpx.Client) -> None:
    assert fault(http.get(f"/zones/{NOBODY}/dns_records")) == (403, 10000)


def test_a_record_that_is_not_there_is_not_found_by_any_method(http: httpx.Client, shared: Lab) -> None:
    path = f"{records(shared)}/{NOBODY}"
    for response in (
        http.get(path), http.put(path, json=txt('"no"')), http.patch(path, json={"ttl": 60}), http.delete(path)
    ):  # fmt: skip
        assert fault(response) == (404, 81044)
        assert response.json()["errors"][0]["message"] == "Record does not exist."
    with client(shared) as api, pytest.raises(cloudflare.NotFoundError):
        api.dns.records.get(NOBODY, zone_id=zone(shared))


def test_a_record_is_found_in_its_own_zone_only(http: httpx.Client, shared: Lab) -> None:
    other = shared.cloudflare.api.zone("example.com", OTHER)
    record = made(http.post(records(shared), json=txt('"mine"')))
    assert fault(http.get(f"/zones/{other.id}/dns_records/{record['id']}")) == (404, 81044)
    assert fault(http.delete(f"/zones/{other.id}/dns_records/{record['id']}")) == (404, 81044)
    made(http.get(f"{records(shared)}/{record['id']}"))
