"""Writes the files of a project: all of them or none, and never over one that is there."""

import errno
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")
"""Pulumi takes each of these for the project's file, so that none of them may be there."""

STAGED = ".elastx-mrs-init-"
"""Begins the name of the folder in which the files are before they get their names."""

_SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES})
"""What a file system without hard links answers."""


class ExistingError(Exception):
    """Files are there already.

    :ivar names: of these files.
    """

    def __init__(self, names: Sequence[str]) -> None:
        """Keep the names."""
        self.names = tuple(names)
        super().__init__(", ".join(names))


def existing(folder: Path, names: Sequence[str]) -> list[str]:
    """Return which of the files are there, with any other that Pulumi takes for the project's."""
    return [name for name in dict.fromkeys([*PROJECT_FILES, *names]) if os.path.lexists(folder / name)]


def left_over(folder: Path) -> list[str]:
    """Return the folders that a run left which was killed while it wrote."""
    with suppress(OSError):
        return sorted(path.name for path in folder.glob(f"{STAGED}*"))
    return []


def write(folder: Path, texts: Mapping[str, str]) -> None:
    """Write files into a folder.

    All of them are on the disk before the first one gets its name, so that a full disk leaves none. Ctrl-C and an end
    by a signal wait while they get their names, which takes less than a millisecond.

    :param texts: by the file's name.
    :raises ExistingError: if one of them is there; then none is written.
    :raises OSError: if the folder cannot be written; then none is.
    """
    if found := existing(folder, [*texts]):
        raise ExistingError(found)
    staged = Path(tempfile.mkdtemp(prefix=STAGED, dir=folder))
    try:
        for name, text in texts.items():
            _put(staged / name, text.encode())
        with _signals_wait():
            _name(staged, folder, [*texts])
            shutil.rmtree(staged)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _put(path: Path, octets: bytes) -> None:
    """Write a file that is not there yet, through to the disk."""
    with path.open("xb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())


def _name(staged: Path, folder: Path, names: Sequence[str]) -> None:
    """Give the files their names; if one cannot have its name, none has."""
    done: list[Path] = []
    try:
        for name in names:
            _give(staged / name, folder / name)
            done.append(folder / name)
    except OSError as error:
        for path in done:
            path.unlink()
        if isinstance(error, FileExistsError):
            raise ExistingError([str(name)]) from None
        raise


def _give(source: Path, target: Path) -> None:
    """Give a file its name, without ever taking the place of another one."""
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
