"""What the commands print of text that somebody else wrote: each command, each format."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from unittest import mock

import click
import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from elastx_mrs.cli.main import main
from elastx_mrs.cli.views import verify as of_verify
from elastx_mrs.cli.views.records import render
from elastx_mrs.config.remarks import Said
from elastx_mrs.lab.session import open_lab
from elastx_mrs.lookup.vantage import Who
from elastx_mrs.records import Remark, TxtRecord
from elastx_mrs.verify import report
from elastx_mrs.verify.expected import Expected
from elastx_mrs.verify.result import Detail, Outcome
from elastx_mrs.verify.wait import Job
from tests import golden
from tests import signed as make
from tests.lookup.fakes import Dns
from tests.markdown import HOSTILE, Page, rendered

OUTSIDE_CODE = re.compile(r"[@#<>`|~$\[\]]|://|www\.")
"""What no foreign text may bring into a page's prose: a mention, a reference, a link, an element."""

printable = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30)
surprising = st.text(alphabet=st.sampled_from("`|\\<>&*_[]()!@#~-:. ab"), max_size=15)
values = printable | surprising | st.sampled_from([text for text in HOSTILE if text.isascii() and text.isprintable()])
anything = st.text(max_size=20) | surprising | st.sampled_from(HOSTILE)


