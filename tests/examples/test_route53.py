"""examples/route53 as it stands, on the real engine, against a stand-in for Route 53's API that DNS follows."""

import os
import re
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

from elastx_mrs.identity import DYNAMIC_STRING_TYPE
from elastx_mrs.lab.session import Lab, open_lab
from tests import golden, secrecy
from tests.engine.rfc2136.test_rfc2136 import FIRST_TOKEN, SECOND, SECOND_TOKEN
from tests.engine.stack import SWIFT, Stack
from tests.examples import readme
from tests.publish.route53.api import SECRET, Fault, HostedZone, RecordSet, Route53Api, serve, strings

pytestmark = pytest.mark.engine

SESSION = next(one.value for one in secrecy.HELD if "AWS_SESSION_TOKEN" in one.variables)
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
        (directory / "state").mkdir()
        folder = readme.copied("route53", directory)
        config = yaml.safe_load((folder / "Pulumi.prod.yaml").read_text())["config"]
        own = {key.partition(":")[2]: value for key, value in config.items() if key.startswith("elastx-mrs:")}
        stack = cls(folder, environment, own)
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
        own = {"ELASTX_MRS_NAMESERVERS": self.lab.address, "AWS_SESSION_TOKEN": SESSION}
        return self.api.environment(user) | own

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
    assert secrecy.shown(text, [SECRET]) == []
    return text


