"""The real plugin goes before the stand-in, wherever the engine would find it."""

from pathlib import Path

import pytest

from tests.cloudflare.which import EXECUTABLE, STAND_IN, Plugin, plugin


def executable(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / EXECUTABLE).touch(mode=0o755)
    return folder


def test_the_stand_in_where_there_is_no_other(tmp_path: Path) -> None:
    environ = {"PATH": f"{STAND_IN}:{tmp_path}", "HOME": str(tmp_path)}
    assert plugin(environ) == Plugin("stand-in", STAND_IN)


def test_another_one_on_path(tmp_path: Path) -> None:
    real = executable(tmp_path / "bin")
    assert plugin({"PATH": f"{STAND_IN}:{real}", "HOME": str(tmp_path)}) == Plugin("real", real)


def test_a_link_to_the_stand_in_is_the_stand_in(tmp_path: Path) -> None:
    (tmp_path / EXECUTABLE).symlink_to(STAND_IN / EXECUTABLE)
    assert plugin({"PATH": str(tmp_path), "HOME": str(tmp_path)}).kind == "stand-in"


@pytest.mark.parametrize(("variable", "home"), [("PULUMI_HOME", ""), ("HOME", ".pulumi")])
def test_the_newest_that_pulumi_has_installed(tmp_path: Path, variable: str, home: str) -> None:
    plugins = tmp_path / home / "plugins"
    executable(plugins / "resource-cloudflare-v6.9.1")
    newest = executable(plugins / "resource-cloudflare-v6.23.1")
    (plugins / "resource-cloudflare-v6.24.0.partial").mkdir()  # a download that did not end
    assert plugin({"PATH": "", variable: str(tmp_path)}) == Plugin("real", newest)