def run(*arguments: str, stdin: bytes | str | None = None) -> Result:
    result = CliRunner().invoke(main, list(arguments), input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def contained(page: Page, *tags: str) -> None:
    assert set(page.tags) <= {
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "p",
        "code",
        "br",
        "strong",
        "ul",
        "li",
        *tags,
    }
    assert page.attributes == []
    assert page.comments == []
    assert OUTSIDE_CODE.search(page.prose) is None, page.prose


BACKQUOTES = "v=DMARC1; p=none; x=``<img src=x onerror=alert(1)> @everybody https://evil.example``"


def test_two_backquotes_in_a_record_do_not_let_html_and_a_mention_out() -> None:
    options = ["--account", golden.ACCOUNT, "--domain", "domain.com", "--dkim", golden.DKIM, "--dmarc", BACKQUOTES]
    result = run("records", *options, "--format", "markdown")
    assert result.exit_code == 0
    page = rendered(result.stdout)
    contained(page)
    assert BACKQUOTES in page.code
    assert {len(row) for row in page.rows} == {5}


@settings(deadline=None)
@given(values, anything, anything)
def test_records_in_markdown_show_exactly_the_values(value: str, path: str, text: str) -> None:
    records = [TxtRecord("www.example.com", "dmarc", "_dmarc.www.example.com", value)]
    page = rendered(render(records, [Said(path, Remark(text))], "markdown"))
    contained(page)
    assert [len(row) for row in page.rows] == [5, 5]
    shown = re.sub(r"^( *):(?=:[A-Za-z-]+(?: .*)?::)", r"\1<U+003A>", value.replace("##[", "#<U+0023>["))
    assert page.rows[1][4] == (re.sub(r"\\(?=\|)", "<U+005C>", shown) or " ")


def job(*details: Detail, notices: tuple[str, ...] = (), domain: str = "www.example.com") -> Job:
    done = Job(Expected(domain), Who(), 0)
    done.outcomes["spf"] = Outcome(domain, "spf", domain, details, "", notices)
    return done


@settings(deadline=None)
@given(anything, anything)
@pytest.mark.parametrize("format_", list(of_verify.FORMATS))
def test_verify_contains_what_was_seen(format_: str, seen: str, cure: str) -> None:
    jobs = [job(Detail("wrong", "ns1 (192.0.2.1)", seen, seen, cure), notices=(seen,))]
    with mock.patch.object(click, "style", lambda text, **_: text):  # so that any escape is one from DNS
        text = of_verify.FORMATS[format_](jobs, report.NOWHERE)
    assert all(character.isprintable() or character == "\n" for character in text)
    if format_ == "markdown":
        page = rendered(text)
        contained(page, "h4", "details", "summary")
    if format_ == "github":
        *commands, answers, summary = text.splitlines()
        assert len(commands) == 2
        assert answers == "www.example.com: receivers: wrong, relay: wrong"
        assert all(line.startswith(("::error title=", "::notice title=")) for line in commands)
        assert summary == "0 of 1 domain verified"
    if format_ == "text":
        assert len(text.splitlines()) == 6 + 2 * bool(seen) + bool(cure), "a line for each thing that is said"
    for line in (*report.messages(jobs)[0].splitlines(), report.missing(jobs)):
        assert line.isprintable(), "Pulumi's log gets these"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    records = {
        "two.example": ["TXT v=spf1 -all", "TXT v=spf1 a -all"],
        "umlaut.example": ["TXT v=spf1 include:\xc3\xa9.example -all"],
        "_dmarc.umlaut.example": ["TXT v=DMARC1; p=none; x=\xc3\xa9\xff"],
        "mail.example": ["A 192.0.2.1"],
        "_dmarc.mail.example": ["TXT v=DMARC1; p=quarantine;"],
        "elastx._domainkey.mail.example": [f"TXT {make.record(make.key())}"],
    }
    with open_lab(tmp_path_factory.mktemp("lab") / "zones", Dns(records).zones()) as running:
        yield running.address


def test_adopt_writes_a_section_sign_as_one(lab: str) -> None:
    printed = run("adopt", "--nameserver", lab, "two.example").stdout
    assert "# CANNOT BE KEPT: two.example has 2 SPF records, which is permerror (RFC 7208 §4.5): " in printed
    assert "\\xa7" not in printed


def process(*arguments: str, encoding: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", "from elastx_mrs.cli.entry import run; run()", *arguments]
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    return subprocess.run(command, env=environment, capture_output=True, check=False, timeout=60)


def test_a_character_that_the_terminal_does_not_know_is_its_number(lab: str) -> None:
    done = process("--help", encoding="iso8859-1")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"--dkim 'v=DKIM1; p=<U+2026>'" in done.stdout
    done = process("adopt", "https://\u2026", encoding="iso8859-1")
    assert done.stderr == b"Error: DOMAIN 'https://<U+2026>': is a URL or a path; write the domain alone: <U+2026>\n"
    done = process("adopt", "--nameserver", lab, "two.example", encoding="iso8859-1")
    assert "(RFC 7208 §4.5)" in done.stdout.decode("utf-8")


def test_adopt_writes_octets_of_dns_as_dns_does(lab: str) -> None:
    printed = run("adopt", "--nameserver", lab, "umlaut.example").stdout
    assert "'v=spf1 include:\\195\\169.example -all'" in printed
    assert "x=\\195\\169\\255" in printed
    assert set(yaml.safe_load(printed)) <= {"elastx-mrs:domains", "elastx-mrs:adopt"}
    assert all(line.isprintable() for line in printed.splitlines())


def test_an_octet_of_dns_is_called_an_octet(lab: str) -> None:
    assert "has the octet \\195 in it" in run("spf", "--nameserver", lab, "umlaut.example").stdout
    assert "has the octet \\195 at position 16" in run("adopt", "--nameserver", lab, "umlaut.example").stdout


def received(*fields: str, signed: bytes = b"") -> bytes:
    octets = make.signed(make.message(), make.key())
    return "".join(f"{field}\r\n" for field in fields).encode("utf-8", "surrogateescape") + signed + octets


def test_message_writes_a_section_sign_as_one(lab: str) -> None:
    field = f"DKIM-Signature: v=1; a=rsa-sha256; b=AA; bh=AA; d={'a' * 64}.example; h=from; s=x\r\n".encode()
    octets = received(signed=field)
    shown = run("message", "-", "--nameserver", lab, stdin=octets).stdout
    assert "DNS allows 63 (RFC 1035 §2.3.4) (RFC 6376 §3.5)" in shown
    assert "\\194\\167" not in shown


def test_message_shows_a_header_in_utf_8(lab: str) -> None:
    fields = (
        "Return-Path: <räksmörgås@mail.example>",
        "Authentication-Results: mx.smörgås.example; spf=pass smtp.mailfrom=å@smörgås.example",
    )
    lines = run("message", "-", "--nameserver", lab, stdin=received(*fields)).stdout.splitlines()
    assert lines[0] == "From news@mail.example, Return-Path <räksmörgås@mail.example>"
    assert lines[1] == "mx.smörgås.example says: spf=pass"
    assert "Authentication-Results of mx.smörgås.example says pass for xn--smrgs-pra0j.example" in lines[2]


def test_message_shows_what_is_no_utf_8_as_octets(lab: str) -> None:
    octets = received("Return-Path: <r\udce4k\u202e@mail.example>")
    line = run("message", "-", "--nameserver", lab, stdin=octets).stdout.splitlines()[0]
    assert line == "From news@mail.example, Return-Path <r\\228k<U+202E>@mail.example>"
    content = json.loads(run("message", "-", "--nameserver", lab, "--format", "json", stdin=octets).stdout)
    assert content["return_path"] == "r\\228k\u202e@mail.example"
    assert "'å\\233@'" in run("message", "-", stdin=b"From: \xc3\xa5\xe9@\r\n\r\n").stderr


def test_no_line_begins_with_what_a_mail_says(lab: str) -> None:
    octets = received("Authentication-Results: ::error::pwned; spf=pass")
    for line in run("message", "-", "--nameserver", lab, stdin=octets).stdout.splitlines():
        assert not line.lstrip().startswith("::")


@pytest.mark.parametrize(
    "arguments",
    [
        ["records", "--stack-config"],
        ["records", "--config"],
        ["verify", "--records"],
        ["verify", "--stack-config"],
        ["message"],
        ["review"],
        ["spf", "--nameserver", "127.0.0.1:1"],
        ["adopt"],
        ["adopt", "--import", "--state", "-", "--stack-config"],
        ["rfc2136", "policy", "--stack-config"],
        ["config", "check"],
        ["smtp", "--host"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("name", ["no\n::error::\x1b[31m\u202e", "##[error]å"])
def test_a_name_that_is_given_stays_one_visible_line(arguments: list[str], name: str) -> None:
    result = run(*arguments, name)
    assert result.exit_code != 0
    shown = result.stdout + result.stderr
    assert all(character.isprintable() or character == "\n" for character in shown)
    assert not any(line.lstrip().startswith("::") or "##[" in line for line in shown.splitlines())
    assert "<U+001B>" in shown or "å" in shown
