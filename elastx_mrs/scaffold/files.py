"""Writes the files of a project: all of them or none. It never overwrites a file."""

import errno
import os
import shutil
import signal
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")
"""Pulumi reads any of these as the project's file, so none of them may exist."""

STAGED = ".elastx-mrs-init-"
"""Prefix of the folder that holds the files before they get their names."""

_SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
_THERE = frozenset({errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR})
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES})
"""Errors of a file system without hard links."""


class ExistingError(Exception):
    """Files exist already.

    :ivar names: their names.
    """

    def __init__(self, names: Sequence[str]) -> None:
        """Keep the names."""
        self.names = tuple(names)
        super().__init__(", ".join(names))


def existing(folder: Path, names: Sequence[str]) -> list[str]:
    """Return the files that exist, including other names for Pulumi's project file.

    For a file in a subfolder, the subfolder counts.
    """
    return [name for name in _at_the_top([*PROJECT_FILES, *names]) if os.path.lexists(folder / name)]


def left_over(folder: Path, names: Sequence[str]) -> list[str]:
    """Return the remains of a killed run: its folder, and the files that it wrote."""
    try:
        staged = sorted(folder.glob(f"{STAGED}*"))
    except OSError:
        return []
    own = [name for name in _at_the_top(names) if any(_is_of(one, folder, name) for one in staged)]
    return [*(one.name for one in staged), *own]


def _is_of(staged: Path, folder: Path, name: str) -> bool:
    """Return whether the run with this folder created a name: the same file, or a folder that it moved."""
    try:
        return (staged / name).samefile(folder / name)
    except OSError:
        return (folder / name).is_dir() and not (staged / name).exists()


def write(folder: Path, texts: Mapping[str, str]) -> None:
    """Write files into a folder.

    All of them are on the disk before the first one gets its name, so a full disk leaves none. Signals such as Ctrl-C
    wait while the files get their names, which takes less than a millisecond.

    :param texts: by the file's name, which may be in a subfolder.
    :raises ExistingError: if one of them exists; then none is written.
    :raises OSError: if the folder cannot be written; then none is written.
    """
    if found := existing(folder, [*texts]):
        raise ExistingError(found)
    staged = Path(tempfile.mkdtemp(prefix=STAGED, dir=folder))
    try:
        for name, text in texts.items():
            (staged / name).parent.mkdir(exist_ok=True)
            _put(staged / name, text.encode())
        with _signals_wait():
            _name(staged, folder, _at_the_top(texts))
            shutil.rmtree(staged)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _at_the_top(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name.partition("/")[0] for name in names))


def _put(path: Path, octets: bytes) -> None:
    """Write a new file, and flush it to the disk."""
    with path.open("xb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())


def _name(staged: Path, folder: Path, names: Sequence[str]) -> None:
    """Give the files their names: all of them, or none."""
    done: list[Path] = []
    try:
        for name in names:
            _give(staged / name, folder / name)
            done.append(folder / name)
    except OSError as error:
        for path in done:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if error.errno in _THERE:
            raise ExistingError([str(name)]) from None
        raise


def _give(source: Path, target: Path) -> None:
    """Give a file or a folder its name; never replace anything but an empty folder."""
    if source.is_dir():
        source.rename(target)
        return
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        try:
            _put(target, source.read_bytes())
        except FileExistsError:
            raise
        except OSError:
            target.unlink(missing_ok=True)
            raise


@contextmanager
def _signals_wait() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
