"""Who may use the lab's Cloudflare API, how often, and how it fails; and that DNS and it are one."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cloudflare
import pytest

from elastx_mrs.lab.cloudflare.zone import Account, Permission, Token
from elastx_mrs.lab.session import Lab, open_lab
from elastx_mrs.publish.clock import Clock
from tests.lab.api import add, client, read, refused, zone
from tests.lab.client import ZONES, ask, send, strings, update
from tests.lab.cloudflare_faults import Fault, faults_of


@pytest.mark.parametrize(
    ("token", "permissions", "answer"),
    [
        ("x", None, (400, 6111)),
        ("f" * 40, None, (403, 9109)),
        ("a" * 40, {Permission.DNS_EDIT}, (403, 0)),
        ("b" * 40, {Permission.ZONE_READ, Permission.DNS_READ}, (403, 10000)),
    ],
    ids=["malformed", "unknown", "no Zone:Read", "no DNS:Edit"],
)
def test_tokens(lab: Lab, token: str, permissions: set[Permission] | None, answer: tuple[int, int]) -> None:
    if permissions is not None:
        lab.cloudflare.api.tokens[token] = Token(permissions=frozenset(permissions))
    with client(lab, token) as api, pytest.raises(cloudflare.APIStatusError) as error:
        api.zones.list() and add(api, lab, '"a"')
    assert refused(error) == answer


def test_a_token_sees_its_own_zones(lab: Lab) -> None:
    other = lab.cloudflare.api.add_zone("other.example", Account("other"))
    lab.cloudflare.api.tokens["c" * 40] = Token(zones=frozenset({other.id}))
    with client(lab, "c" * 40) as api:
        assert [found.name for found in api.zones.list()] == ["other.example"]
        with pytest.raises(cloudflare.PermissionDeniedError) as error:
            add(api, lab, '"a"')
    assert refused(error) == (403, 10000)


def test_the_rate_limit_is_a_users_and_blocks_for_five_minutes(lab: Lab) -> None:
    limit = lab.cloudflare.api.limit
    limit.requests, limit.clock = 3, Clock(1000.0)
    lab.cloudflare.api.tokens["d" * 40] = Token(user="lab")
    with client(lab) as one, client(lab, "d" * 40) as two:
        headers = one.zones.with_raw_response.list().headers
        assert headers["Ratelimit"].startswith('"default";r=2;')
        assert headers["Ratelimit-Policy"] == '"default";q=3;w=300'
        two.zones.list()
        one.zones.list()
        with pytest.raises(cloudflare.RateLimitError) as error:
            two.zones.list()
        assert 0 < int(error.value.response.headers["Retry-After"]) <= 300
        time.sleep(0.31)
        one.zones.list()


def test_failures_on_demand(api: cloudflare.Cloudflare, lab: Lab) -> None:
    faults = faults_of(lab.cloudflare)
    faults += [Fault("POST", status=500), Fault("POST", reset="before"), Fault("POST", reset="after")]
    with pytest.raises(cloudflare.InternalServerError):
        add(api, lab, '"a"')
    with pytest.raises(cloudflare.APIConnectionError):
        add(api, lab, '"a"')
    assert ask(lab, "new.example.com").answer == [], "cut before the work was done"
    with pytest.raises(cloudflare.APIConnectionError):
        add(api, lab, '"a"')
    assert strings(ask(lab, "new.example.com")) == ['"a"'], "cut after it"
    log = lab.cloudflare.api.log
    assert [(one.method, one.status) for one in log] == [("POST", 500), ("POST", None), ("POST", None)]
    assert log[0].path == f"/zones/{zone(lab)}/dns_records"
    assert lab.token not in repr(log)


def test_what_an_update_changes_is_in_the_api_too_and_all_of_it_outlives_the_lab(tmp_path: Path) -> None:
    with open_lab(tmp_path / "lab", ZONES) as lab, client(lab) as api:
        kept = add(api, lab, '"kept"', comment="ours")
        message = update()
        message.add("new.example.com.", 300, "TXT", '"by an update"')
        send(lab, message)
        listed = {r.content: r.id for r in api.dns.records.list(zone_id=zone(lab), name={"exact": "new.example.com"})}
        assert listed.keys() == {'"kept"', '"by an update"'}
        assert listed['"kept"'] == kept.id
    with open_lab(tmp_path / "lab", ZONES) as lab, client(lab) as api:
        again = {r.content: r.id for r in api.dns.records.list(zone_id=zone(lab), name={"exact": "new.example.com"})}
        assert again == listed
        assert read(api, lab, kept.id).comment == "ours"
        message = update()
        message.delete("new.example.com.", "TXT", '"kept"')
        send(lab, message)
        with pytest.raises(cloudflare.NotFoundError):
            api.dns.records.get(kept.id, zone_id=zone(lab))


def test_dns_may_be_behind(api: cloudflare.Cloudflare, lab: Lab) -> None:
    lab.cloudflare.api.delay = 0.3
    add(api, lab, '"late"')
    assert ask(lab, "new.example.com").answer == []
    end = time.monotonic() + 5
    while not ask(lab, "new.example.com").answer and time.monotonic() < end:
        time.sleep(0.02)
    assert strings(ask(lab, "new.example.com")) == ['"late"']


def test_every_request_is_in_the_file_and_no_token(api: cloudflare.Cloudflare, lab: Lab) -> None:
    add(api, lab, '"a"')
    text = (lab.directory / "cloudflare" / "requests.jsonl").read_text()
    (line,) = map(json.loads, text.splitlines())
    assert (line["method"], line["path"], line["status"]) == ("POST", f"/zones/{zone(lab)}/dns_records", 200)
    assert line["body"] == {"name": "new.example.com", "type": "TXT", "ttl": 300, "content": '"a"'}
    assert lab.token not in text


def test_the_command_sets_delay_and_limit(tmp_path: Path) -> None:
    program = """
