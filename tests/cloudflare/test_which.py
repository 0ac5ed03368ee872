"""The real plugin goes before the stand-in, wherever the engine would find it."""

from pathlib import Path

import pytest

from tests.cloudflare.which import EXECUTABLE, STAND_IN, Plugin, ages, describe, plugin


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


@pytest.mark.parametrize(("age", "said"), [({}, "6.15"), ({"STAND_IN_AGE": "6.10"}, "6.10")])
def test_the_head_of_a_report_says_which_age_the_stand_in_has(tmp_path: Path, age: dict[str, str], said: str) -> None:
    environ = {"PATH": "", "HOME": str(tmp_path)} | age
    assert describe(environ).startswith(f"Cloudflare plugin: a stand-in for pulumi-cloudflare {said} ")


@pytest.mark.parametrize(
    ("script", "said"), [("echo v6.23.1", "v6.23.1"), ("exit 1", "of unknown version"), ("", "of unknown version")]
)
def test_the_head_of_a_report_says_which_version_the_real_one_has(tmp_path: Path, script: str, said: str) -> None:
    (executable(tmp_path / "bin") / EXECUTABLE).write_text(f"#!/bin/sh\n{script}\n")
    environ = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}
    assert describe(environ) == f"Cloudflare plugin: the real one, {said}, {tmp_path / 'bin'}"


def test_tests_of_waits_run_with_the_oldest_stand_in_too(tmp_path: Path) -> None:
    environ = {"PATH": "", "HOME": str(tmp_path)}
    assert ages(environ) == [{"STAND_IN_AGE": "6.15"}, {"STAND_IN_AGE": "6.10"}]
    assert ages(environ | {"STAND_IN_AGE": "6.10"}) == [{"STAND_IN_AGE": "6.10"}]
    real = executable(tmp_path / "bin")
    assert ages(environ | {"PATH": str(real)}) == [{}]
