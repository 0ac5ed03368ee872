"""The reader makes of YAML what Pulumi makes of it. tests/engine/test_stackfile.py asks Pulumi for the same table."""

import json
from pathlib import Path
from typing import Any

import pytest

from elastx_mrs.stackfile.document import UnreadableError
from elastx_mrs.stackfile.stack import read_stack
from tests.stackfile.table import DEEP, OBJECTS, PROJECTS, PROJECTS_REFUSED, REFUSED, SCALARS, WHOLE, Row


def values(folder: Path, stack: str | bytes, project: str = "") -> dict[str, Any]:
    """Return the values of a stack of the project elastx-mrs.

    :param project: what is below ``config`` in the project's file.
    """
    (folder / "Pulumi.yaml").write_text(f"name: elastx-mrs\nruntime: yaml\nconfig:\n  {project}\n")
    file = folder / "Pulumi.test.yaml"
    file.write_bytes(stack if isinstance(stack, bytes) else stack.encode())
    read = read_stack(str(file))
    assert read.refusals == ()
    return read.values


def refusal(folder: Path, stack: bytes, project: str = "") -> str:
    """Return the first error."""
    try:
        values(folder, stack, project)
    except UnreadableError as error:
        return str(error)
    except AssertionError:
        return str(read_stack(str(folder / "Pulumi.test.yaml")).refusals[0])
    pytest.fail("nothing is refused")


@pytest.mark.parametrize("row", SCALARS, ids=lambda row: row.written)
def test_a_scalar(row: Row, tmp_path: Path) -> None:
    text = f"config:\n  a:top: {row.written}\n  a:inside: [{row.written}]\n  a:key: {{{row.written}: x}}\n"
    found = values(tmp_path, text)
    # JSON text tells 1 from 1.0 and from true.
    wanted = {"a:top": row.top, "a:inside": [row.inside], "a:key": {row.key: "x"}}
    assert json.dumps(found) == json.dumps(wanted)


@pytest.mark.parametrize(("written", "wanted"), OBJECTS)
def test_an_object_or_a_list(written: str, wanted: Any, tmp_path: Path) -> None:
    assert values(tmp_path, f"config:\n  a:x: {written}\n") == {"a:x": wanted}


@pytest.mark.parametrize(("octets", "wanted"), WHOLE)
def test_a_whole_file(octets: bytes, wanted: dict[str, Any], tmp_path: Path) -> None:
    assert values(tmp_path, octets) == wanted


@pytest.mark.parametrize(("octets", "place"), REFUSED)
def test_what_pulumi_refuses_is_refused_in_one_line_with_its_place(octets: bytes, place: str, tmp_path: Path) -> None:
    line = refusal(tmp_path, octets)
    assert line.startswith(f"{tmp_path}/Pulumi.test.yaml:{place}: ")
    assert "\n" not in line
    assert "; " in line  # what to do


def test_deep_nesting_has_the_same_message_at_any_depth(tmp_path: Path) -> None:
    """From 0.2.6 on, libyaml refuses 1,000 levels in one line before it gives us the first."""
    line = refusal(tmp_path, DEEP.replace(b"[" * 20_000 + b"]" * 20_000, b"[" * 101 + b"]" * 101))
    assert line.startswith(f"{tmp_path}/Pulumi.test.yaml:1:103: has more than 100 nested lists")
    line = refusal(tmp_path, DEEP)
    assert line.startswith((f"{tmp_path}/Pulumi.test.yaml:1:103: ", f"{tmp_path}/Pulumi.test.yaml:1:1003: "))
    assert line.endswith(" has more than 100 nested lists and objects; check the brackets here")


@pytest.mark.parametrize(("project", "stack", "wanted"), PROJECTS)
def test_the_project_s_values(project: str, stack: str, wanted: dict[str, Any], tmp_path: Path) -> None:
    assert values(tmp_path, f"config:\n  {stack}\n", project) == wanted


@pytest.mark.parametrize("project", PROJECTS_REFUSED)
def test_a_project_that_pulumi_refuses(project: str, tmp_path: Path) -> None:
    line = refusal(tmp_path, b"config: {elastx-mrs:ttl: 1}\n", project)
    assert line.startswith(f"{tmp_path}/Pulumi.yaml:")
    assert "\n" not in line