import os, cloudflare
client = cloudflare.Cloudflare(base_url=os.environ["CLOUDFLARE_BASE_URL"], max_retries=0)
headers = client.zones.with_raw_response.list().headers
assert headers["Ratelimit-Policy"] == '"default";q=7;w=300', headers
print("asked")
"""
    lab = [sys.executable, "-c", "from elastx_mrs.cli.main import main; main()", "lab", "--dir", str(tmp_path / "lab")]
    command = [*lab, "--rate-limit", "7", "--dns-delay", "0.5", "--", sys.executable, "-c", program]
    result = subprocess.run(command, check=False, timeout=60, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, "asked\n"), result.stderr


def test_a_missing_extra_is_named(tmp_path: Path) -> None:
    program = "import sys; sys.modules['starlette'] = None; from elastx_mrs.cli.main import main; main()"
    command = [sys.executable, "-c", program, "lab", "--dir", str(tmp_path / "lab"), "--", "true"]
    result = subprocess.run(command, check=False, timeout=60, capture_output=True, text=True)
    assert result.returncode == 2
    assert "the package starlette is not installed; run: pip install 'elastx-mrs[lab]'" in result.stderr


def test_fifty_at_once_lose_nothing(api: cloudflare.Cloudflare, lab: Lab) -> None:
    with ThreadPoolExecutor(50) as pool:
        made = list(pool.map(lambda number: add(api, lab, f'"{number}"').id, range(50)))
    assert len(set(made)) == 50
    assert len(strings(ask(lab, "new.example.com"))) == 50


def test_a_zone_of_the_same_name_in_another_account_is_another_and_not_served(
    api: cloudflare.Cloudflare, lab: Lab
) -> None:
    twin = lab.cloudflare.api.add_zone("example.com", Account("other"), status="pending")
    assert twin.id != zone(lab)
    api.dns.records.create(zone_id=twin.id, name="new.example.com", type="TXT", content='"twin"', ttl=300)
    assert ask(lab, "new.example.com").answer == []
    assert {z.status for z in api.zones.list(name="example.com")} == {"active", "pending"}
