"""docs/start.md for a newcomer: every command runs in an empty folder, with only the released package."""

from pathlib import Path

import pytest

from tests.engine.stack import ROOT
from tests.examples import readme
from tests.package import fresh

pytestmark = pytest.mark.engine


def test_every_command_in_an_empty_folder(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    fresh.require_wheels()
    released = fresh.released(tmp_path_factory)
    folder = tmp_path / "acme-mail"
    folder.mkdir()
    text = (ROOT / "docs" / "start.md").read_text(encoding="utf-8")
    outputs = readme.run(text, folder, released.environment(tmp_path))
    assert len(outputs) == 16
    assert readme.left(folder) == []
