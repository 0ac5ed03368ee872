"""The documentation site in Chromium: nothing on its console, no scrolling sideways, and nothing from another host.

``make browser`` runs this file, whose name keeps it out of ``make test``. Pictures of every page are kept where
``ELASTX_MRS_PICTURES`` says.
"""

import os
import threading
import time
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.browser.driver import Browser, browser
from tests.engine.stack import ROOT
from toolchain import docs

PAGES = sorted(path.stem for path in (ROOT / "docs").glob("*.md"))
SECONDS = 10.0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Build the site, serve it on loopback, and return its address."""
    folder = tmp_path_factory.mktemp("site")
    assert docs.build(folder) == 0

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(folder / "html"))

        def log_message(self, *args: Any) -> None:
            """Keep the requests out of the output."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


def wait(chromium: Browser, script: str) -> Any:
    """Return what a script returns, once that is something."""
    end = time.monotonic() + SECONDS
    while not (found := chromium.run(script)) and time.monotonic() < end:
        time.sleep(0.1)
    return found


LOADED = "return performance.getEntriesByType('resource').map(one => one.name)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("page", PAGES)
def test_a_page(chromium: Browser, site: str, tmp_path: Path, page: str, width: int, scheme: str) -> None:
    chromium.look(f"{site}/{page}.html", width, scheme)
    palette = {"light": "default", "dark": "slate"}[scheme]
    assert wait(chromium, f"return document.body.dataset.mdColorScheme === '{palette}'")
    chromium.picture(Path(os.environ.get("ELASTX_MRS_PICTURES", tmp_path)) / f"{page}-{width}-{scheme}.png")
    assert chromium.console() == []
    assert chromium.run("return document.documentElement.scrollWidth") <= width
    assert [url for url in chromium.run(LOADED) if not url.startswith((f"{site}/", "data:"))] == []


def test_a_tab_shows_its_language(chromium: Browser, site: str) -> None:
    chromium.look(f"{site}/programs.html", 1280, "light")
    blocks = "[...document.querySelectorAll('.tabbed-block')].filter(one => one.offsetHeight)"
    shown = f"return {blocks}.map(one => one.innerText)"
    (python,) = wait(chromium, shown)
    assert "import elastx_mail_relay" in python
    assert wait(chromium, "document.querySelectorAll('.tabbed-labels label')[2].click(); return true")
    (go,) = wait(chromium, shown)
    assert "package main" in go


DIALOG = "[...document.querySelectorAll('*')].map(one => one.shadowRoot).find(Boolean)"


def test_the_search_finds_a_page(chromium: Browser, site: str) -> None:
    chromium.look(f"{site}/index.html", 1280, "light")
    assert wait(chromium, "return document.querySelector('.md-search__button') !== null")
    chromium.run("document.querySelector('.md-search__button').click()")
    assert wait(chromium, f"return Boolean({DIALOG}?.querySelector('input'))")
    chromium.run(f"{DIALOG}.querySelector('input').focus()")
    chromium.devtools("Input.insertText", text="TSIG")
    assert wait(chromium, f"return [...{DIALOG}.querySelectorAll('a')].some(one => one.href.includes('/rfc2136.html'))")
    assert chromium.console() == []
