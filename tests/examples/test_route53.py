"""examples/route53 as it stands, on the real engine, against a stand-in for Route 53's API that DNS follows."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dns.query
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.tsigkeyring
import dns.update
import pytest
import yaml
from dns.rdtypes.ANY.TXT import TXT

from elastx_mrs.lab.session import Lab, open_lab
from tests import golden
from tests.engine.rfc2136.test_rfc2136 import FIRST_TOKEN, SECOND, SECOND_TOKEN
from tests.engine.stack import Stack
from tests.examples import readme
from tests.examples.route53_api import Fault, HostedZone, RecordSet, Route53Api, serve, strings

pytestmark = pytest.mark.engine

COM, SE = "Z01EXAMPLECOM0000000", "Z02EXAMPLESE00000000"
THEIRS = (
    '"google-site-verification=Zx8sample0verification0string0of0nobody00000"',
    r'"octets \303\245 and a \"quote\"" " in two strings"',
    '"MS=ms12345678"',
)
THEIRS_SE = ('"MS=ms87654321"',)
FIRST_VALUE, SECOND_VALUE = f'"{FIRST_TOKEN.decode()}"', f'"{SECOND_TOKEN.decode()}"'
SPF_COM = '"v=spf1 include:elastx.email include:_spf.google.com ~all"'
SPF, DMARC = f'"{golden.SPF}"', f'"{golden.DMARC}"'
DKIM = f'"{golden.DKIM_FIRST}" "{golden.DKIM_REST}"'
RECORDS = {
    *(f"mail-{domain}-{kind}" for domain in ("example.com", "news.example.com", "example.se") for kind in (
        "challenge-2c77290c4634", "spf", "dkim", "dmarc",
    )),
    *(f"mail-{domain}-challenge-d96aab757c15" for domain in ("example.com", "example.se")),
}  # fmt: skip
"""As in every example; two of three domains have both accounts."""


class Example(Stack):
    """A copy of the folder, with the stack ``test``, whose config is that of its stack ``prod``."""

    @property
    def _file(self) -> Path:
        return self.directory / "Pulumi.test.yaml"

    @classmethod
    def copy(cls, directory: Path, environment: dict[str, str]) -> "Example":
        directory.mkdir()
        if shutil.which("pulumi") is None:
            pytest.skip("pulumi is not on PATH; run the tests with make test")
        (directory / "state").mkdir()
        folder = readme.copied("route53", directory)
        config = yaml.safe_load((folder / "Pulumi.prod.yaml").read_text())["config"]
        own = {key.partition(":")[2]: value for key, value in config.items() if key.startswith("elastx-mrs:")}
        others = {key: value for key, value in config.items() if not key.startswith("elastx-mrs:")}
        stack = cls(folder, environment, own, others)
        stack.init()
        return stack

    def destroy(self, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.pulumi("destroy", "--yes", "--stack", "test", check=check)

    def refresh(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.pulumi("refresh", "--yes", "--stack", "test", *arguments)


@dataclass
class Company:
    """Two hosted zones with other people's strings, and a name server that serves what the stand-in has."""

    api: Route53Api
    lab: Lab
    folder: Path

    @property
    def com(self) -> HostedZone:
        return self.api.zones[COM]

    @property
    def se(self) -> HostedZone:
        return self.api.zones[SE]

    def environment(self, user: str = "AKIDEXAMPLE") -> dict[str, str]:
        return self.api.environment(user) | {"ELASTX_MRS_NAMESERVERS": self.lab.address}

    def stack(self, name: str = "one", user: str = "AKIDEXAMPLE") -> Example:
        return Example.copy(self.folder / name, self.environment(user))

    def serve(self, zone: HostedZone, owner: str) -> None:
        """Let DNS have the TXT records of a name as Route 53 would serve them."""
        update = dns.update.UpdateMessage(zone.name)
        update.delete(f"{owner}.", "TXT")
        found = zone.sets.get((owner, "TXT", ""))
        if found is not None and found.ttl is not None:
            pieces = [strings(value) for value in found.values]
            rdatas = [TXT(dns.rdataclass.IN, dns.rdatatype.TXT, one) for one in pieces if one is not None]
            assert len(rdatas) == len(found.values)
            update.add(f"{owner}.", dns.rdataset.from_rdata_list(found.ttl, rdatas))
        update.use_tsig(dns.tsigkeyring.from_text({self.lab.key_name: self.lab.key}), algorithm="hmac-sha256")
        host, _, port = self.lab.address.rpartition(":")
        assert dns.query.tcp(update, host, timeout=5, port=int(port)).rcode() == 0


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    with serve() as api, open_lab(tmp_path / "lab") as lab:
        api.zone(
            COM,
            "example.com",
            RecordSet("example.com", "TXT", 3600, THEIRS),
            RecordSet("example.com", "MX", 3600, ("1 smtp.google.com.",)),
            RecordSet("example.com", "A", None, alias="d111111abcdef8.cloudfront.net"),
        )
        api.zone(SE, "example.se", RecordSet("example.se", "TXT", 300, THEIRS_SE))
        made = Company(api, lab, tmp_path)
        api.changed = made.serve
        for zone in api.zones.values():
            made.serve(zone, zone.name)
        yield made


