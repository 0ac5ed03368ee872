"""The pictures of the review are made of the one that docs/gitops.md shows, which an engine's test compares."""

import pytest

from tests.engine.stack import ROOT
from tests.markdown import rendered
from toolchain import picture


def shown() -> str:
    """The review that the page quotes."""
    page = (ROOT / "docs" / "gitops.md").read_text(encoding="utf-8")
    lines = [line[2:] for line in page.splitlines() if line.startswith((">", "> "))]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("scheme", picture.COLOURS)
def test_the_picture_is_of_the_review_on_the_page(scheme: str) -> None:
    png = (ROOT / "docs" / f"review-{scheme}.png").read_bytes()
    assert picture.source_of(png) == picture.digest(f"<!-- -->\n\n{shown()}"), "run: make picture"
    assert len(png) < 500_000, "a page loads both"


@pytest.mark.parametrize("scheme", picture.COLOURS)
def test_the_picture_s_page_has_the_whole_review(scheme: str) -> None:
    page = picture.page(shown(), scheme)
    assert page.count("<table>") == 3
    assert "@" in rendered(shown()).text


def test_the_picture_ends_after_the_first_domain() -> None:
    opening = picture.opening(shown())
    assert shown().startswith(opening)
    assert opening.count("#### `") == 1
    assert picture.opening("**No mail record will change.**\n") == "**No mail record will change.**\n"


def test_a_label_is_read_again_and_leaves_the_picture_whole() -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + bytes(13) + bytes(4) + b"rest"
    made = picture.labelled(png, "ab" * 32)
    assert picture.source_of(made) == "ab" * 32
    assert picture.source_of(png) == ""
    assert made.startswith(png[:33])
    assert made.endswith(b"rest")
