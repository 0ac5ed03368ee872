"""Lets commands in several terminals share the one lab that runs in a folder.

It locks two files. The kernel releases a lock when its process ends, so a killed lab blocks nobody:

- ``lock``, by the lab that runs;
- ``users``, shared by the commands that joined it. The lab takes it alone when it ends, so it outlives them.

``running.json`` says where the lab answers. What is in it counts only while something answers there.
"""

import contextlib
import errno
import fcntl
import json
import os
import shlex
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, ClassVar
from urllib.parse import urlsplit

from elastx_mrs.config.environment import LAB_DNS, NAMESERVERS, RFC2136_KEY, RFC2136_KEY_NAME, RFC2136_SERVER
from elastx_mrs.lab.zones import LabError

KEY_NAME = "elastx-mrs-lab."

DIRECTORY = ".lab"
"""The default of ``--dir``."""

LOOK = 0.1
"""Seconds between two attempts to take a lock."""

_HELD = (errno.EAGAIN, errno.EACCES)


class InUseError(LabError):
    """A running lab uses the folder."""


@dataclass(frozen=True)
class Access:
    """Where a lab answers, the TSIG key (base64) that may update its zones, and the token for its Cloudflare API.

    :param address: ``address:port`` of its DNS server.
    :param url: the base of the API.
    """

    directory: Path
    address: str
    url: str
    key: str = field(repr=False)
    token: str = field(repr=False)
    key_name: ClassVar[str] = KEY_NAME

    def environment(self) -> dict[str, str]:
        """Return the environment variables for a command in the lab; Pulumi's state is next to the zones."""
        return {
            RFC2136_SERVER.name: self.address,
            RFC2136_KEY_NAME.name: self.key_name,
            RFC2136_KEY.name: self.key,
            LAB_DNS.name: self.address,
            NAMESERVERS.name: self.address,
            "CLOUDFLARE_BASE_URL": self.url,
            "CLOUDFLARE_API_TOKEN": self.token,
            "PULUMI_BACKEND_URL": f"file://{self.directory / 'state'}",
            "PULUMI_HOME": str(pulumi_home(self.directory)),
            "PULUMI_CONFIG_PASSPHRASE": "lab",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            # Otherwise the engine would try to download the Cloudflare plugin at every run, even if none needs it.
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }


def in_lab(environment: Mapping[str, str]) -> str:
    """Return what to put before a command so that it runs in the lab that this process runs in.

    It is empty outside a lab. It recognizes a lab by what :meth:`Access.environment` sets.
    """
    state = Path(environment.get("PULUMI_BACKEND_URL", "").removeprefix("file://"))
    directory = state.parent
    own = environment.get(RFC2136_KEY_NAME.name) == KEY_NAME and state.name == "state"
    if not own or environment.get("PULUMI_HOME") != str(pulumi_home(directory)):
        return ""
    option = "" if directory == Path(DIRECTORY).resolve() else f"--dir {shlex.quote(str(directory))} "
    return f"elastx-mrs lab {option}-- "


@dataclass(frozen=True)
class Running:
    """The addresses and zones that a lab announces to the commands that join it."""

    address: str
    url: str
    zones: Sequence[str]

    def answers(self) -> bool:
        """Return whether something accepts connections at both addresses."""
        for address in (self.address, urlsplit(self.url).netloc):
            host, _, port = address.rpartition(":")
            try:
                socket.create_connection((host, int(port)), 1).close()
            except (OSError, ValueError, OverflowError):
                return False
        return True


def pulumi_home(directory: Path) -> Path:
    """Return the lab's Pulumi home."""
    return directory / "pulumi-home"


def unusable(directory: Path, error: OSError) -> LabError:
    """Return the error for a folder that cannot be used."""
    return LabError(f"{directory}: {error.strerror}; name another folder with --dir")


@contextlib.contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Lock the folder for a new lab.

    :raises InUseError: if a running lab holds it.
    :raises LabError: if it cannot be used.
    """
    with _opened(directory, "lock") as lock:
        if not _taken(directory, lock, fcntl.LOCK_EX):
            raise InUseError(f"{directory}: another lab is using it; stop that lab, or name another folder with --dir")
        _announcement(directory).unlink(missing_ok=True)
        yield


@contextlib.contextmanager
def announced(directory: Path, running: Running) -> Iterator[None]:
    """Let others join the lab of this folder while the context is entered."""
    path = _announcement(directory)
    unfinished = path.with_suffix(".unfinished")
    try:
        unfinished.write_text(json.dumps(asdict(running)), encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise unusable(directory, error) from None
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def joined(directory: Path) -> Iterator[Running | None]:
    """Use the folder's lab while the context is entered; it does not end before. None if it is starting or ending.

    :raises LabError: if the folder cannot be used.
    """
    with _opened(directory, "users") as users:
        running = _read(_announcement(directory)) if _taken(directory, users, fcntl.LOCK_SH) else None
        yield running if running is not None and running.answers() else None


def outlive(directory: Path, wait: Callable[[], bool]) -> None:
    """Return when no command uses the lab any more; no further command can join.

    :param wait: waits a moment; returns whether to continue waiting.
    :raises LabError: if the folder cannot be used.
    """
    _announcement(directory).unlink(missing_ok=True)
    with _opened(directory, "users") as users:
        while not _taken(directory, users, fcntl.LOCK_EX) and wait():
            pass


def _announcement(directory: Path) -> Path:
    return directory / "running.json"


def _read(path: Path) -> Running | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = Running(str(content["address"]), str(content["url"]), [*map(str, content["zones"])])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return found


def _opened(directory: Path, name: str) -> IO[bytes]:
    try:
        return os.fdopen(os.open(directory / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b")
    except OSError as error:
        raise unusable(directory, error) from None


def _taken(directory: Path, file: IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            return False
        raise unusable(directory, error) from None  # such as a file system without locks
    return True
