"""The table of limits: all of them in the reference, each used in the code, and none anywhere else."""

import re
from pathlib import Path

import pytest

from elastx_mrs import limits
from elastx_mrs.limits import LIMITS, Limit

ROOT = Path(__file__).resolve().parent.parent
MODULES = [path for path in (ROOT / "elastx_mrs").rglob("*.py") if path.name != "limits.py"]
NAMES = {name: one for name, one in vars(limits).items() if isinstance(one, Limit)}


@pytest.mark.parametrize("name", NAMES)
def test_a_limit_is_used_and_stands_in_the_reference(name: str) -> None:
    one = NAMES[name]
    assert any(re.search(rf"\blimits\.{name}\b", path.read_text(encoding="utf-8")) for path in MODULES)
    assert f"| {one.what} | {one.text} |" in (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")


MARK = re.compile(r"^@pytest\.mark\.limit\(([^)]*)\)", re.MULTILINE)


def test_each_limit_is_met_by_a_test_that_goes_one_beyond_it() -> None:
    """A mark on each test names its limit."""
    files = (ROOT / "tests").rglob("test_*.py")
    marked = [named for file in files for named in MARK.findall(file.read_text(encoding="utf-8"))]
    assert {name for named in marked for name in re.findall(r'"(\w+)"', named)} == NAMES.keys()


def test_no_two_limits_are_for_the_same() -> None:
    assert len({(one.what, one.unit) for one in LIMITS}) == len(LIMITS) == len(NAMES)


@pytest.mark.parametrize(
    ("most", "unit", "text"),
    [
        (300, "queries", "300 queries"),
        (20_000, "names", "20,000 names"),
        (50 * 2**20, "octets", "50 MiB"),
        (64 * 2**10, "octets", "64 KiB"),
        (8_000, "octets", "8,000 octets"),
        (512, "octets", "512 octets"),
    ],
)
def test_a_limit_in_a_message(most: int, unit: str, text: str) -> None:
    assert Limit("", "", most, unit, "").text == text
