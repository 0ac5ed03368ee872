"""Moving a stack between the class and the plugin: every record is kept, and no UPDATE is sent."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.programs import steps
from tests.languages.programs import CLASS, Example, Workspace
from tests.servers import NameServer, start
from tests.servers.zones import FOREIGN

pytestmark = pytest.mark.engine

CLASS_TYPE, PLUGIN_TYPE = "pulumi-python:dynamic/rfc2136:TxtRecord", "elastx-mrs:index:TxtRecord"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NameServer]:
    with start("bind", tmp_path / "server") as running:
        yield running


def updates(server: NameServer) -> int:
    """How often the server's log tells of a change; BIND writes a line for each string."""
    return server.log.count("adding an RR") + server.log.count("deleting an RR")


def test_a_stack_moves_to_the_class_and_back(server: NameServer, tmp_path: Path, workspace: Workspace) -> None:
    stack = workspace.example("python", tmp_path, server.environment())
    program = stack.directory / "__main__.py"
    plugin = program.read_text()
    stack.up()
    before = ids(stack, PLUGIN_TYPE)
    sent = updates(server)
    assert len(before) == 14
    assert sent >= 14, "the log tells of changes"

    for text, kind in ((CLASS, CLASS_TYPE), (plugin, PLUGIN_TYPE)):
        program.write_text(text)
        stack.up("--expect-no-changes")
        assert ids(stack, kind) == before
        assert updates(server) == sent
    assert steps(stack) == {}

    stack.pulumi("destroy", "--yes", "--stack", "test")
    assert server.txt("news.example.com") == {}
    assert {name: server.txt(name) for name in FOREIGN} == FOREIGN


def ids(stack: Example, kind: str) -> dict[str, str]:
    """The ids of the records of a type, by their resources' names."""
    return {name: one["id"] for name, one in stack.resources().items() if one["type"] == kind}
