"""The guard on the real engine: previews fail where an up would break mail, and the messages' ways out work."""

import copy
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.message
import dns.name
import dns.opcode
import dns.query
import dns.rdatatype
import dns.update
import pytest
import yaml

from elastx_mrs.publish.rfc2136.tsig import key_from
from elastx_mrs.records.text import presentation
from tests import golden
from tests.engine.stack import Stack
from tests.servers import NameServer, require, start
from tests.servers.zones import HEAD, ZONES

pytestmark = pytest.mark.engine

ACCOUNT = "user@domain.com"
SPF, DMARC, DKIM = golden.SPF.encode(), golden.DMARC.encode(), golden.DKIM.encode()
FOREIGN_SPF = b"v=spf1 include:_spf.google.com ~all"
MERGED = b"v=spf1 include:elastx.email include:_spf.google.com ~all"
SERVED = ZONES | {
    "example.com": HEAD.format(name="example.com")
    + r"""@ TXT "google-site-verification=abc"
@ TXT "v=spf1 include:_spf.google.com ~all"
_dmarc TXT "v=DMARC1; p=reject"
*.wild MX 10 mail
*.wild TXT "v=spf1 -all"
child NS ns.child
ns.child A 127.0.0.1
alias CNAME mail
deep TXT "v=spf1 include:_spf.google.com include:elastx.email -all"
spelled TXT "V=SPF1 include:_spf.google.com ~ALL"
spelled TXT "v=spf1-validator=1234567890"
_dmarc.spelled TXT "v = DMARC1; p=reject"
_dmarc.vendor CNAME _dmarc
elastx._domainkey.vendor CNAME key
key TXT """
    + presentation(golden.DKIM)
    + "\n",
}
CONFIG: dict[str, Any] = {
    "accounts": [ACCOUNT],
    "dkim": golden.DKIM,
    "domains": ["example.se"],
    "rfc2136": {"zones": ["example.com", "example.se"]},
}


