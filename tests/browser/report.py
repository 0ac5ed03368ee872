"""The page in Chromium: nothing on its console, no scrolling sideways, and texts that can be read in both schemes.

``make browser`` runs this file, whose name keeps it out of ``make test``. Pictures are kept where
``ELASTX_MRS_PICTURES`` says.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from elastx_mrs.cli.views.verify_html import page
from elastx_mrs.verify.result import Detail, Outcome
from tests.browser.driver import Browser, browser
from tests.cli.verified import ONE, SOURCE, good, job, jobs
from tests.markdown import HOSTILE

HOSTILE_TEXT = " ".join(HOSTILE) + "<script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"

LONG = "x" * 2000


def everything() -> str:
    detail = Detail("wrong", f"ns {HOSTILE_TEXT}", LONG, HOSTILE_TEXT, LONG)
    hostile = Outcome("odd.example", "spf", "odd.example", (detail,), notices=(HOSTILE_TEXT, LONG), right=(ONE,))
    longest = ".".join(["a" * 60] * 4)
    text = page([*jobs(), job("odd.example", hostile), good(longest)], SOURCE, datetime(2026, 11, 30, tzinfo=UTC))
    return text.replace("<details>", "<details open=''>")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


CONTRAST = """
const parts = colour => colour.match(/[\\d.]+/g).map(Number);
const luminance = colour => {
  const [r, g, b] = parts(colour).map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = element => {
  for (let one = element; one; one = one.parentElement) {
    const colour = getComputedStyle(one).backgroundColor;
    if (parts(colour)[3] !== 0) return colour;
  }
  return 'rgb(255, 255, 255)';
};
const found = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !element.getClientRects().length) continue;
  const [a, b] = [luminance(getComputedStyle(element).color), luminance(behind(element))].sort((x, y) => y - x);
  found.push([(a + 0.05) / (b + 0.05), element.className, walker.currentNode.data.slice(0, 40)]);
}
return found;
"""

BEYOND = """
const wide = document.documentElement.clientWidth;
return [...document.body.querySelectorAll('*')].filter(one => one.getBoundingClientRect().right > wide + 0.5)
  .map(one => one.tagName + '.' + one.className);
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_in_a_browser(chromium: Browser, tmp_path: Path, width: int, scheme: str) -> None:
    file = tmp_path / "page.html"
    file.write_text(everything(), encoding="utf-8")
    chromium.look(file.as_uri(), width, scheme)
    chromium.picture(Path(os.environ.get("ELASTX_MRS_PICTURES", tmp_path)) / f"report-{width}-{scheme}.png")
    assert chromium.console() == []
    assert chromium.run("return document.title") == "12 of 16 domains verified, 1 with a warning"
    assert chromium.run("return document.documentElement.clientWidth") == width
    assert chromium.run("return document.documentElement.scrollWidth") <= width
    assert chromium.run(BEYOND) == []
    ratios = chromium.run(CONTRAST)
    assert len(ratios) > 100
    assert [one for one in ratios if one[0] < 4.5] == []
    dark = chromium.run("return matchMedia('(prefers-color-scheme: dark)').matches")
    assert dark == (scheme == "dark")
    assert chromium.run("return performance.getEntriesByType('resource').length") == 0


def test_a_console_error_would_be_seen(chromium: Browser, tmp_path: Path) -> None:
    """The page's policy stops a script, and the console says so: were text ever run, the test above would see it."""
    file = tmp_path / "page.html"
    file.write_text(everything().replace("</main>", "<script>document.title = 'run'</script></main>"), encoding="utf-8")
    chromium.look(file.as_uri(), 1280, "light")
    assert any("Content Security Policy" in line for line in chromium.console())
    assert chromium.run("return document.title") != "run"
