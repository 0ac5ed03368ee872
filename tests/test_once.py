"""What is made once in a run is made by one, and again only where that failed."""

from pathlib import Path

import pytest

from tests.once import once


def test_it_is_made_once_in_a_folder_that_is_kept(tmp_path_factory: pytest.TempPathFactory) -> None:
    calls = []

    def make(folder: Path) -> Path:
        calls.append(folder)
        (folder / "file").write_text("kept")
        return folder / "file"

    assert once(tmp_path_factory, "test-once", make) == once(tmp_path_factory, "test-once", make)
    assert (calls[0] / "file").read_text() == "kept"
    assert len(calls) == 1


def test_what_failed_is_made_again_in_an_empty_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        once(tmp_path_factory, "test-again", fail)
    assert once(tmp_path_factory, "test-again", lambda folder: list(folder.iterdir())) == []


def test_workers_share_it(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = tmp_path_factory.mktemp("run") / "popen-gw7"
    monkeypatch.setattr(tmp_path_factory, "_basetemp", worker)
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw7")
    made = once(tmp_path_factory, "test-shared", lambda folder: folder)
    assert made.is_relative_to(worker.parent)
    assert not made.is_relative_to(worker)