@pytest.fixture(params=["lab"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NameServer]:
    with start(request.param, tmp_path / "server", SERVED) as running:
        yield running


@pytest.fixture
def stack(server: NameServer, tmp_path: Path) -> Stack:
    return Stack.create(tmp_path, server.environment(), copy.deepcopy(CONFIG))


def passed(result: subprocess.CompletedProcess[str]) -> str:
    text = result.stdout + result.stderr
    assert result.returncode == 0, text
    return text


def failed(result: subprocess.CompletedProcess[str]) -> str:
    text = result.stdout + result.stderr
    assert result.returncode != 0, text
    assert "Traceback" not in text
    return text


def mx(server: NameServer, name: str) -> list[str]:
    query = dns.message.make_query(name, dns.rdatatype.MX)
    answer = dns.query.udp(query, server.host, timeout=5, port=server.port)
    return [str(rdata) for rrset in answer.answer for rdata in rrset]


@pytest.mark.parametrize("server", ["powerdns"], indirect=True)
def test_a_preview_fails_on_what_is_there_and_passes_with_what_adopt_prints(server: NameServer, stack: Stack) -> None:
    stack.config["domains"] = [{"name": "example.com", "dmarc": {"external": True}}]
    text = failed(stack.preview(check=False))
    assert 'before hook "mail-guard" failed: example.com has the SPF record' in text
    assert "permerror (RFC 7208 §4.5); run: elastx-mrs adopt example.com" in text

    others = ["new.example.com", "vendor.example.com"]
    adopt = subprocess.run(
        [require("elastx-mrs"), "adopt", "example.com", *others],
        env=os.environ | server.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert adopt.returncode == 0, adopt.stderr
    printed = yaml.safe_load(adopt.stdout)
    stack.config |= {key.partition(":")[2]: value for key, value in printed.items()}
    before = server.txt("example.com")
    text = passed(stack.preview())
    assert f"is adopted, and becomes '{MERGED.decode()}'" in text
    assert server.txt("example.com") == before, "neither adopt nor a preview writes"

    stack.up(ELASTX_MRS_VERIFICATION="require")
    found = server.txt("example.com")
    assert MERGED in found
    assert FOREIGN_SPF not in found
    assert b"google-site-verification=abc" in found
    assert server.txt("_dmarc.example.com").keys() == {b"v=DMARC1; p=reject"}
    assert server.txt("_dmarc.new.example.com").keys() == {b"v=DMARC1; p=reject;"}, "as it inherited"
    assert not {"mail-vendor.example.com-dmarc", "mail-vendor.example.com-dkim"} & stack.resources().keys()
    del stack.config["adopt"]
    stack.preview("--expect-no-changes")


@pytest.mark.parametrize("server", ["bind"], indirect=True)
def test_other_spellings_are_stopped_and_adopted_and_a_look_alike_survives(server: NameServer, stack: Stack) -> None:
    name = "spelled.example.com"
    stack.config["domains"] = [{"name": name, "spf": {"external": True}}]
    text = failed(stack.preview(check=False))
    assert f"_dmarc.{name} has the record 'v = DMARC1; p=reject' already" in text

    adopt = subprocess.run(
        [require("elastx-mrs"), "adopt", name],
        env=os.environ | server.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert adopt.returncode == 0, adopt.stderr
    stack.config |= {key.partition(":")[2]: value for key, value in yaml.safe_load(adopt.stdout).items()}
    stack.up()
    published = b"V=SPF1 include:elastx.email include:_spf.google.com ~ALL"
    assert {value.lower() for value in server.txt(name)} >= {published.lower(), b"v=spf1-validator=1234567890"}
    assert server.txt(f"_dmarc.{name}").keys() == {b"v = DMARC1; p=reject"}

    removal = dns.update.UpdateMessage("example.com", keyring=stack_key(server))
    ours = next(value for value in server.txt(name) if value.lower() == published.lower())
    removal.delete(dns.name.from_text(f"{name}."), "TXT", f'"{ours.decode()}"')
    assert dns.query.tcp(removal, server.host, timeout=5, port=server.port).rcode() == 0
    assert ours not in server.txt(name)
    stack.up()
    assert ours not in server.txt(name), "up alone compares with the state"
    stack.up("--refresh")
    assert server.txt(name).keys() >= {ours, b"v=spf1-validator=1234567890"}


@pytest.mark.parametrize("server", ["knot"], indirect=True)
def test_a_name_that_ends_a_wildcard_is_stopped_until_its_records_are_added(server: NameServer, stack: Stack) -> None:
    stack.config["domains"] = [{"name": "a.wild.example.com", "dmarc": "v=DMARC1; p=reject"}]
    assert mx(server, "a.wild.example.com") == ["10 mail.example.com."]
    text = failed(stack.preview(check=False))
    listed = re.search(r"Add first: (\S+) MX (10 \S+)", text)
    assert listed is not None, text
    add = dns.update.UpdateMessage("example.com", keyring=stack_key(server))
    add.add(dns.name.from_text(listed[1]), 3600, "MX", listed[2])
    assert dns.query.tcp(add, server.host, timeout=5, port=server.port).rcode() == 0
    stack.up()
    assert mx(server, "a.wild.example.com") == ["10 mail.example.com."]
    assert SPF in server.txt("a.wild.example.com")


def stack_key(server: NameServer) -> Any:
    return key_from(server.key_name, server.key)


@pytest.mark.parametrize("server", ["bind"], indirect=True)
def test_an_spf_change_that_makes_an_eleventh_lookup_is_stopped(server: NameServer, stack: Stack) -> None:
    stack.up()
    own = [f"mail{number}.example.se" for number in range(7)]
    stack.config["spf"] = {"include": ["deep.example.com"], "a": own, "all": "softfail"}
    text = failed(stack.up(check=False))
    assert "takes 11 lookups, and receivers allow 10 (RFC 7208 §4.6.4)" in text
    assert SPF in server.txt("example.se"), "nothing was changed"
    own.pop()
    stack.up()
    assert SPF not in server.txt("example.se")


def test_modes_by_domain_by_stack_and_by_run(server: NameServer, stack: Stack) -> None:
    wild = {"name": "a.wild.example.com", "spf": {"external": True}}
    foreign = {"name": "example.com", "dmarc": {"external": True}, "guard": "require"}
    stack.config |= {"guard": {"mode": "off"}, "domains": [wild, foreign]}
    text = failed(stack.preview(check=False))
    assert "permerror" in text
    assert "guard: a.wild.example.com" not in text, "the stack's own mode"

    text = passed(stack.preview(ELASTX_MRS_GUARD="warn"))
    assert "warning: guard: example.com has the SPF record" in text
    assert "warning: guard: a.wild.example.com" in text, "a run's mode is every domain's"
    assert "permerror" not in passed(stack.preview(ELASTX_MRS_GUARD="off"))
    assert "ELASTX_MRS_GUARD: is 'of'" in failed(stack.preview(check=False, ELASTX_MRS_GUARD="of"))


@pytest.mark.parametrize("server", ["bind"], indirect=True)
def test_what_is_in_the_way_is_named(server: NameServer, stack: Stack) -> None:
    """All at once, as warnings: the engine may end a preview before it has come to a sibling of what failed."""
    names = ["x.child.example.com", "alias.example.com"]
    stack.config["domains"] = [{"name": name, "dmarc": {"external": True}} for name in names]
    text = passed(stack.preview(ELASTX_MRS_GUARD="warn"))
    assert "x.child.example.com lies in the zone child.example.com, delegated away from example.com" in text
    assert "alias.example.com is a CNAME to mail.example.com, so it can have no TXT" in text


TWO = """
from elastx_mrs import MailRelay, stack_config
MailRelay("mail", stack_config())
MailRelay("other", stack_config())
"""


def test_warnings_and_notices_are_log_lines_on_the_component(server: NameServer, stack: Stack) -> None:
    """Two components that declare the same are refused, or are such a line too."""
    stack.config["spf"] = "v=spf1 ptr ?all"
    (stack.directory / "__main__.py").write_text(TWO)
    twice = "mail and other both declare the SPF record of example.se: with two of them, all its mail gets permerror"
    assert twice in failed(stack.preview(check=False))
    text = passed(stack.preview(ELASTX_MRS_GUARD="warn"))
    assert f"warning: {twice}" in text
    component = text.partition("elastx-mrs:index:MailRelay (mail):")[2]
    assert "warning: spf: has ptr, which is slow and unreliable, and should not be used (RFC 7208 §5.5)" in component
    assert "dmarc: says p=none: receivers do not act on mail that fails DMARC" in component


def test_reports_to_another_domain_of_the_config_are_authorised(server: NameServer, stack: Stack) -> None:
    stack.config["dmarc"] = {"p": "reject", "rua": ["mailto:dmarc@example.se"]}
    stack.config["domains"] = ["new.example.com", "example.se", "sub.example.se"]
    stack.up()
    assert server.txt("new.example.com._report._dmarc.example.se").keys() == {b"v=DMARC1;"}
    assert "mail-example.se-report-new.example.com" in stack.resources()
    assert server.txt("sub.example.se._report._dmarc.example.se") == {}