def said(result: subprocess.CompletedProcess[str]) -> str:
    text = result.stdout + result.stderr
    assert "Traceback" not in text, text
    assert 'File "' not in text, text
    return text


def refused(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode != 0, result.stdout
    return said(result)


def records(stack: Stack) -> set[str]:
    return {name for name in stack.resources() if name.startswith("mail-")}


def test_the_life_of_a_stack_verified_in_every_up(company: Company) -> None:
    stack = company.stack()
    stack.environment["ELASTX_MRS_VERIFICATION"] = ""
    preview = said(stack.preview())
    assert all(f" {name} " in preview for name in RECORDS)
    assert "+ 16 to create" in preview
    assert company.api.codes("ChangeResourceRecordSets") == [], "a preview changes nothing"

    assert "verification: 3 of 3 domains verified" in said(stack.up())
    assert records(stack) == RECORDS
    apex = company.com.txt("example.com")
    assert apex[:3] == THEIRS, "in their order, as they were"
    assert sorted(apex[3:]) == sorted((FIRST_VALUE, SECOND_VALUE, SPF_COM))
    assert company.com.sets["example.com", "TXT", ""].ttl == 3600
    assert set(company.com.txt("news.example.com")) == {SECOND_VALUE, SPF}
    assert company.com.txt("elastx._domainkey.news.example.com") == (DKIM,)
    assert company.com.sets["_dmarc.example.com", "TXT", ""] == RecordSet("_dmarc.example.com", "TXT", 1800, (DMARC,))
    assert set(company.se.txt("example.se")) == {*THEIRS_SE, FIRST_VALUE, SECOND_VALUE, SPF}

    company.api.log.clear()
    stack.preview("--expect-no-changes")
    stack.refresh("--expect-no-changes")
    assert "16 unchanged" in said(stack.up("--expect-no-changes"))
    assert company.api.codes("ChangeResourceRecordSets") == []

    stack.config["domains"][0]["spf"]["all"] = "fail"  # a value changed
    stack.up()
    changed = tuple(value.replace("~all", "-all") if value == SPF_COM else value for value in apex)
    assert company.com.txt("example.com") == changed, "in its place"

    stack.config["accounts"] = [SECOND]  # an account removed
    stack.up()
    assert company.com.txt("example.com") == tuple(value for value in changed if value != FIRST_VALUE)
    assert company.se.txt("example.se")[0] == THEIRS_SE[0]
    assert FIRST_VALUE not in company.se.txt("example.se")

    stack.destroy()
    assert company.com.txt("example.com") == THEIRS
    assert company.com.sets["example.com", "TXT", ""].ttl == 3600
    assert company.se.txt("example.se") == THEIRS_SE
    left = {key[:2] for zone in (company.com, company.se) for key in zone.sets if key[1] == "TXT"}
    assert left == {("example.com", "TXT"), ("example.se", "TXT")}


def test_state_and_output_hold_no_credentials(company: Company) -> None:
    stack = company.stack()
    stack.up()
    exported = stack.state()
    assert "AKIDEXAMPLE" not in exported
    assert company.api.url not in exported
    spf = stack.resources()["mail-news.example.com-spf"]
    inputs = {key: value for key, value in spf["inputs"].items() if key != "__provider"}
    assert inputs == {"zone": COM, "owner": "news.example.com", "value": golden.SPF}
    assert len(spf["inputs"]["__provider"]) < 200, "the class is pickled by reference"
    assert spf["type"] == "pulumi-python:dynamic/route53:TxtString"


def test_what_somebody_changed_or_removed_is_mended_after_a_refresh(company: Company) -> None:
    stack = company.stack()
    stack.up()
    theirs = tuple(
        '"v=spf1 include:elastx.email ?all"' if one == SPF_COM else one for one in company.com.txt("example.com")
    )
    company.com.put(RecordSet("example.com", "TXT", 60, theirs), RecordSet("_dmarc.example.se", "TXT", 60, (DMARC,)))
    del company.com.sets["_dmarc.example.com", "TXT", ""]
    stack.refresh()
    found = stack.resources()
    assert found["mail-example.com-spf"]["outputs"]["value"] == "v=spf1 include:elastx.email ?all"
    assert "mail-example.com-dmarc" not in found
    stack.up()
    assert SPF_COM in company.com.txt("example.com")
    assert company.com.txt("_dmarc.example.com") == (DMARC,)
    assert company.com.sets["example.com", "TXT", ""].ttl == 60, "theirs, and none is configured"


def test_a_configured_ttl_and_a_zone_that_moves(company: Company) -> None:
    stack = company.stack()
    stack.config["domains"] = [{"name": "example.se", "ttl": 600}]
    assert "ttl 600 becomes the TTL of all TXT records there, which is 300 s today" in said(stack.preview())
    stack.up()
    assert company.se.sets["example.se", "TXT", ""].ttl == 600
    assert company.se.sets["_dmarc.example.se", "TXT", ""].ttl == 600
    stack.refresh("--expect-no-changes")
    company.se.put(RecordSet("_dmarc.example.se", "TXT", 60, (DMARC,)))
    stack.refresh()
    assert stack.resources()["mail-example.se-dmarc"]["outputs"]["ttl"] == 60
    stack.up()
    assert company.se.sets["_dmarc.example.se", "TXT", ""].ttl == 600

    new = company.api.zone("Z03NEW", "example.se")
    stack.others["acme-mail:zones"] = {"example.se": "/hostedzone/Z03NEW"}
    stack.up()
    assert company.se.txt("example.se") == THEIRS_SE
    assert set(new.txt("example.se")) == {FIRST_VALUE, SECOND_VALUE, SPF}


def test_a_change_of_somebody_else_in_between_is_kept(company: Company) -> None:
    stack = company.stack()
    numbers = iter(range(4))

    def add(_key: str) -> None:
        company.com.append("example.com", f'"theirs-{next(numbers)}"')

    company.api.meanwhile += [add] * 4
    stack.up()
    apex = company.com.txt("example.com")
    assert set(apex) == {*THEIRS, *(f'"theirs-{n}"' for n in range(4)), FIRST_VALUE, SECOND_VALUE, SPF_COM}
    assert "InvalidChangeBatch" in company.api.codes("ChangeResourceRecordSets")
    stack.destroy()
    assert company.com.txt("example.com") == (*THEIRS, *(f'"theirs-{n}"' for n in range(4)))


def test_two_stacks_at_once_on_one_name_lose_nothing(company: Company) -> None:
    """Each holds back its first change until the other has read the same record set."""
    both, first, second = threading.Barrier(2), company.stack("one", "AKIDONE"), company.stack("two", "AKIDTWO")
    company.api.users |= {"AKIDONE": (), "AKIDTWO": ()}
    waited: set[str] = set()

    def wait(key: str) -> None:
        if key not in waited:
            waited.add(key)
            both.wait(timeout=60)

    company.api.meanwhile += [wait] * 100
    theirs = {"external": True}
    for stack, account in ((first, "smtp-prod@acme.example"), (second, SECOND)):
        stack.config |= {
            "accounts": [account],
            "domains": ["example.com"],
            "dkim": theirs,
            "dmarc": theirs,
            "spf": theirs,
        }
    threads = [threading.Thread(target=stack.up) for stack in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    apex = company.com.txt("example.com")
    assert apex[:3] == THEIRS
    assert set(apex[3:]) == {FIRST_VALUE, SECOND_VALUE}
    codes = [(key, code) for key, asked, code in company.api.log if asked == "ChangeResourceRecordSets"]
    assert [code for _, code in codes] == ["OK", "InvalidChangeBatch", "OK"]
    first.destroy()
    assert company.com.txt("example.com") == (*THEIRS, SECOND_VALUE)


def test_the_guard_stops_a_second_spf_in_the_preview_already(company: Company) -> None:
    company.com.append("example.com", '"v=spf1 include:other.example -all"')
    company.serve(company.com, "example.com")
    stack = company.stack()
    text = refused(stack.preview(check=False))
    assert "example.com has the SPF record 'v=spf1 include:other.example -all' already" in text
    assert "run: elastx-mrs adopt example.com, and put what it prints into the config" in text
    refused(stack.up(check=False))
    assert SPF_COM not in company.com.txt("example.com")

    stack.up(ELASTX_MRS_GUARD="warn")
    assert {SPF_COM, '"v=spf1 include:other.example -all"'} <= set(company.com.txt("example.com"))
    assert stack.resources()["mail-example.com-spf"]["inputs"]["guard"] == "warn"
    stack.preview("--expect-no-changes", ELASTX_MRS_GUARD="off")


def test_a_rival_that_the_guard_could_not_see_is_refused(company: Company) -> None:
    stack = company.stack()
    stack.config["domains"] = [{"name": "example.se", "dkim": {"external": True}, "dmarc": {"external": True}}]
    company.api.meanwhile += [lambda _: company.se.put(RecordSet("example.se", "TXT", 300, ('"v=spf1 -all"',)))]
    text = refused(stack.up(check=False))
    assert "Route53Error: example.se has 'v=spf1 -all', which this stack did not publish" in text
    assert SPF not in company.se.txt("example.se")


def test_an_identical_string_is_adopted_only_where_that_is_said(company: Company) -> None:
    company.com.append("example.com", FIRST_VALUE)
    stack = company.stack()
    assert "run once with ELASTX_MRS_ADOPT=example.com" in said(stack.preview())
    text = refused(stack.up(check=False))
    assert "example.com has this TXT already, and this stack did not publish it" in text
    assert "run once more with ELASTX_MRS_ADOPT=example.com" in text
    stack.up(ELASTX_MRS_ADOPT="example.com")
    assert company.com.txt("example.com").count(FIRST_VALUE) == 1
    stack.destroy()
    assert company.com.txt("example.com") == THEIRS


def test_a_set_with_a_routing_policy_is_said_in_the_preview_and_left_alone(company: Company) -> None:
    del company.se.sets["example.se", "TXT", ""]
    company.se.put(*(RecordSet("example.se", "TXT", 60, THEIRS_SE, name, 1) for name in ("blue", "green")))
    company.se.put(RecordSet("_dmarc.example.se", "CNAME", 60, ("dmarc.other.example.",)))
    stack = company.stack()
    text = stack.preview(check=False)
    assert "example.se has TXT record sets with a routing policy or an alias ('blue', 'green')" in refused(text)
    assert "_dmarc.example.se is a CNAME to dmarc.other.example" in said(text)
    text = stack.up(check=False, ELASTX_MRS_GUARD="off")
    assert "Route53Error: example.se has TXT record sets with a routing policy" in refused(text)


def test_what_is_wrong_with_zones_or_credentials_is_one_line(company: Company) -> None:
    stack = company.stack()
    zones = stack.others["acme-mail:zones"]
    company.api.users |= {"AKIDREADER": ("ChangeResourceRecordSets",), "AKIDNOBODY": ("GetHostedZone",)}

    def problem(**environment: str) -> str:
        return refused(stack.preview(check=False, **environment))

    missing = problem(AWS_ACCESS_KEY_ID="")
    assert "zones.example.com: Route 53 could not be asked about Z01EXAMPLECOM0000000: Unable to locate cred" in missing
    denied = problem(AWS_ACCESS_KEY_ID="AKIDNOBODY")
    assert "error: zones.example.com: Route 53 answers AccessDenied to GetHostedZone of Z01EXAMPLECOM0000000" in denied
    stack.others["acme-mail:zones"] = {"example.com": COM}
    assert "error: zones: example.se, elastx._domainkey.example.se, _dmarc.example.se in none of them (exa" in problem()
    stack.others["acme-mail:zones"] = zones | {"example.se": "Z404"}
    assert "error: zones.example.se: Route 53 answers NoSuchHostedZone to GetHostedZone of Z404: No hosted" in problem()
    del stack.others["acme-mail:zones"]
    assert "Missing required configuration variable 'acme-mail:zones'" in problem()

    stack.others["acme-mail:zones"] = zones
    text = refused(stack.up(check=False, AWS_ACCESS_KEY_ID="AKIDREADER"))
    assert "Route53Error: Route 53 answers AccessDenied to ChangeResourceRecordSets of Z0" in text
    assert "let these credentials do it: README.md has the policy" in text


def test_a_preview_goes_on_where_aws_cannot_be_reached(company: Company) -> None:
    stack = company.stack()
    stack.environment |= {"AWS_ENDPOINT_URL_ROUTE_53": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    text = said(stack.preview())
    assert "warning: zones.example.com: Route 53 could not be asked about Z01EXAMPLECOM0000000: Could not conn" in text
    assert "The preview goes on without it; an up would stop here" in text
    assert "+ 16 to create" in text
    assert "AWS_ENDPOINT_URL_ROUTE_53" in refused(stack.up(check=False))


def test_five_requests_a_second_are_enough(company: Company) -> None:
    company.api.rate = 5
    company.api.faults.append(Fault("ListResourceRecordSets", "Throttling", 8))  # as the guard may meet it any time
    stack = company.stack()
    stack.up()
    assert "Throttling" in {code for _, _, code in company.api.log}
    assert records(stack) == RECORDS
    stack.destroy()
    assert company.com.txt("example.com") == THEIRS


def test_the_readme_s_commands(company: Company) -> None:
    """All but the installation, which needs an index that has boto3."""
    folder = readme.copied("route53", company.folder)
    text = (folder / "README.md").read_text()
    installing = text[text.index("    $ python3 -m venv") : text.index("Put the ids")]
    assert len(readme.steps(installing)) == 3
    own = {
        "PULUMI_BACKEND_URL": f"file://{company.folder}",
        "PULUMI_HOME": str(company.folder / "home"),
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PATH": os.environ["PATH"],
        "HOME": str(company.folder),
    }
    commands = readme.run(text.replace(installing, ""), folder, company.environment() | own)
    assert len(commands) == 6
    assert company.com.txt("example.com") == THEIRS
