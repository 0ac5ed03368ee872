"""The page of ``verify --format html``, as far as it can be judged without a browser; tests/browser has the rest."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elastx_mrs.cli.views import verify_trees
from elastx_mrs.cli.views.verify_html import POLICY, page
from elastx_mrs.receiver.spf_record import parsed
from elastx_mrs.receiver.spf_tree import Node, Tree
from elastx_mrs.verify import report
from elastx_mrs.verify.result import Detail, Outcome
from tests import golden
from tests.cli.verified import ONE, SOURCE, TWO, good, job, jobs
from tests.markdown import HOSTILE

NOW = datetime(2026, 11, 30, 1, 2, 3, tzinfo=UTC)
STYLE = files("elastx_mrs.cli.views").joinpath("verify.css").read_text(encoding="utf-8")


def read(text: str) -> ET.Element:
    """Return the page as XML, which it is but for its first line: so every tag is closed and every text escaped."""
    assert text.startswith("<!DOCTYPE html>\n")
    return ET.fromstring(text.removeprefix("<!DOCTYPE html>\n"))  # noqa: S314 - our own output


def texts(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def shape(element: ET.Element) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    return [(one.tag, tuple(one.attrib.items())) for one in element.iter()]


PAGE = page(jobs(), SOURCE, NOW)
ROOT = read(PAGE)


def test_domains_stand_by_their_state() -> None:
    sections = {one.get("id"): one for one in ROOT.iter("section")}
    assert list(sections) == ["problems", "verified", "passed", "notes", "spf"]
    headings = [texts(one) for one in sections["problems"].iter("h3")]
    assert headings == ["bad.com, worse.example", "silent.example"]
    assert [texts(one) for one in ROOT.iter("li")][:3] == ["2 wrong", "1 unreachable", "11 verified"]
    assert texts(next(ROOT.iter("h1"))) == "11 of 14 domains verified, 1 with a warning"
    assert texts(next(ROOT.iter("time"))) == "2026-11-30 01:02:03 UTC"
    for number in range(8):
        assert f"d{number}.example" in texts(sections["verified"])
    assert f"account {golden.ACCOUNT}" in texts(sections["problems"])
    assert "challenge-" not in texts(sections["problems"])


def test_each_server_s_answer_is_there() -> None:
    sections = {one.get("id"): one for one in ROOT.iter("section")}
    card = sections["passed"][1]
    assert texts(next(card.iter("h3"))) == "bad.com, worse.example"
    rows = [[texts(cell) for cell in row] for row in card.iter("tr")][1:]
    assert [f"account {golden.ACCOUNT}", "pass", f"'{golden.TOKEN}'", str(ONE)] in rows
    (finding, *_) = sections["problems"].iter("dl")
    fields = [texts(field) for field in finding]
    assert fields[:7] == ["where", str(TWO), "expected", f"'{golden.TOKEN}'", "seen", "none", "effect"], (
        "what fails, above"
    )
    assert ["dmarc", "pass", f"'{golden.DMARC}'", "all of them"] in rows
    assert f"Name servers: {ONE}, {TWO}" in texts(card)


def test_a_tree_is_drawn_once_with_its_lookups() -> None:
    section = next(one for one in ROOT.iter("section") if one.get("id") == "spf")
    first, second, flat = (card for card in section if card.tag == "article")
    assert texts(next(first.iter("h3"))).startswith("good.com, late.example, d0.example and ")
    boxes = [one.get("class") for one in first.iter("i")]
    assert boxes == ["on"] * 5 + [None] * 5
    assert [one.get("class") for one in second.iter("i")] == ["on"] * 10 + ["over"]
    assert "5 of 10 lookups" in texts(first)
    assert "0 of 10 lookups" in texts(flat)
    below = [texts(item.find("code") or item[0]) for item in first.iter("li")]
    assert below == [
        "include:elastx.email",
        "include:_spf.google.com",
        "include:_a.google.com",
        "include:_b.google.com",
        "mx",
    ]
    assert "v=spf1 ip4:198.51.100.0/24 ~all" in texts(first)


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    tags = {one.tag for one in ROOT.iter()}
    assert tags.isdisjoint({"script", "img", "iframe", "object", "form", "svg", "a", "base"})
    names = {name for one in ROOT.iter() for name in one.attrib}
    assert names <= {
        "lang", "charset", "name", "content", "http-equiv", "rel", "href", "class", "id", "datetime", "aria-hidden"
    }  # fmt: skip
    assert [one.get("href") for one in ROOT.iter("link")] == ["data:,"]
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    assert [one.get("content") for one in ROOT.iter("meta") if one.get("http-equiv")] == [POLICY]
    assert "script" not in POLICY, "default-src 'none' is all there is to say of scripts"


anything = st.text(max_size=20) | st.sampled_from(HOSTILE) | st.sampled_from(["<script>", "]]>", "&lt;", "--></b>"])


@settings(deadline=None, max_examples=60)
@given(anything, anything)
def test_text_of_others_stays_text(seen: str, name: str) -> None:
    def made(seen: str, name: str) -> str:
        detail = Detail("wrong", f"ns {name}", f"x{seen}", f"x{seen}", f"x{seen}")
        record = parsed(f"v=spf1 -all {seen}".encode(errors="replace"))
        tree = Tree("a.com", record, (Node(f"include:{name}", 1),))
        spf = Outcome("a.com", "spf", "a.com", (detail,), notices=(f"x{seen}",), right=(ONE,))
        outcomes = (spf, Outcome("a.com", "spf-tree", "a.com", seen=f"x{seen}", tree=tree))
        return page([job("a.com", *outcomes)], report.NOWHERE, NOW)

    text = made(seen, name)
    assert shape(read(text)) == shape(read(made("", "")))
    assert all(character.isprintable() or character == "\n" for character in text)


def test_a_tree_without_an_end_is_cut() -> None:
    record = parsed(b"v=spf1 -all")
    wide = Tree("wide.com", record, tuple(Node(f"a:h{number}.com", 1) for number in range(500)))
    long = parsed(b"v=spf1 " + b"a:" + b"x" * 60_000 + b" -all")
    given_ = [
        job("wide.com", Outcome("wide.com", "spf-tree", "wide.com", tree=wide)),
        job("long.com", Outcome("long.com", "spf-tree", "long.com", tree=Tree("long.com", long))),
    ]
    text = page(given_, SOURCE, NOW)
    assert len(text) < 40_000
    section = next(one for one in read(text).iter("section") if one.get("id") == "spf")
    assert texts(list(section.iter("li"))[-1]) == f"{500 - verify_trees.MOST_TERMS} more terms"


def test_so_many_trees_are_drawn_and_the_rest_is_counted() -> None:
    given_ = []
    for number in range(verify_trees.MOST_TREES + 7):
        domain = f"d{number}.com"
        tree = Tree(domain, parsed(f"v=spf1 ip4:192.0.2.{number} -all".encode()))
        given_.append(job(domain, Outcome(domain, "spf-tree", domain, tree=tree)))
    section = next(one for one in read(page(given_, SOURCE, NOW)).iter("section") if one.get("id") == "spf")
    assert len(section.findall("article")) == verify_trees.MOST_TREES
    assert "7 more; elastx-mrs spf DOMAIN shows each." in texts(section)


@pytest.mark.parametrize("fails", [False, True])
def test_a_thousand_domains_are_under_two_megabytes(fails: bool) -> None:
    """Each with a key of its own, so that no two share a card: the worst that is not hostile."""
    given_ = []
    for number in range(1000):
        domain = f"d{number}.example"
        one = good(domain)
        key = f"'v=DKIM1; p={number:04d}{golden.KEY[:140]}… (410 octets)'"
        details = [Detail("wrong", str(server), key.replace("p=", "p=x"), key, "replace it") for server in (ONE, TWO)]
        one.outcomes["dkim"] = Outcome(
            domain,
            "dkim",
            f"elastx._domainkey.{domain}",
            tuple(details) if fails else (),
            key,
            right=() if fails else (ONE, TWO),
        )
        given_.append(one)
    text = page(given_, SOURCE, NOW)
    assert len(text.encode()) < 2_000_000
    root = read(text)
    assert len(root.findall(".//article")) >= 1000
    shared = [one for one in root.iter("article") if "all of these domains" in texts(one)]
    assert len(shared) == (0 if fails else 1), "what is the same everywhere stands once"


def schemes() -> Iterator[tuple[str, Mapping[str, str]]]:
    light, dark = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    for name, block in (("light", light), ("dark", dark)):
        yield name, dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", block))


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("scheme", "colours"), list(schemes()), ids=lambda value: value if isinstance(value, str) else ""
)
@pytest.mark.parametrize("name", ["text", "muted", "bad", "doubt", "good", "note"])
@pytest.mark.parametrize("behind", ["page", "panel"])
def test_every_text_has_the_contrast_of_level_aa(
    scheme: str, colours: Mapping[str, str], name: str, behind: str
) -> None:
    """WCAG 2.2, success criterion 1.4.3: 4.5 to 1."""
    first, second = sorted((luminance(colours[name]), luminance(colours[behind])), reverse=True)
    assert (first + 0.05) / (second + 0.05) >= 4.5


def test_both_schemes_have_every_color_and_nothing_else_has_one() -> None:
    (_, light), (_, dark) = schemes()
    assert light.keys() == dark.keys()
    assert len(re.findall(r"#[0-9a-f]{3,8}\b", STYLE)) == 2 * len(light)
    assert set(re.findall(r"var\(--(\w+)\)", STYLE)) == light.keys()
    assert "prefers-color-scheme: dark" in STYLE


def test_a_narrow_window_needs_no_scrolling_sideways() -> None:
    assert [one.get("content") for one in ROOT.iter("meta") if one.get("name") == "viewport"]
    assert "overflow-wrap: anywhere" in STYLE
    assert re.findall(r"(?<!-)\bwidth: \d+(?:px|rem)", STYLE) == [], "nothing has a fixed width in windows of 22 rem"
    assert "@media (max-width: 40rem)" in STYLE
