"""The runner of workflows knows what they use, and fails for all else."""

import pytest

from tests.gitops.expressions import UnknownError, holds, text

TABLE = {"secrets.KEY": "k", "vars.EMPTY": "", "steps.a.outputs.code": "0"}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("steps.a.outputs.code == '0'", True),
        ("steps.a.outputs.code != '0'", False),
        ("secrets.KEY == 'K'", True),  # GitHub compares without regard to case
        ("steps.a.outputs.code != '0' || secrets.KEY == 'k'", True),
        ("steps.a.outputs.code != '0' || vars.EMPTY != ''", False),
    ],
)
def test_conditions(condition: str, expected: bool) -> None:
    assert holds(condition, TABLE) is expected


def test_texts() -> None:
    assert text("a-${{ secrets.KEY }}${{vars.EMPTY}}", TABLE) == "a-k"


@pytest.mark.parametrize(
    "condition", ["always()", "steps.a.outputs.code", "!cancelled()", "a.b == 1", "vars.OTHER == ''"]
)
def test_other_conditions_fail(condition: str) -> None:
    with pytest.raises(UnknownError):
        holds(condition, TABLE)


@pytest.mark.parametrize("expression", ["secrets.OTHER", "github['token']", "vars.EMPTY || 'x'", "toJSON(secrets)"])
def test_other_expressions_fail(expression: str) -> None:
    with pytest.raises(UnknownError):
        text(f"${{{{ {expression} }}}}", TABLE)
