"""``elastx-mrs adopt --import``: the file for ``pulumi import``, read from the lab's Cloudflare API."""

import json
import subprocess
import sys
from functools import partial
from typing import Any

import pytest
from click.testing import Result

from elastx_mrs import limits
from elastx_mrs.adopt import cloudflare
from elastx_mrs.adopt.plan import IMPORT_REQUESTS
from elastx_mrs.cli import adopt_import
from elastx_mrs.lab.cloudflare.zone import Account, Permission
from elastx_mrs.publish.cloudflare.rate import REQUESTS, Pace
from elastx_mrs.records import challenge
from tests import golden
from tests.cli.scene import TOKEN, Scene
from tests.lab.cloudflare_faults import Fault


def imports(result: Result) -> dict[str, str]:
    """The records to import: by name, the identifier."""
    return {one["name"]: one["id"] for one in json.loads(result.stdout)["resources"] if not one.get("component")}


def test_the_file_and_what_it_leads_to(scene: Scene) -> None:
    result = scene.run()
    assert result.exit_code == 1, "an SPF term would be lost"
    zone = scene.api.zone("example.com")
    ids = {record.fields.content: f"{zone.id}/{record.id}" for record in zone.book.all()}
    assert imports(result) == {
        "mail-example.com-challenge-f7ee5ec73121": ids[f'"{golden.TOKEN}"'],
        "mail-example.com-spf": ids['"v=spf1 ip4:203.0.113.0/24 include:elastx.email -all"'],
        "mail-example.com-dmarc": ids['"v=DMARC1; p=none;"'],
    }
    assert result.stderr.splitlines() == [
        "example.com SPF 'v=spf1 ip4:203.0.113.0/24 include:elastx.email -all' becomes "
        "'v=spf1 include:elastx.email -all'",
        "_dmarc.example.com DMARC TTL 3600 becomes 1800",
        "CANNOT BE KEPT: example.com SPF loses ip4:203.0.113.0/24, and mail sent through that fails; add it to the "
        "config: elastx-mrs adopt example.com prints it",
        "3 records to import; the next up changes 2 of them and creates 1 more",
        "pulumi import will send 12 requests to Cloudflare, 4 for each record; Cloudflare accepts 1,200 in 5 minutes",
    ]


def test_zones_are_listed_once_and_each_is_read_once(scene: Scene) -> None:
    result = scene.run(config={"domains": ["example.com", "a.news.example.com", "example.se", "b.example.com"]})
    assert len(imports(result)) == 3
    listed, *read = scene.asked()
    assert listed == "/zones?page=1&per_page=50"
    wanted = ("example.com", "news.example.com", "example.se")  # the longest zone of each
    assert sorted(path.split("/")[2] for path in read) == sorted(scene.api.zone(name).id for name in wanted)
    assert {path.partition("?")[2] for path in read} == {"page=1&per_page=5000"}


def test_no_zone_is_listed_if_the_config_has_all_ids(scene: Scene) -> None:
    zones = {"example.com": scene.api.zone("example.com").id}
    result = scene.run(config={"cloudflare": {"zones": zones}})
    assert len(imports(result)) == 3
    assert len(scene.asked()) == 1


