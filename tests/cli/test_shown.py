"""What the commands print of text that somebody else wrote: each command, each format."""

import re

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from elastx_mrs.cli import main
from elastx_mrs.cli import verify_view as of_verify
from elastx_mrs.cli.render import render
from elastx_mrs.records import Remark, TxtRecord
from elastx_mrs.remarks import Said
from elastx_mrs.verify import report
from elastx_mrs.verify.asked import Who
from elastx_mrs.verify.expected import Expected
from elastx_mrs.verify.outcome import Detail, Outcome
from elastx_mrs.verify.wait import Job
from tests import golden
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
    page = rendered(render(records, [Said(path, Remark("warning", text))], "markdown"))
    contained(page)
    assert [len(row) for row in page.rows] == [5, 5]
    assert page.rows[1][4] == (re.sub(r"\\(?=\|)", "<U+005C>", value.replace("##[", "#<U+0023>[")) or " ")


def job(*details: Detail, notices: tuple[str, ...] = (), domain: str = "www.example.com") -> Job:
    done = Job(Expected(domain), Who(), 0)
    done.outcomes["spf"] = Outcome(domain, "spf", domain, details, "", notices)
    return done


@settings(deadline=None)
@given(anything, anything)
@pytest.mark.parametrize("format_", list(of_verify.FORMATS))
def test_verify_contains_what_was_seen(format_: str, seen: str, cure: str) -> None:
    jobs = [job(Detail("wrong", "ns1 (192.0.2.1)", seen, seen, cure), notices=(seen,))]
    text = of_verify.FORMATS[format_](jobs)
    assert all(character.isprintable() or character == "\n" for character in text)
    if format_ == "markdown":
        page = rendered(text)
        contained(page)
        assert [len(row) for row in page.rows] == [3, 3]
    if format_ == "github":
        *commands, summary = text.splitlines()
        assert len(commands) == 2
        assert all(line.startswith(("::error title=", "::notice title=")) for line in commands)
        assert summary == "0 of 1 domain verified"
    if format_ == "table":
        assert len(text.splitlines()) == 4
    for line in (*report.message(jobs[0]).splitlines(), report.missing(jobs)):
        assert line.isprintable(), "Pulumi's log gets these"
