"""Moving a stack between the class and the plugin: every record is kept, and no UPDATE is sent."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.programs import steps
from tests.languages.programs import CLASS, Workspace
from tests.servers import NameServer, start

pytestmark = pytest.mark.engine

CLASS_TYPE, PLUGIN_TYPE = "pulumi-python:dynamic/rfc2136:TxtRecord", "elastx-mrs:index:TxtRecord"


@pytest.fixture(params=["bind"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NameServer]:
    with start(request.param, tmp_path / "server") as running:
        yield running


def updates(server: NameServer) -> int:
    """How often the server's log tells of a change; BIND writes a line for each string."""
    return server.log.count("adding an RR") + server.log.count("deleting an RR")


def test_a_stack_moves_to_the_plugin_and_back(server: NameServer, tmp_path: Path, workspace: Workspace) -> None:
    stack = workspace.example("python", tmp_path, server.environment())
    program = stack.directory / "__main__.py"
    plugin = program.read_text()
    program.write_text(CLASS)
    stack.up()
    before = {name: one["id"] for name, one in stack.resources().items() if one["type"] == CLASS_TYPE}
    sent = updates(server)
    assert len(before) == 14
    assert sent >= 14, "the log tells of changes"

    for text, kind in ((plugin, PLUGIN_TYPE), (CLASS, CLASS_TYPE)):
        program.write_text(text)
        assert steps(stack) == {}
        stack.up("--expect-no-changes")
        now = {name: one["id"] for name, one in stack.resources().items() if one["type"] == kind}
        assert now == before
        assert updates(server) == sent
        stack.up("--expect-no-changes")

    program.write_text(plugin)
    stack.up()
    stack.pulumi("destroy", "--yes", "--stack", "test")
    assert server.txt("news.example.com") == {}