def test_pages_are_read_to_the_last_and_no_further(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloudflare, "RECORDS_PER_PAGE", 3)
    for number in range(100):
        scene.api.add_zone(f"z{number}.example", Account("many"))
    count = len(scene.api.zone("example.com").book.all())
    assert len(imports(scene.run())) == 3
    assert len([path for path in scene.asked() if path.startswith("/zones?")]) == 3, "105 zones, 50 on a page"
    assert len([path for path in scene.asked() if "dns_records" in path]) == -(-count // 3)


def test_domains_select_their_records(scene: Scene) -> None:
    config = {"domains": ["example.com", "News.Example.com."]}
    assert set(imports(scene.run("news.EXAMPLE.com", config=config))) == {"mail-news.example.com-spf"}
    result = scene.run("example.se", config=config)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "DOMAIN example.se: is not one of the config's domains" in result.stderr


def test_records_that_cannot_be_imported_are_named_and_the_rest_is_in_the_file(scene: Scene) -> None:
    result = scene.run(config={"domains": ["two.example.com", "alias.example.com", "news.example.com"]})
    assert result.exit_code == 1
    assert set(imports(result)) == {"mail-news.example.com-spf"}
    assert "CANNOT BE IMPORTED: two.example.com has 2 SPF records: 'v=spf1 " in result.stderr
    assert "CANNOT BE IMPORTED: _dmarc.alias.example.com is a CNAME to _dmarc.example.com, so it" in result.stderr


def test_nothing_to_import(scene: Scene) -> None:
    result = scene.run(config={"domains": ["example.se"]})
    assert (result.exit_code, imports(result)) == (0, {})
    assert "0 records to import; the next up changes 0 of them and creates 4 more\n" in result.stderr
    assert "there is nothing to import; continue with pulumi preview" in result.stderr


def challenges(scene: Scene, count: int) -> dict[str, Any]:
    """Put so many challenges into a zone, 80 at a name; return the config that declares them, and nothing else."""
    accounts = [f"a{number}@acme.example" for number in range(80)]
    domains: list[dict[str, Any]] = []
    for number in range(count):
        name, account = f"d{number // 80}.example.se", accounts[number % 80]
        fields = {"type": "TXT", "name": name, "ttl": 1800, "content": f'"{challenge.token(account)}"'}
        scene.api.zone("example.se").book.add(fields)
        if number % 80 == 0:
            domains.append({"name": name, "accounts": []})
        domains[-1]["accounts"].append(account)
    external = {"external": True}
    return {"accounts": accounts, "domains": domains, "spf": external, "dkim": external, "dmarc": external}


@pytest.mark.parametrize("beyond", [0, 1])
@pytest.mark.limit("CLOUDFLARE_IMPORT")
def test_a_file_keeps_within_the_rate_limit(scene: Scene, beyond: int) -> None:
    most = limits.CLOUDFLARE_IMPORT.most
    config = challenges(scene, most + beyond)
    result = scene.run(config=config)
    first = imports(result)
    assert len(first) == most
    said = result.stderr.splitlines()
    assert said[0].startswith(f"{most + beyond} records to import; the next up changes 0 of them and creates 0 more")
    assert said[1].startswith(f"pulumi import will send {4 * most} requests to Cloudflare, 4 for each record; ")
    if not beyond:
        assert len(said) == 2
        return
    assert said[2:] == [
        "the file has the first 240 of these records, to stay within that. Import them, wait 5 minutes, export the "
        "state, and run this again with --state for the other 1"
    ]
    urn = "urn:pulumi:prod::mail::elastx-mrs:index:MailRelay"
    record = "cloudflare:index/dnsRecord:DnsRecord"
    own = [
        {"urn": f"{urn}${record}::{name}", "type": record, "id": number, "parent": f"{urn}::mail"}
        for name, number in first.items()
    ]
    state = scene.directory / "state.json"
    component = {"urn": f"{urn}::mail", "type": "elastx-mrs:index:MailRelay"}
    state.write_text(json.dumps({"version": 3, "deployment": {"resources": [component, *own]}}))
    (last,) = imports(scene.run("--state", str(state), config=config))
    assert last not in first


def test_the_two_commands_together_keep_within_the_rate_limit(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    zones = {"example.com": scene.api.zone("example.com").id}
    for most, wait in ((13, False), (12, True)):  # one request of ours, and twelve of the import
        monkeypatch.setattr(adopt_import, "REQUESTS", most)
        said = scene.run(config={"cloudflare": {"zones": zones}}).stderr.splitlines()
        assert ("wait 5 minutes before pulumi import: this command has already sent 1 requests" in said) == wait


def test_a_full_file_leaves_room_for_the_command_itself() -> None:
    assert REQUESTS - limits.CLOUDFLARE_IMPORT.most * IMPORT_REQUESTS >= 100


def test_the_configs_account_is_read_if_there_are_two(scene: Scene) -> None:
    other = Account("somebody@example.com's Account")
    scene.api.add_zone("example.com", other)
    result = scene.run()
    assert result.exit_code == 2
    own = scene.api.zone("elastx.email").account.id
    assert f"example.com is a zone in the accounts {own} and {other.id}; write the id" in result.stderr
    assert "cloudflare.accountId" in result.stderr
    assert "somebody@" not in result.stderr
    assert len(imports(scene.run(config={"cloudflare": {"accountId": own}}))) == 3
    assert imports(scene.run(config={"cloudflare": {"accountId": other.id}})) == {}


def test_config_and_state_may_come_from_a_pipe(scene: Scene) -> None:
    values = {"accounts": [golden.ACCOUNT], "domains": ["example.com"], "dkim": {"external": True}, "cloudflare": {}}
    shown = {f"elastx-mrs:{key}": {"value": json.dumps(value), "secret": True} for key, value in values.items()}
    result = scene.plain("--import", "--config", "-", stdin=json.dumps(shown))
    assert len(imports(result)) == 3
    urn = "urn:pulumi:prod::mail::elastx-mrs:index:MailRelay"
    record = "cloudflare:index/dnsRecord:DnsRecord"
    resources = [
        {"urn": f"{urn}::mail", "type": "elastx-mrs:index:MailRelay"},
        {"urn": f"{urn}${record}::mail-example.com-spf", "type": record, "id": "r", "parent": f"{urn}::mail"},
        {"urn": f"{urn}${record}::mail-example.com-dmarc", "type": record, "parent": f"{urn}::mail", "delete": True},
        {"urn": f"{urn}2${record}::mail-example.com-challenge-f7ee5ec73121", "type": record, "parent": f"{urn}::other"},
    ]
    exported = json.dumps({"version": 3, "deployment": {"resources": resources}})
    state = scene.directory / "state.json"
    state.write_text(exported)
    result = scene.plain("--import", "--config", "-", "--state", str(state), stdin=json.dumps(shown))
    assert set(imports(result)) == {"mail-example.com-dmarc", "mail-example.com-challenge-f7ee5ec73121"}
    assert json.loads(result.stdout)["nameTable"] == {"mail": f"{urn}::mail"}
    assert "; 1 are already in the state" in result.stderr


def test_a_long_wait_is_announced(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "QUIET", 0.1)
    scene.faults.append(Fault("GET", "dns_records", delay=0.3))
    assert "reading Cloudflare's records of 1 zone …\n" in scene.run().stderr


def test_it_paces_itself(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloudflare, "Pace", partial(Pace, requests=2))
    result = scene.run(config={"domains": ["example.com", "example.se"]}, ELASTX_MRS_LAB_CLOCK="1000")
    assert result.stderr.startswith("Cloudflare accepts 1,200 requests in 5 minutes; continuing at ")
    assert len(imports(result)) == 3
    assert len(scene.asked()) == 3


def test_a_token_for_the_stacks_zones_is_enough(scene: Scene) -> None:
    own = frozenset({scene.api.zone("example.com").id})
    scene.permit(TOKEN, Permission.ZONE_READ, Permission.DNS_READ, zones=own)
    assert len(imports(scene.run(CLOUDFLARE_API_TOKEN=TOKEN))) == 3


def test_neither_the_sdk_nor_pulumi_is_loaded_before_it_is_used() -> None:
    program = """
import sys
from functools import partial
from elastx_mrs.cli.main import main
try:
    main(["adopt", "--help"])
finally:
    assert not {"cloudflare", "pulumi", "pulumi_cloudflare"} & set(sys.modules)
    import elastx_mrs.cli.adopt_import
    assert not {"cloudflare", "pulumi", "pulumi_cloudflare"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "pulumi import --file import.json --protect=false --generate-code=false" in done.stdout


def test_only_what_cloudflare_publishes_is_imported(scene: Scene) -> None:
    """Of several publishers: a domain that names another one, or has its zone there, is not this file's."""
    domains = ["example.com", "elsewhere.net", {"name": "example.se", "publish": ["route53"]}]
    result = scene.run(config={"domains": domains, "route53": {}})
    assert result.exit_code == scene.run().exit_code
    assert result.stdout == scene.run().stdout
    sole = scene.run(config={"domains": ["example.com", "elsewhere.net"]})
    assert sole.exit_code == 2
    assert "Cloudflare lists no zone for elsewhere.net" in sole.stderr