def refused(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode != 0, result.stdout
    return said(result)


def records(stack: Stack) -> set[str]:
    return {name for name in stack.resources() if name.startswith("mail-")}


def change(company: Company) -> None:
    """Somebody changes a value and its set's TTL, another set's TTL, and removes a record."""
    theirs = tuple(
        '"v=spf1 include:elastx.email ?all"' if one == SPF_COM else one for one in company.com.txt("example.com")
    )
    company.com.put(
        RecordSet("example.com", "TXT", 60, theirs), RecordSet("_dmarc.news.example.com", "TXT", 60, (DMARC,))
    )
    del company.com.sets["_dmarc.example.com", "TXT", ""]


def test_the_life_of_a_stack(company: Company) -> None:
    stack = company.stack()
    stack.config["domains"][1]["ttl"] = 600
    stack.up()
    assert records(stack) == RECORDS
    apex = company.com.txt("example.com")
    assert apex[:3] == THEIRS, "in their order, as they were"
    assert sorted(apex[3:]) == sorted((FIRST_VALUE, SECOND_VALUE, SPF_COM))
    assert company.com.sets["example.com", "TXT", ""].ttl == 3600
    assert set(company.com.txt("news.example.com")) == {SECOND_VALUE, SPF}
    assert company.com.txt("elastx._domainkey.news.example.com") == (DKIM,)
    assert company.se.sets["_dmarc.example.se", "TXT", ""] == RecordSet("_dmarc.example.se", "TXT", 1800, (DMARC,))
    assert set(company.se.txt("example.se")) == {*THEIRS_SE, FIRST_VALUE, SECOND_VALUE, SPF}
    check_state(company, stack)

    company.api.log.clear()
    stack.refresh("--expect-no-changes")
    assert company.api.codes("ChangeResourceRecordSets") == []

    change(company)
    stack.refresh()
    found = stack.resources()
    assert found["mail-example.com-spf"]["outputs"]["value"] == "v=spf1 include:elastx.email ?all"
    assert found["mail-news.example.com-dmarc"]["outputs"]["ttl"] == 60
    assert "mail-example.com-dmarc" not in found
    stack.config["domains"][0]["spf"]["all"] = "fail"  # a value changed
    stack.config["accounts"] = [SECOND]  # an account removed
    stack.up()
    changed = tuple(value.replace("~all", "-all") if value == SPF_COM else value for value in apex)
    assert company.com.txt("example.com") == tuple(one for one in changed if one != FIRST_VALUE), "in its place"
    assert company.se.txt("example.se")[0] == THEIRS_SE[0]
    assert FIRST_VALUE not in company.se.txt("example.se")
    assert company.com.txt("_dmarc.example.com") == (DMARC,)
    assert company.com.sets["example.com", "TXT", ""].ttl == 60, "theirs, and none is configured"
    assert company.com.sets["_dmarc.news.example.com", "TXT", ""].ttl == 600

    with secrecy.watched(str(company.folder)) as processes:
        log = stack.pulumi("destroy", "--yes", "--stack", "test", *secrecy.EVERYTHING)
    assert '"v":9' in log.stderr
    assert secrecy.shown(log.stdout + log.stderr, (SECRET, SESSION)) == []
    assert secrecy.shown(b"\n".join(processes.commands), (SECRET, SESSION)) == []
    assert secrecy.shown_below(company.folder, (SECRET, SESSION)) == []
    assert company.com.txt("example.com") == THEIRS
    assert company.com.sets["example.com", "TXT", ""].ttl == 60
    assert company.se.txt("example.se") == THEIRS_SE
    left = {key[:2] for zone in (company.com, company.se) for key in zone.sets if key[1] == "TXT"}
    assert left == {("example.com", "TXT"), ("example.se", "TXT")}


def check_state(company: Company, stack: Example) -> None:
    """The state holds each string's properties, and no credentials."""
    exported = stack.state()
    assert "AKIDEXAMPLE" not in exported
    assert secrecy.shown(exported, [SECRET]) == []
    assert company.api.url not in exported
    spf = stack.resources()["mail-example.se-spf"]
    inputs = {key: value for key, value in spf["inputs"].items() if key != "__provider"}
    assert inputs == {"publisher": "route53", "zone": SE, "owner": "example.se", "value": golden.SPF}
    assert re.fullmatch(r"\S+Z C\d+", spf["outputs"]["change"])
    assert len(spf["inputs"]["__provider"]) < 200, "the class is pickled by reference"
    assert spf["type"] == DYNAMIC_STRING_TYPE


def test_a_configured_ttl_an_adopted_string_and_a_zone_that_moves(company: Company) -> None:
    stack = company.stack()
    stack.config["domains"] = [{"name": "example.se", "ttl": 600}]
    company.se.append("example.se", FIRST_VALUE)
    text = said(stack.up(ELASTX_MRS_ADOPT="example.se"))
    assert "ttl 600 becomes the TTL of all TXT records there, instead of 300" in text
    assert company.se.txt("example.se").count(FIRST_VALUE) == 1, "it was there, and is adopted as that was said"
    assert company.se.sets["example.se", "TXT", ""].ttl == 600
    assert company.se.sets["_dmarc.example.se", "TXT", ""].ttl == 600

    new = company.api.zone("Z03NEW", "example.se")
    text = refused(stack.preview(check=False))
    twice = f"route53: 2 zones are called example.se: {SE} and Z03NEW; write the one that the domain is delegated to"
    assert f"{twice} into route53.zones" in text
    stack.config["route53"] = {"zones": {"example.se": "/hostedzone/Z03NEW"}}
    stack.up()
    assert company.se.txt("example.se") == THEIRS_SE
    assert set(new.txt("example.se")) == {FIRST_VALUE, SECOND_VALUE, SPF}


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


def test_the_guard_tells_in_the_preview_what_would_not_work(company: Company) -> None:
    rival = '"v=spf1 include:other.example -all"'
    company.com.append("example.com", rival)
    company.com.append("example.com", FIRST_VALUE)
    company.serve(company.com, "example.com")
    del company.se.sets["example.se", "TXT", ""]
    company.se.put(*(RecordSet("example.se", "TXT", 60, THEIRS_SE, name, 1) for name in ("blue", "green")))
    company.se.put(RecordSet("_dmarc.example.se", "CNAME", 60, ("dmarc.other.example.",)))
    stack = company.stack()
    refused(stack.preview(check=False))
    told = said(stack.preview(ELASTX_MRS_GUARD="warn"))
    assert "example.com has the SPF record 'v=spf1 include:other.example -all' already" in told
    assert "run: elastx-mrs adopt example.com, and put its output into the config" in told
    assert "run once with ELASTX_MRS_ADOPT=example.com" in told
    assert "example.se has a TXT record set with a routing policy, a health check or an alias ('blue')" in told
    assert "_dmarc.example.se is a CNAME to dmarc.other.example" in told
    assert company.api.codes("ChangeResourceRecordSets") == [], "a preview changes nothing"

    text = refused(stack.up("--continue-on-error", check=False, ELASTX_MRS_GUARD="warn"))
    assert "RecordSetError: example.com has this TXT already, and this stack did not publish it" in text
    assert "run once more with ELASTX_MRS_ADOPT=example.com" in text
    assert "RecordSetError: example.se has a TXT record set with a routing policy" in text
    assert "RecordSetError: _dmarc.example.se is a CNAME to dmarc.other.example" in text
    assert company.com.txt("example.com").count(FIRST_VALUE) == 1
    assert {SPF_COM, rival} <= set(company.com.txt("example.com"))
    assert stack.resources()["mail-example.com-spf"]["inputs"]["guard"] == "warn"


def test_verification_waits_for_what_was_created_and_leaves_out_the_rest(company: Company) -> None:
    """The first name that is read is refused: its records are not created, and the run goes on."""
    company.api.pending = 1
    stack = company.stack()
    stack.config |= {"domains": ["example.com", "example.se"], "verification": {"mode": "warn", "timeout": 0}}
    company.api.faults.append(Fault("ListResourceRecordSets", "AccessDenied", 1, 403, "not that one"))
    text = refused(stack.up("--continue-on-error", check=False, ELASTX_MRS_GUARD="off", ELASTX_MRS_VERIFICATION="warn"))
    assert "AccessDenied to ListResourceRecordSets" in text
    assert "verification leaves out what this run did not create: mail-" in text
    assert company.api.codes("GetChange") == ["OK"] * 2, "pending at first"


def test_a_rival_that_the_guard_could_not_see_is_refused(company: Company) -> None:
    stack = company.stack()
    stack.config["domains"] = [{"name": "example.se", "dkim": {"external": True}, "dmarc": {"external": True}}]
    company.api.meanwhile += [lambda _: company.se.put(RecordSet("example.se", "TXT", 300, ('"v=spf1 -all"',)))]
    text = refused(stack.up(check=False))
    assert "RecordSetError: example.se has 'v=spf1 -all', which this stack did not publish" in text
    assert SPF not in company.se.txt("example.se")


def test_what_is_wrong_with_zones_or_credentials_is_one_line(company: Company) -> None:
    """Each message's text is in ``tests/publish/route53``; here it is seen to reach the user."""
    stack = company.stack()
    company.api.users |= {"AKIDREADER": ("ChangeResourceRecordSets",)}
    stack.config["route53"] = {"zones": {"example.se": "Z404"}}
    text = refused(stack.preview(check=False))
    assert "error: route53.zones.example.se: Route 53 answers NoSuchHostedZone to GetHostedZone of Z404: No hos" in text

    stack.config["route53"] = {}
    text = refused(stack.up(check=False, AWS_ACCESS_KEY_ID="AKIDREADER"))
    assert "RefusedError: Route 53 answers AccessDenied to ChangeResourceRecordSets of Z0" in text
    assert "allow this in the IAM policy of these credentials: https://" in text


def test_a_preview_goes_on_where_aws_cannot_be_reached(company: Company) -> None:
    stack = company.stack()
    stack.environment |= {"AWS_ENDPOINT_URL_ROUTE_53": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    text = refused(stack.preview(check=False))
    assert "error: route53: the request to Route 53 about the hosted zones failed: Could not connect" in text
    assert "; check the network" in text
    stack.config["route53"] = {"zones": {"example.com": COM, "example.se": SE}}
    text = said(stack.preview())
    assert (
        "warning: route53.zones.example.com: the request to Route 53 about Z01EXAMPLECOM0000000 failed: Could" in text
    )
    assert "The preview continues without it; an up would stop" in text
    assert "+ 16 to create" in text


def test_the_readme_s_commands_at_five_requests_a_second(company: Company) -> None:
    """All but the installation, which needs an index that has the package."""
    company.api.rate, company.api.pending = 5, 2
    company.api.faults.append(Fault("ListResourceRecordSets", "Throttling", 8))
    folder = readme.copied("route53", company.folder)
    text = (folder / "README.md").read_text()
    installing = text[text.index("    $ python3 -m venv") : text.index("In `Pulumi.prod.yaml`, write")]
    assert len(readme.steps(installing)) == 3
    own = {
        "PULUMI_BACKEND_URL": f"file://{company.folder}",
        "PULUMI_HOME": str(company.folder / "home"),
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PATH": os.environ["PATH"],
        "HOME": str(company.folder),
        **SWIFT,
    }
    commands = readme.run(text.replace(installing, ""), folder, company.environment() | own)
    assert len(commands) == 6
    assert company.com.txt("example.com") == THEIRS
    # The first up asks until its last change is on all name servers; the second finds at once that it is.
    assert company.api.codes("GetChange").count("OK") == 3 + 1
    assert "Throttling" in {code for _, _, code in company.api.log}
    changes = company.api.codes("ChangeResourceRecordSets").count("OK")
    assert 2 * 9 <= changes <= 2 * 14, "each name's set is changed once for each record, or for several together"


def test_what_adopt_prints_takes_everything_over_without_a_change(company: Company) -> None:
    """Somebody published all of it by hand, in other strings: adopt, config, preview and up leave nothing to do."""
    thirds = f'"{golden.DKIM_FIRST[:100]}" "{golden.DKIM_FIRST[100:]}" "{golden.DKIM_REST}"'
    by_hand = (SPF_COM.replace("include:_spf", '" "include:_spf'), FIRST_VALUE, SECOND_VALUE)
    company.com.put(
        RecordSet("example.com", "TXT", 3600, (*THEIRS, *by_hand)),
        RecordSet("_dmarc.example.com", "TXT", 300, (DMARC,)),
        RecordSet("elastx._domainkey.example.com", "TXT", 300, (thirds,)),
    )
    for owner in ("example.com", "_dmarc.example.com", "elastx._domainkey.example.com"):
        company.serve(company.com, owner)
    before = dict(company.com.sets)
    stack = company.stack()
    stack.config["domains"] = stack.config["domains"][:1]
    stack.write()

    done = subprocess.run(
        ["elastx-mrs", "adopt", "--stack-config", "Pulumi.test.yaml"],
        cwd=stack.directory, env=stack.environ(), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, said(done)
    assert "# the next up: 5 records taken over unchanged, 0 changed, 0 created" in said(done)
    printed = yaml.safe_load(done.stdout)
    assert set(printed["elastx-mrs:adopt"]) == {owner for owner, kind, _ in before if kind == "TXT"}
    stack.config["adopt"] = printed["elastx-mrs:adopt"]
    told = said(stack.preview())
    assert f"guard: _dmarc.example.com: '{golden.DMARC}' is taken over unchanged; from then on the stack" in told
    stack.up()
    assert company.api.codes("ChangeResourceRecordSets") == []
    assert company.com.sets == before

    del stack.config["adopt"]
    stack.up("--expect-no-changes")
    stack.refresh("--expect-no-changes")
    stack.destroy()
    assert company.com.txt("example.com") == THEIRS
    assert ("_dmarc.example.com", "TXT", "") not in company.com.sets
