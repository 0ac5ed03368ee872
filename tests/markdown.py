"""A Markdown page as GitHub's dialect is rendered, for tests of what must not get out of its code."""

from html.parser import HTMLParser

import comrak

HOSTILE = [
    "<script>alert(1)</script>", "<!-- -->", "-->", "| a | b |", "\\|", "\\\\|x", "`code`", "``` x", "a``b`c", "``",
    "a``", "``<img src=x onerror=alert(1)> @everybody``",
    "[x](javascript:1)",
    "![x](http://evil.example/x.png)", "@everybody #1 GH-1", "https://evil.example", "\x1b[31mred\x1b[0m", "\u202eevil",
    "\u200b", "line\nbreak", "&lt;b&gt;", "{0}{x}", "end\\", " padded ", "`", "*a* _b_ ~c~ $x$", "</details>", "\u2028",
    "::error::x", "##[error]x", "elastx-mrs review acme/prod -->", "www.evil.example", "a@evil.example", ":tada:",
    "- item", "1. item", "1) item", "# head", "> quote", "    code", "---", "===", "a|b|c", "\ufeff", "\u3164", "[^1]",
]  # fmt: skip
"""Text that somebody else wrote, each with its own way out."""


class Page(HTMLParser):
    """The tags of a page, its text, the text of each cell, and what stands in code and outside."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.comments: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.rows: list[list[str]] = []
        self.code: list[str] = []
        self.prose = ""
        self.text = ""
        self._open: list[str] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "br":
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag == "code":
            self.code.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._open and "code" in self._open:
            self.code[-1] += data
        else:
            self.prose += data
        if self._open and ("td" in self._open or "th" in self._open):
            self.rows[-1][-1] += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def rendered(text: str) -> Page:
    """A page as GitHub shows it, but with all raw HTML let through: foreign HTML would be seen."""
    extensions = comrak.ExtensionOptions()
    for name in ("autolink", "footnotes", "shortcodes", "strikethrough", "table", "tasklist", "alerts", "math_dollars"):
        setattr(extensions, name, True)
    options = comrak.RenderOptions()
    options.unsafe_ = True
    return Page(comrak.render_markdown(text, extension_options=extensions, render_options=options))
