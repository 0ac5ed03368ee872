"""The files of a project: all of them or none, and never over one that is there."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from elastx_mrs.scaffold import files
from tests.scaffold.plans import names

TEXTS = {
    "Pulumi.yaml": "name: a\n",
    "__main__.py": "import å\n",
    "plugin/__main__.py": "run()\n",
    "plugin/requirements.txt": "a==1\n",
    "Pulumi.prod.yaml": "config: {}\n",
}


def written(folder: Path) -> dict[str, str]:
    found = [path for path in folder.rglob("*") if not path.is_dir()]
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in found}


def test_all_files_are_written_and_nothing_else(tmp_path: Path) -> None:
    os.umask(umask := os.umask(0o022))
    files.write(tmp_path, TEXTS)
    assert written(tmp_path) == TEXTS
    assert names(tmp_path) == ["Pulumi.prod.yaml", "Pulumi.yaml", "__main__.py", "plugin"]
    files_, (folder,) = [tmp_path / name for name in TEXTS], [tmp_path / "plugin"]
    assert {path.stat().st_mode & 0o777 for path in files_} == {0o666 & ~umask}
    assert folder.stat().st_mode & 0o777 == 0o777 & ~umask
    assert {path.stat().st_nlink for path in files_} == {1}


@pytest.mark.parametrize("name", ["Pulumi.yaml", "Pulumi.yml", "Pulumi.json", "__main__.py", "plugin"])
@pytest.mark.parametrize("make", [Path.touch, Path.mkdir, lambda path: path.symlink_to("nothing")])
def test_a_file_that_is_there_stays_and_nothing_is_written(
    tmp_path: Path, name: str, make: Callable[[Path], None]
) -> None:
    make(tmp_path / name)
    before = os.lstat(tmp_path / name)
    with pytest.raises(files.ExistingError) as refused:
        files.write(tmp_path, TEXTS)
    assert refused.value.names == (name,)
    assert names(tmp_path) == [name]
    assert os.lstat(tmp_path / name) == before


@pytest.mark.parametrize("name", ["Pulumi.prod.yaml", "plugin/__main__.py", "plugin"])
def test_a_file_that_comes_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Between the look and the write, somebody else makes the last file, one in the folder, or one of its name."""
    real = files._signals_wait

    def meanwhile() -> object:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("theirs\n")
        return real()

    monkeypatch.setattr(files, "_signals_wait", meanwhile)
    with pytest.raises(files.ExistingError) as refused:
        files.write(tmp_path, TEXTS)
    assert refused.value.names == (name.partition("/")[0],)
    assert written(tmp_path) == {name: "theirs\n"}


@pytest.mark.parametrize("step", ["_put", "_give"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_disk_that_is_full_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int
) -> None:
    real, calls = getattr(files, step), []

    def full(*given: object) -> None:
        calls.append(given)
        if len(calls) == number:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(*given)

    monkeypatch.setattr(files, step, full)
    with pytest.raises(OSError, match="No space left"):
        files.write(tmp_path, TEXTS)
    assert names(tmp_path) == []


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOTSUP])
def test_a_file_system_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def link(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "link", link)
    files.write(tmp_path, TEXTS)
    assert written(tmp_path) == TEXTS
    with pytest.raises(files.ExistingError):
        files.write(tmp_path, TEXTS)
    assert written(tmp_path) == TEXTS


def test_a_copy_that_cannot_be_finished_is_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are no hard links either, and the disk is full."""
    real = files._put

    def put(path: Path, octets: bytes) -> None:
        if path == tmp_path / "__main__.py":
            path.write_bytes(octets[:2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(path, octets)

    def link(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", link)
    monkeypatch.setattr(files, "_put", put)
    with pytest.raises(OSError, match="No space left"):
        files.write(tmp_path, TEXTS)
    assert names(tmp_path) == []


PROGRAM = """
import os, signal, sys
from pathlib import Path
from elastx_mrs.scaffold import files
from tests.scaffold.plans import names

real, calls = getattr(files, sys.argv[2]), []

def with_a_signal(*given):
    calls.append(given)
    if len(calls) == int(sys.argv[4]):
        os.kill(os.getpid(), int(sys.argv[3]))
    return real(*given)

setattr(files, sys.argv[2], with_a_signal)
files.write(Path(sys.argv[1]), {texts})
"""


def killed(folder: Path, step: str, number: int, at: int = 2) -> int:
    """Write, and send the process a signal at one file of a step; return how it ended."""
    program = PROGRAM.format(texts=repr(TEXTS))
    command = [sys.executable, "-c", program, str(folder), step, str(number), str(at)]
    return subprocess.run(command, check=False, capture_output=True, timeout=60).returncode


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_files_get_their_names_waits(tmp_path: Path, number: int) -> None:
    assert killed(tmp_path, "_give", number) in (-number, 1)
    assert written(tmp_path) == TEXTS


def test_ctrl_c_before_leaves_nothing(tmp_path: Path) -> None:
    assert killed(tmp_path, "_put", signal.SIGINT) in (-signal.SIGINT, 1)
    assert names(tmp_path) == []


@pytest.mark.parametrize(("at", "named"), [(2, ["Pulumi.yaml"]), (4, ["Pulumi.yaml", "__main__.py", "plugin"])])
def test_a_kill_between_two_files_is_seen_afterwards(tmp_path: Path, at: int, named: list[str]) -> None:
    """Those that have their names are whole; they are told from files that were there before, and from later ones."""
    assert killed(tmp_path, "_give", signal.SIGKILL, at) == -signal.SIGKILL
    staged, *left = files.left_over(tmp_path, [*TEXTS])
    assert staged.startswith(".elastx-mrs-init-")
    assert left == files.existing(tmp_path, [*TEXTS]) == named
    assert (tmp_path / "Pulumi.yaml").read_text() == TEXTS["Pulumi.yaml"]
    (tmp_path / "Pulumi.yaml").unlink()
    (tmp_path / "Pulumi.yaml").write_text("theirs\n")
    assert files.left_over(tmp_path, [*TEXTS]) == [staged, *named[1:]]
