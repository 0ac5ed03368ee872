"""File descriptors, ports and memory: detects that this machine is short of them, so no server is blamed.

Files, pipes and sockets are descriptors. A process may have a limited number open (``ulimit -n``), and so may the
machine. Only sockets for DNS are counted in advance, in :mod:`elastx_mrs.lookup.transport.room`. Other code that opens
something waits here until it can.
"""

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from types import ModuleType
from typing import TypeVar

from elastx_mrs import limits

_resource: ModuleType | None = None
with suppress(ImportError):  # Windows has no such module, and its processes no such limit
    _resource = import_module("resource")

FILES = "this machine is short of file descriptors"
PORTS = "this machine is short of local ports"
MEMORY = "this machine is short of memory for sockets"

_CURES = {
    FILES: "raise the limit in the shell that starts this, such as ulimit -n 4096, and run again",
    PORTS: "wait until other programs close their connections, or widen the range of local ports, and run again",
    MEMORY: "stop other programs that use many sockets, and run again",
}
_KINDS = {
    errno.EMFILE: FILES,
    errno.ENFILE: FILES,
    errno.EADDRNOTAVAIL: PORTS,
    errno.ENOBUFS: MEMORY,
    errno.ENOMEM: MEMORY,
    10024: FILES,  # WSAEMFILE, Windows' own number
}
_FIRST, _LONGEST = 0.01, 0.5
"""Seconds between two tries to open something; they double."""

_FORGOTTEN = 2.0
"""Seconds without a refusal after which a shortage counts as over."""

_OPEN_MAX = 10_240
"""The highest limit that macOS accepts; it refuses its own "unlimited"."""

_LEAST = 4
"""Sockets that are always tried."""

_OPENED = ("/proc/self/fd", "/dev/fd")
"""Where Linux and macOS list the open descriptors of a process."""

_RANGE = "/proc/sys/net/ipv4/ip_local_port_range"

Address = tuple[str, int]
T = TypeVar("T")


class ShortageError(Exception):
    """Nothing could be opened for :data:`limits.SHORTAGE`; the message names what is short."""

    @property
    def cure(self) -> str:
        """The fix."""
        return cure(str(self), "")


def cure(problem: str, otherwise: str) -> str:
    """Return the fix for a problem.

    :param problem: the problem, in words.
    :param otherwise: the fix if this machine is not the cause.
    """
    return next((text for kind, text in _CURES.items() if kind in problem), otherwise)


def limit() -> int | None:
    """Return how many descriptors this process may have open (the soft limit); None if there is no limit."""
    if _resource is None:
        return None
    soft: int = _resource.getrlimit(_resource.RLIMIT_NOFILE)[0]
    return None if soft == _resource.RLIM_INFINITY else soft


def raise_limit() -> None:
    """Raise the soft limit to the hard one, or as far as the system allows.

    Only for the command's own process. In others the soft limit is the owner's choice, because ``select`` fails with
    descriptors from 1,024 on.
    """
    soft = limit()
    if _resource is None or soft is None:
        return
    hard: int = _resource.getrlimit(_resource.RLIMIT_NOFILE)[1]
    most = limits.RAISED_DESCRIPTORS.most
    wanted = most if hard == _resource.RLIM_INFINITY else min(hard, most)
    for raised in (wanted, min(wanted, _OPEN_MAX)):
        if soft < raised:
            with suppress(OSError, ValueError):
                _resource.setrlimit(_resource.RLIMIT_NOFILE, (raised, hard))
                return


