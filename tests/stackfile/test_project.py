"""Which project a stack's file belongs to."""

import errno
import json
import os
from pathlib import Path

import pytest

from elastx_mrs.stackfile.document import UnreadableError
from elastx_mrs.stackfile.project import _is_file, project_of


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start in a folder without a project above it."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")


def write(path: Path, text: str = "config: {}\n") -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


def project(path: Path, name: str, stacks: str | None = None, key: str = "stackConfigDir") -> str:
    more = f"{key}: {stacks}\n" if stacks is not None else ""
    return write(path, f"name: {name}\nruntime: python\n{more}")


def name_of(file: str) -> str | None:
    found = project_of(file)
    return found.name if found is not None else None


@pytest.mark.parametrize(
    ("folder", "stacks", "key"),
    [
        ("", None, ""),
        ("stacks", "stacks", "stackConfigDir"),
        ("a/b", "./a/b/", "stackConfigDir"),
        ("stacks", "stacks", "config"),  # the setting's old name
        ("stacks", None, ""),  # not where Pulumi looks, but nothing else fits
    ],
)
def test_a_project_above_the_file(folder: str, stacks: str | None, key: str, tmp_path: Path) -> None:
    project(tmp_path / "repo" / "Pulumi.yaml", "mail", stacks, key)
    assert name_of(write(tmp_path / "repo" / folder / "Pulumi.prod.yaml")) == "mail"


def test_none(tmp_path: Path) -> None:
    assert name_of(write(tmp_path / "repo" / "Pulumi.prod.yaml")) is None


def test_a_path_from_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path / "repo" / "Pulumi.yaml", "mail", "stacks")
    write(tmp_path / "repo" / "stacks" / "Pulumi.prod.yaml")
    for folder, path in [("repo", "stacks/Pulumi.prod.yaml"), ("repo/stacks", "Pulumi.prod.yaml")]:
        monkeypatch.chdir(tmp_path / folder)
        assert name_of(path) == "mail"


def test_the_project_whose_stacks_are_there_counts_before_the_nearest(tmp_path: Path) -> None:
    project(tmp_path / "repo" / "Pulumi.yaml", "outer", "apps/stacks")
    project(tmp_path / "repo" / "apps" / "Pulumi.yaml", "inner")
    assert name_of(write(tmp_path / "repo" / "apps" / "stacks" / "Pulumi.prod.yaml")) == "outer"
    assert name_of(write(tmp_path / "repo" / "apps" / "Pulumi.prod.yaml")) == "inner"


def test_stacks_outside_the_project_are_found_from_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path / "repo" / "mail" / "Pulumi.yaml", "mail", "../stacks")
    project(tmp_path / "repo" / "Pulumi.yaml", "other")
    file = write(tmp_path / "repo" / "stacks" / "Pulumi.prod.yaml")
    assert name_of(file) == "other"
    monkeypatch.chdir(tmp_path / "repo" / "mail")
    assert name_of(file) == "mail"


def test_the_current_folder_s_project_does_not_count_for_another_s_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(tmp_path / "a" / "Pulumi.yaml", "a")
    project(tmp_path / "b" / "Pulumi.yaml", "b")
    monkeypatch.chdir(tmp_path / "a")
    assert name_of(write(tmp_path / "b" / "Pulumi.prod.yaml")) == "b"
    assert name_of(write(tmp_path / "c" / "Pulumi.prod.yaml")) is None


def test_a_pipe_is_a_stack_of_the_current_folder_s_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path / "repo" / "Pulumi.yaml", "mail")
    monkeypatch.chdir(tmp_path / "repo")
    reading, writing = os.pipe()
    try:
        assert name_of(f"/dev/fd/{reading}") == "mail"  # as <(sops --decrypt FILE) is
        assert name_of("-") == "mail"
    finally:
        os.close(reading)
        os.close(writing)


def test_in_one_folder_json_counts_first(tmp_path: Path) -> None:
    project(tmp_path / "Pulumi.yml", "yml")
    file = write(tmp_path / "Pulumi.prod.yaml")
    assert name_of(file) == "yml"
    project(tmp_path / "Pulumi.yaml", "yaml")
    assert name_of(file) == "yaml"
    write(tmp_path / "Pulumi.json", json.dumps({"name": "json", "runtime": "python"}, indent="\t"))
    assert name_of(file) == "json"


def test_a_project_that_cannot_be_read_matters_only_if_it_is_the_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "repo" / "Pulumi.yaml", "name: [\n")
    project(tmp_path / "repo" / "mail" / "Pulumi.yaml", "mail")
    monkeypatch.chdir(tmp_path / "repo")
    assert name_of(write(tmp_path / "repo" / "mail" / "Pulumi.prod.yaml")) == "mail"
    with pytest.raises(UnreadableError, match=r"^Pulumi\.yaml:2:1: is not YAML"):
        project_of(write(tmp_path / "repo" / "Pulumi.prod.yaml"))


def test_a_folder_in_place_of_a_project_s_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "repo" / "Pulumi.yaml").mkdir(parents=True)
    assert name_of(write(tmp_path / "repo" / "Pulumi.prod.yaml")) is None


def test_a_project_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, mode: str) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    path = project(tmp_path / "repo" / "Pulumi.yaml", "mail")
    file = write(tmp_path / "repo" / "Pulumi.prod.yaml")
    monkeypatch.setattr(Path, "open", refuse)  # root may read everything
    with pytest.raises(UnreadableError) as caught:
        project_of(file)
    assert str(caught.value) == f"{path}: Permission denied; make it readable, because Pulumi needs it, too"


def test_the_current_folder_may_be_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path / "repo" / "Pulumi.yaml", "mail")
    file = write(tmp_path / "repo" / "Pulumi.prod.yaml")
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert name_of(file) == "mail"


def test_a_folder_that_may_not_be_looked_into_has_no_project(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_file", denied)
    assert not _is_file(Path("anywhere"))
