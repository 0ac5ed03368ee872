"""The table of environment variables: no other module writes a name of its own, and the docs name all of them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from elastx_mrs.config import environment
from elastx_mrs.config.environment import (
    COMPLETE,
    LAB_CLOCK,
    LAB_DNS,
    LAB_TODAY,
    RFC2136_KEY_FILE,
    VARIABLES,
    PrimaryVariable,
    Variable,
)
from tests.engine.stack import ROOT

PREFIX = "ELASTX_MRS_"
TABLE = Path(environment.__file__)
MODULES = sorted((ROOT / "elastx_mrs").rglob("*.py"))
REFERENCE = ROOT / "docs" / "reference.md"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LEFT_BY_RUNS = {".lab", ".venv", "__pycache__", "bin", "node_modules", "sdks"}
EXAMPLES = sorted(
    path
    for path in (ROOT / "examples").rglob("*")
    if path.is_file() and not LEFT_BY_RUNS & {*path.relative_to(ROOT).parts}
)
SET_BY_PROGRAMS = {LAB_CLOCK, LAB_TODAY, LAB_DNS, COMPLETE}
"""No user sets these: the reference alone has them."""

_NAMED = re.compile(rf"_?{PREFIX}(?:[A-Z0-9_]|<PROFILE>)+")
_NAMES = [name for one in VARIABLES for name in one.names]
_IN_TABLE = re.compile("|".join(name.replace("<PROFILE>", "(?:<PROFILE>|[A-Z0-9_]+)") for name in _NAMES))


def names_in_code(source: str) -> Iterator[str]:
    """Yield the string literals with a variable's name in them; a string that is a statement of its own is a docstring.

    Docstrings are the help of the commands too, and cannot be built from a constant.
    """
    tree = ast.parse(source)
    docstrings = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    for one in ast.walk(tree):
        text = one.value if isinstance(one, ast.Constant) and id(one) not in docstrings else None
        if isinstance(text, str) and PREFIX in text:
            yield text


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('"""Set ELASTX_MRS_A."""', []),
        ('A = 1\n"""Set ELASTX_MRS_A."""', []),
        ('def a():\n    """Set ELASTX_MRS_A."""\n    return f"set {A}"', []),
        ('os.environ.get("ELASTX_MRS_A")', ["ELASTX_MRS_A"]),
        ('f"set ELASTX_MRS_{name}"', ["set ELASTX_MRS_"]),
        ('option("--a", help="Or ELASTX_MRS_A.")', ["Or ELASTX_MRS_A."]),
    ],
)
def test_a_name_in_the_code_is_found_and_one_in_a_docstring_is_not(source: str, found: list[str]) -> None:
    assert list(names_in_code(source)) == found


def test_no_other_module_writes_a_name_of_its_own() -> None:
    sources = {path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in MODULES if path != TABLE}
    assert {path: found for path, source in sources.items() if (found := list(names_in_code(source)))} == {}


def test_the_table_has_every_variable_of_the_module_once() -> None:
    constants = [one for one in vars(environment).values() if isinstance(one, Variable)]
    assert constants == list(VARIABLES)
    assert len(set(_NAMES)) == len(_NAMES)


@pytest.mark.parametrize("variable", VARIABLES, ids=str)
def test_a_message_names_a_variable_by_its_name(variable: Variable) -> None:
    assert f"{variable}" == variable.name
    assert isinstance(variable, PrimaryVariable) == ("RFC2136" in variable.name)


def test_a_named_profile_has_variables_of_its_own() -> None:
    assert RFC2136_KEY_FILE.of("default") == RFC2136_KEY_FILE.name == "ELASTX_MRS_RFC2136_KEY_FILE"
    assert RFC2136_KEY_FILE.of("in-house") == "ELASTX_MRS_RFC2136_IN_HOUSE_KEY_FILE"
    assert RFC2136_KEY_FILE.names == ("ELASTX_MRS_RFC2136_KEY_FILE", "ELASTX_MRS_RFC2136_<PROFILE>_KEY_FILE")


def named(path: Path) -> set[str]:
    """Return the names of variables in a file."""
    return set(_NAMED.findall(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", [*PAGES, *EXAMPLES], ids=lambda path: str(path.relative_to(ROOT)))
def test_a_variable_that_a_page_or_an_example_names_is_in_the_table(path: Path) -> None:
    assert {name for name in named(path) if not _IN_TABLE.fullmatch(name)} == set()


def test_a_variable_that_a_docstring_names_is_in_the_table() -> None:
    found = {path.relative_to(ROOT): named(path) for path in MODULES if path != TABLE}
    assert {name for names in found.values() for name in names}, "the help of elastx-mrs smtp names one"
    assert {(path, name) for path, names in found.items() for name in names if not _IN_TABLE.fullmatch(name)} == set()


def test_the_reference_has_the_table_and_the_other_pages_the_users_variables() -> None:
    assert set(_NAMES) <= named(REFERENCE)
    explained = {name for page in PAGES if page != REFERENCE for name in named(page)}
    assert {one.name for one in VARIABLES if one not in SET_BY_PROGRAMS} - explained == set()


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("ELASTX_MRS_RFC2136_KEY", True),
        ("ELASTX_MRS_RFC2136_IN_HOUSE_KEY", True),
        ("ELASTX_MRS_RFC2136_IN_HOUSE_KEYS", False),
        ("ELASTX_MRS_GUARDS", False),
        ("ELASTX_MRS_COMPLETE", False),
    ],
)
def test_a_misspelt_name_is_not_in_the_table(name: str, there: bool) -> None:
    assert _NAMED.findall(f"`{name}=1`") == [name]
    assert bool(_IN_TABLE.fullmatch(name)) == there
