"""The table of environment variables: no other module writes a name of its own."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from elastx_mrs.config import environment
from elastx_mrs.config.environment import RFC2136_KEY_FILE, VARIABLES, PrimaryVariable, Variable
from tests.engine.stack import ROOT

PREFIX = "ELASTX_MRS_"
TABLE = Path(environment.__file__)
MODULES = sorted((ROOT / "elastx_mrs").rglob("*.py"))


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
    assert len({name for one in VARIABLES for name in one.names}) == sum(len(one.names) for one in VARIABLES)


@pytest.mark.parametrize("variable", VARIABLES, ids=str)
def test_a_message_names_a_variable_by_its_name(variable: Variable) -> None:
    assert f"{variable}" == variable.name
    assert isinstance(variable, PrimaryVariable) == ("RFC2136" in variable.name)


def test_a_named_profile_has_variables_of_its_own() -> None:
    assert RFC2136_KEY_FILE.of("default") == RFC2136_KEY_FILE.name == "ELASTX_MRS_RFC2136_KEY_FILE"
    assert RFC2136_KEY_FILE.of("in-house") == "ELASTX_MRS_RFC2136_IN_HOUSE_KEY_FILE"
    assert RFC2136_KEY_FILE.names == ("ELASTX_MRS_RFC2136_KEY_FILE", "ELASTX_MRS_RFC2136_<PROFILE>_KEY_FILE")
