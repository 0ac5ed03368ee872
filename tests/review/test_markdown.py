"""Markdown as GitHub's dialect is rendered: hostile text stays text, tables stay whole, and the limits hold."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elastx_mrs import notices
from elastx_mrs.review.markdown import LIMITS, markdown
from elastx_mrs.review.plain import as_json, as_text
from elastx_mrs.review.preview import of_log, read
from elastx_mrs.review.report import GATES, Review, review
from tests.markdown import HOSTILE, rendered
from tests.review.previews import START, preview, step, txt

TAGS = {*"h3 h4 p strong code ul li table thead tbody tr th td br pre details summary em".split()}  # noqa: SIM905


@pytest.mark.parametrize("path", sorted(Path(__file__).with_name("golden").glob("*.md")), ids=lambda path: path.stem)
def test_what_was_written_first_is_a_page_as_it_was_meant(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    page = rendered(text)
    assert set(page.tags) <= TAGS
    assert page.tags.count("h4") == len(re.findall("^#### ", text, re.MULTILINE))
    assert page.tags.count("table") == text.count("|---|---|---|")
    assert not any(" " in row[0] for row in page.rows), "a mark does not break"
    assert len(page.rows) == len([line for line in text.splitlines() if line.startswith("| ")])
    assert all(len(row) == 3 and row[1] and row[2] for row in page.rows)


def of(text: str) -> Review:
    return review(read(text))


def hostile(text: str) -> str:
    return preview(
        step("create", text, new=txt(f"{text}.example.com", f"elastx-mrs={text}")),
        step("update", "a-spf", txt("example.com", "v=spf1 -all"), txt("example.com", f"v=spf1 include:{text} ~all")),
        step("update", "mail-b-spf", txt("example.com", text), txt("example.com", f"{text} else")),
        step("delete", "mail-a-dmarc", txt("_dmarc.example.com", f"v=DMARC1; p=none; rua={text}")),
        step("update", text, txt("x._domainkey.example.com", text), txt("y._domainkey.example.com", text)),
        said=(("error", text), ("warning", text), ("info", text)),
        accounts=[f"{text}@acme.example"],
    )  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    safe(hostile(text))


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet=st.sampled_from("`|\\<>&*_[]()!@#~-{}\n\r\x1b\u202e \u00e9ab"), max_size=12))
def test_any_text_stays_text(text: str) -> None:
    safe(hostile(text))


def safe(text: str) -> None:
    found = of(text)
    page = rendered(markdown(found, None))
    assert set(page.tags) <= TAGS
    assert [name for name, _ in page.attributes if name not in ("lang", "class")] == []
    assert page.comments == [" elastx-mrs review acme/prod "], "its own first line alone"
    assert {len(row) for row in page.rows} == {3}
    assert len([row for row in page.rows if row[0] not in ("",)]) == len(list(found.rows))
    for one in (markdown(found, None), as_text(found)):
        assert all(character.isprintable() or character == "\n" for character in one)
    assert json.loads(as_json(found))["version"] == 1
    assert as_json(found).isascii()


def test_a_bar_is_shown_alike_in_a_heading_and_in_a_table() -> None:
    old, new = txt("a|b.example", "v=spf1 -all"), txt("a|b.example", "v=spf1 ~all")
    page = rendered(markdown(of(preview(step("update", "mail-x-spf", old, new))), None))
    assert "a|b.example" in page.code
    assert "a\\|b.example" not in page.code


def company(domains: int) -> str:
    """Every record of many domains is new, and one of the last loosens its SPF."""
    steps = []
    for number in range(domains):
        name = f"d{number:04}.example.com"
        records = {
            "challenge-0123456789ab": txt(name, "elastx-mrs=" + "0" * 64),
            "spf": txt(name, "v=spf1 include:elastx.email -all"),
            "dkim": txt(f"elastx._domainkey.{name}", "v=DKIM1; p=11"),
            "dmarc": txt(f"_dmarc.{name}", "v=DMARC1; p=none;"),
        }
        steps += [step("create", f"mail-{name}-{kind}", new=record) for kind, record in records.items()]
    loose = (
        txt("z.example.com", "v=spf1 include:elastx.email -all"),
        txt("z.example.com", "v=spf1 include:elastx.email ~all"),
    )
    return preview(*steps, step("update", "mail-z.example.com-spf", *loose), said=(("info", "a notice"),) * 3)


@pytest.mark.parametrize(
    ("domains", "limit"), [(1000, LIMITS["github"]), (3000, LIMITS["gitlab"]), (1000, 2000), (1000, 5000)]
)
def test_thousands_of_domains_are_shortened_by_rule(domains: int, limit: int) -> None:
    found = of(company(domains))
    text = markdown(found, limit)
    assert len(text.encode()) <= limit
    page = rendered(text)
    assert {len(row) for row in page.rows} <= {3}
    tables = text.count("|---|---|---|")
    shown = text.count("\n<details><summary><code>")
    assert tables == shown, "every domain that is named has its table"
    rows = [row for row in page.rows if row[0]]
    assert len(rows) in (4 * shown, 4 * (shown - 1) + 1), "and every table is whole"
    assert f"not shown: {domains + 1 - shown} domains" in text
    assert "SPF of `z.example.com`: mail from all other servers will get softfail, no longer fail" in text
    assert f"and {domains - 5} more domains" in text, "an account's domains are one line"


def test_few_domains_stand_open_and_many_are_folded() -> None:
    few, many = rendered(markdown(of(company(4)), None)), rendered(markdown(of(company(61)), None))
    assert "details" not in [tag for tag in few.tags if tag != "summary"][: few.tags.index("table")]
    assert few.tags.count("h4") == 1 + 5
    assert many.tags.count("details") == 62 + 1, "each domain, and the notices"
    assert many.tags.count("h4") == 1, "what to look at first stands open"
    assert "d0000.example.com: 4 records will be added, Gains a domain" in many.text


def test_a_name_in_a_fold_stays_text() -> None:
    name = "<img src=x onerror=alert(1)>&amp;`|.example"
    steps = [step("create", f"x{number}", new=txt(f"d{number}.example", "v=spf1 -all")) for number in range(6)]
    page = rendered(markdown(of(preview(*steps, step("create", "y", new=txt(name, "v=spf1 -all")))), None))
    assert name in page.code
    assert set(page.tags) <= TAGS


STOP = 'error: Preview failed: before hook "mail-guard" failed: example.com is a CNAME to other.example; remove it'


def said_at(name: str, message: str, severity: str = "error") -> dict[str, str]:
    return {"urn": step("create", name)["urn"], "severity": severity, "message": message}


def stopped() -> str:
    steps = [
        step("create", "mail-example.com-spf", new=txt("example.com", "v=spf1 include:elastx.email -all")),
        step("create", "mail-example.com-challenge-0123456789ab", new=txt("example.com", "elastx-mrs=" + "0" * 64)),
        step("create", "mail-example.com-dmarc", new=txt("_dmarc.example.com", "v=DMARC1; p=none")),
    ]
    content = json.loads(preview(*steps))
    content["diagnostics"] = [
        said_at("mail-example.com-spf", STOP),
        said_at("mail-example.com-challenge-0123456789ab", STOP),
        {"severity": "error", "message": "error: preview failed"},
    ]
    return json.dumps(content)


def test_what_the_guard_stops_is_not_listed_as_added() -> None:
    found = of(stopped())
    text = markdown(found, None)
    assert "The preview failed; list incomplete. 1 domain: 1 record will be added, 2 stopped." in text
    row = "| !&nbsp;stopped | SPF | will not be published: the error above says why |"
    assert row in text
    assert "gained" not in found.gates, "an account whose challenge is stopped gains nothing"
    assert json.loads(as_json(found))["counts"] == {"add": 1, "change": 0, "remove": 0, "release": 0, "stopped": 2}


def test_what_is_stopped_is_cut_last() -> None:
    content = json.loads(stopped())
    for number in range(200):
        gone = txt(f"_dmarc.d{number}.com", "v=DMARC1; p=none")
        content["steps"].append(step("delete", f"mail-d{number}.com-dmarc", gone))
    text = markdown(of(json.dumps(content)), 5000)
    assert text.count("!&nbsp;stopped") == 2
    assert "not shown" in text, "others are cut"


def test_one_error_is_said_once_with_every_record_that_it_stops() -> None:
    found = of(stopped())
    at = "at `mail-example.com-challenge-0123456789ab`, `mail-example.com-spf`"
    assert markdown(found, None).count("is a CNAME") == 1
    assert f"**Error** {at}:" in markdown(found, None)
    assert as_text(found).count("is a CNAME") == 1
    said = json.loads(as_json(found))["said"]
    assert [one["resources"] for one in said] == [["mail-example.com-challenge-0123456789ab", "mail-example.com-spf"]]


def test_errors_have_one_order_whatever_the_engine_s_is() -> None:
    content = json.loads(stopped())
    of_spf, of_challenge, of_run = content["diagnostics"]
    of_challenge["message"] += " too"
    of_run["message"] = "error: the program failed"
    orders = ([of_spf, of_run, of_challenge], [of_challenge, of_spf, of_run])
    texts = {markdown(of(json.dumps(content | {"diagnostics": order})), None) for order in orders}
    (text,) = texts
    assert text.index("the program failed") < text.index("remove it too") < text.rindex("remove it")


def test_an_error_that_points_at_another_is_not_said_again() -> None:
    content = json.loads(stopped())
    of_spf, of_challenge = content["diagnostics"][:2]
    hook = 'error: before hook "mail-guard" failed: '
    of_challenge["message"] = hook + notices.STOPPED_TOO.format("example.com", "mail-example.com-spf")
    for order in ([of_spf, of_challenge], [of_challenge, of_spf]):
        assert markdown(of(json.dumps(content | {"diagnostics": order})), None) == markdown(of(stopped()), None)
    alone = markdown(of(json.dumps(content | {"diagnostics": [of_challenge]})), None)
    assert "example.com is stopped too: the error of mail-example.com-spf says why" in alone


def test_notices_that_the_config_acknowledges_are_folded() -> None:
    lines = (
        notices.acknowledged({"one-key": "dkim", "no-rua": "dmarc, domains[1].dmarc"}),
        notices.acknowledged({"shared-ttl": ""}),
        "acknowledged: something else, of another program",
    )
    found = of(preview(said=tuple(("info", text) for text in lines)))
    text = markdown(found, None)
    assert "<details><summary>3 acknowledged notices</summary>" in text
    assert "\none-key (dkim): several domains have the same DKIM key\n" in text
    assert "\nno-rua (dmarc, domains[1].dmarc): a DMARC policy requests no aggregate reports\n" in text
    assert "\nshared-ttl: a new record gets the TTL of the existing TXT records\n" in text
    assert "<details><summary>1 notice</summary>" in text, "of another program"
    assert "acknowledged: one-key (dkim): several domains have the same DKIM key" in as_text(found)
    assert json.loads(as_json(found))["acknowledged"] == ["no-rua", "one-key", "shared-ttl"]


def test_nothing_is_left_out_where_there_is_room() -> None:
    found = of(company(20))
    assert markdown(found, LIMITS["github"]) == markdown(found, None)
    assert "not shown" not in markdown(found, None)


def test_resources_that_are_no_mail_records_are_counted_and_listed() -> None:
    bucket, queue = (
        {"op": "create", "urn": f"{START}::aws:{kind}::logs", "newState": {"type": f"aws:{kind}", "inputs": {}}}
        for kind in ("s3/bucket:Bucket", "sqs/queue:Queue")
    )
    one, two = of(preview(bucket)), of(preview(bucket, queue))
    assert "No mail record will change; 1 other resource will change." in markdown(one, None)
    assert "No mail record will change; 2 other resources will change." in markdown(two, None)
    assert "aws:sqs/queue:Queue logs" in markdown(two, None)
    assert "other resource: aws:sqs/queue:Queue logs" in as_text(two)


def test_a_long_error_ends_where_it_says_most() -> None:
    text = markdown(review(of_log("\n".join(f"line {number}" for number in range(500)), "acme/prod")), LIMITS["github"])
    assert "line 499" in text
    assert "line 100" not in text


def test_the_gates() -> None:
    assert of(preview()).gates == set()
    assert of(company(1)).gates == {"gained", "loosened"}
    assert of(preview(said=(("error", "x"), ("warning", "y")))).gates == {"failed", "warned"}
    assert of(company(1)).gates <= GATES.keys()
