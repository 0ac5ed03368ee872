"""Makes the pictures of a review, light and dark, of the lab's real preview; by hand: ``make picture``.

The page is what ``elastx-mrs review`` writes, rendered as GitHub renders a comment: its dialect of Markdown, and its
colours and table rules in a few lines of CSS. Headless Chromium draws it. Debian's package is ``chromium``.
"""

import hashlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import comrak

from toolchain.usage import usage

ROOT = Path(__file__).resolve().parent.parent

WIDTH = 900
"""CSS pixels: a comment on a pull request is about that wide."""

SCALE = 1.5
"""Pixels of the picture per CSS pixel."""

SECONDS = 120

_HEADER = 8 + 4 + 4 + 13 + 4
"""Octets of a PNG's signature and first chunk."""

COLOURS = {
    "light": {"ink": "#1f2328", "paper": "#ffffff", "line": "#d1d9e0", "code": "#818b981f", "block": "#f6f8fa"},
    "dark": {"ink": "#f0f6fc", "paper": "#0d1117", "line": "#3d444d", "code": "#656c7633", "block": "#151b23"},
}

PAGE = """<!doctype html>
<meta charset="utf-8">
<title>review</title>
<style>
html {{ background: {paper}; color-scheme: {scheme} }}
body {{ margin: 0; padding: 16px; color: {ink}; font: 14px/1.5 "Noto Sans", "Liberation Sans", Arial, sans-serif;
  overflow-wrap: break-word }}
h3, h4 {{ margin: 24px 0 16px; line-height: 1.25 }}
h3 {{ margin-top: 0; font-size: 1.25em }} h4 {{ font-size: 1em }}
p, ul, table, pre, details {{ margin: 0 0 16px }}
ul {{ padding-left: 2em }}
table {{ display: block; width: max-content; max-width: 100%; overflow: auto; border-spacing: 0;
  border-collapse: collapse }}
th, td {{ padding: 6px 13px; border: 1px solid {line} }}
tr:nth-child(2n) {{ background: {block} }}
code {{ padding: .2em .4em; border-radius: 6px; background: {code};
  font: 85% "Liberation Mono", "DejaVu Sans Mono", monospace }}
pre {{ padding: 16px; border-radius: 6px; background: {block}; overflow: auto }}
pre code {{ padding: 0; background: none }}
</style>
<article>{body}</article>
"""
MEASURE = "<script>document.title = Math.ceil(document.documentElement.getBoundingClientRect().height)</script>"


def main() -> None:
    """Write ``docs/review-light.png`` and ``docs/review-dark.png``, given the review on standard input."""
    usage(__doc__)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("picture: chromium is not here; install Debian's package chromium")
    text = sys.stdin.read()
    for scheme in COLOURS:
        target = ROOT / "docs" / f"review-{scheme}.png"
        draw(chromium, page(opening(text), scheme), target)
        target.write_bytes(labelled(target.read_bytes(), digest(text)))
        sys.stdout.write(f"{target.relative_to(ROOT)}: {target.stat().st_size:,} octets\n")


def opening(text: str) -> str:
    """Return a review up to its first domain: the README's first screen has room for no more."""
    head, *domains = re.split(r"(?m)^(?=#### `)", text)
    return head + domains[0] if domains else head


def page(text: str, scheme: str) -> str:
    """Return a review as a page of HTML."""
    extensions = comrak.ExtensionOptions()
    extensions.table = True
    options = comrak.RenderOptions()
    options.unsafe_ = True  # the review's own details and br
    body = comrak.render_markdown(text, extension_options=extensions, render_options=options)
    return PAGE.format(body=body, scheme=scheme, **COLOURS[scheme])


def draw(chromium: str, html: str, target: Path) -> None:
    """Draw a page in its own height."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "review.html"
        path.write_text(html + MEASURE, encoding="utf-8")
        command = [
            chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            f"--user-data-dir={folder}/home", f"--force-device-scale-factor={SCALE}",
        ]  # fmt: skip
        url = path.as_uri()
        dom = _run([*command, f"--window-size={WIDTH},600", "--dump-dom", url])
        height = re.search(r"<title>(\d+)</title>", dom)
        if height is None:
            sys.exit("picture: chromium did not measure the page")
        _run([*command, f"--window-size={WIDTH},{height[1]}", f"--screenshot={target}", url])


def digest(review: str) -> str:
    """Return what a picture keeps of its review, without its first line, which is not shown."""
    return hashlib.sha256(review.partition("\n\n")[2].encode()).hexdigest()


def labelled(png: bytes, source: str) -> bytes:
    """Return a picture that says what it was made of, in a text chunk behind its header (PNG, RFC 2083 §4.2.3)."""
    chunk = b"tEXt" + b"Source\0" + source.encode("ascii")
    whole = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return png[:_HEADER] + whole + png[_HEADER:]


def source_of(png: bytes) -> str:
    """Return what a picture says that it was made of."""
    found = re.search(rb"tEXtSource\0([0-9a-f]{64})", png[: _HEADER + 100])
    return found[1].decode() if found else ""


def _run(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS).stdout


if __name__ == "__main__":
    main()