def room(own: int) -> int:
    """Return how many descriptors of a counted kind may be open.

    This is the limit without the other open descriptors and a reserve, but always a few: then the system decides.

    :param own: how many of the kind are open now.
    """
    allowed = limit()
    if allowed is None:
        return limits.SOCKETS.most
    spare = min(limits.SPARE_DESCRIPTORS.most, allowed // 8)
    return max(_LEAST, min(limits.SOCKETS.most, allowed - (_open_now(allowed) - own) - spare))


def _open_now(allowed: int) -> int:
    """Return how many descriptors are open; 0 if the system does not list them."""
    for folder in _OPENED:
        try:
            return len(os.listdir(folder)) - 1  # noqa: PTH208 - it is called often; one of them is the listing's own
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                return allowed
    return 0


def shortage(error: BaseException, address: Address | None = None) -> str | None:
    """Return what this machine is short of, as a message; None if the error has another cause.

    :param error: the error; HTTP clients raise their own from the system's.
    :param address: the target of the connection: some systems have one error for "no free port" and "no route".
    """
    import socket  # every command imports this module, and few need the network

    for found in _behind(error):
        # The system's resolver says "temporary failure" or "no such name" if it cannot open a socket or a file.
        number = _refusal() if isinstance(found, socket.gaierror) else found.errno
        kind = _KINDS.get(number or 0)
        if kind == PORTS and (address is None or not _ports_are_short(address)):
            return None
        if kind is not None:
            return f"{kind}{_told(kind)}"
    return None


def _behind(error: BaseException | None) -> Iterator[OSError]:
    """Yield the system's errors that led to an error."""
    while error is not None:
        if isinstance(error, OSError):
            yield error
        if isinstance(error, BaseExceptionGroup):
            for one in error.exceptions:
                yield from _behind(one)
        error = error.__cause__ or error.__context__


def _refusal() -> int | None:
    """Return the error number with which the system refuses a socket; None if it does not."""
    import socket

    try:
        with socket.socket(), socket.socket():
            return None
    except OSError as error:
        return error.errno


def _ports_are_short(address: Address) -> bool:
    """Whether a connection lacks a port, and not an address of this machine in the same family.

    No packet is sent.
    """
    import socket
    from ipaddress import ip_address

    try:
        family = socket.AF_INET6 if ip_address(address[0].partition("%")[0]).version == 6 else socket.AF_INET
    except ValueError:  # a name, whose address is not known here
        return False
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("", 0))
            except OSError:
                return True
            probe.connect(address)
    except OSError as error:
        return error.errno in (errno.EMFILE, errno.ENFILE)
    return True


def _told(kind: str) -> str:
    if kind == FILES and (allowed := limit()) is not None:
        return f" (this process may have {allowed:,} open)"
    if kind == PORTS:
        with suppress(OSError, ValueError), open(_RANGE, encoding="ascii") as file:  # noqa: PTH123 - as short as it gets
            first, last = map(int, file.read().split())
            return f" ({first} to {last} are all in use)"
    return ""


class Shortage:
    """A shortage of this process: everything that cannot open something waits together, and gives up together.

    The wait ends when anything is opened, and begins again with the next refusal.
    """

    def __init__(self) -> None:
        self._began = self._last = 0.0

    def over(self) -> None:
        """Note that something was opened."""
        self._last = 0.0

    def pause(self, told: str, tries: int) -> float:
        """Return the seconds to wait before trying again.

        :param told: the message of :func:`shortage`.
        :param tries: how often it was tried before.
        :raises ShortageError: if nothing could be opened for too long.
        """
        now = time.monotonic()
        if now - self._last > _FORGOTTEN:
            self._began = now
        self._last = now
        if now - self._began >= limits.SHORTAGE.most:
            raise ShortageError(told)
        return float(min(_FIRST * 2**tries, _LONGEST))


SHORTAGE = Shortage()
"""This process's."""


def waiting(
    action: Callable[[], T], address: Address | None = None, *, release: Callable[[], object] = lambda: None
) -> T:
    """Return what an action returns; while the machine is short of what it opens, wait and do it again.

    :param action: blocks; leaves nothing open if it fails.
    :param address: its target.
    :param release: closes what is open and not in use.
    :raises ShortageError: if that takes too long.
    """
    tries = 0
    while True:
        try:
            done = action()
        except OSError as error:
            told = shortage(error, address)
            if told is None:
                raise
            release()
            time.sleep(SHORTAGE.pause(told, tries))
            tries += 1
        else:
            SHORTAGE.over()
            return done
