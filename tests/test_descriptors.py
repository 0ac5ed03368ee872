"""What a machine is short of, and what is only like that. The numbers are Linux's; a namespace has few ports."""

import errno
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from elastx_mrs import descriptors, limits
from elastx_mrs.descriptors import FILES, MEMORY, PORTS, Shortage, ShortageError, cure, shortage, waiting
from tests.servers import require

ROOT = Path(__file__).resolve().parent.parent


def python(script: str, *, soft: int = 256, hard: int = 256, inside: str = "") -> str:
    """Run a script under a limit, in a namespace if there is something to do ``inside`` of one first."""
    shell = f'{inside} ulimit -Sn {soft}; ulimit -Hn {hard}; exec {sys.executable} -c "$SCRIPT"'
    command = [require("unshare"), "-rn", "sh", "-c", shell] if inside else ["sh", "-c", shell]
    path = "/usr/sbin:/sbin:/usr/bin:/bin"
    done = subprocess.run(
        command, env={"SCRIPT": script, "PATH": path}, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert not done.returncode, done.stderr
    return done.stdout.strip()


@pytest.mark.limit("SOCKETS", "SPARE_DESCRIPTORS")
@pytest.mark.parametrize(
    ("allowed", "others", "own", "room"),
    [
        (None, 10, 0, limits.SOCKETS.most),
        (400 + 32 + 10, 10, 0, limits.SOCKETS.most),
        (400 + 32 + 10 - 1, 10, 0, limits.SOCKETS.most - 1),
        (20_000, 10, 0, limits.SOCKETS.most),
        (256, 16, 0, 256 - 16 - limits.SPARE_DESCRIPTORS.most),
        (256, 16, 100, 256 - 16 - limits.SPARE_DESCRIPTORS.most),  # its own take nothing from its room
        (257, 16, 0, 257 - 16 - limits.SPARE_DESCRIPTORS.most),
        (255, 16, 0, 255 - 16 - 31),  # an eighth
        (64, 16, 0, 64 - 16 - 8),
        (64, 64, 0, 4),
        (64, 500, 0, 4),
    ],
)
def test_the_room_is_what_others_leave(
    allowed: int | None, others: int, own: int, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(descriptors, "limit", lambda: allowed)
    monkeypatch.setattr(descriptors, "_open_now", lambda _: others + own)
    assert descriptors.room(own) == room


def test_what_is_open_is_counted() -> None:
    script = """
        import os, socket
        from elastx_mrs import descriptors
        before = descriptors.room(0)
        kept = [socket.socket() for _ in range(50)]
        after = descriptors.room(0)
        print(before - after, descriptors.room(50) - after)
        kept += [socket.socket() for _ in range(256 - len(os.listdir("/proc/self/fd")) + 1)]
        print(descriptors.room(0))"""
    assert python(script.replace("\n        ", "\n")).split() == ["50", "50", "4"]


@pytest.mark.parametrize(
    ("soft", "hard", "raised"), [(64, 512, 512), (512, 512, 512), (64, 64, 64), (128, "unlimited", None)]
)
def test_the_limit_is_raised_to_the_hard_one(soft: int, hard: int, raised: int | None) -> None:
    if raised is None:
        _, most = descriptors._resource.getrlimit(descriptors._resource.RLIMIT_NOFILE)  # type: ignore[union-attr]
        hard = raised = min(most, limits.RAISED_DESCRIPTORS.most)
    script = "from elastx_mrs import descriptors as d; d.raise_limit(); print(d.limit())"
    assert int(python(script, soft=soft, hard=hard)) == raised


class Fake:
    """A ``resource`` whose system takes no more than it does."""

    RLIMIT_NOFILE, RLIM_INFINITY = 7, -1

    def __init__(self, soft: int, hard: int, takes: int) -> None:
        self.limits, self._takes = (soft, hard), takes

    def getrlimit(self, _: int) -> tuple[int, int]:
        return self.limits

    def setrlimit(self, _: int, wanted: tuple[int, int]) -> None:
        if wanted[0] > self._takes or wanted[1] != self.limits[1]:
            raise ValueError("current limit exceeds maximum limit")
        self.limits = wanted


@pytest.mark.limit("RAISED_DESCRIPTORS")
@pytest.mark.parametrize(
    ("soft", "hard", "takes", "raised"),
    [
        (256, -1, 10_240, 10_240),  # macOS
        (256, -1, 10**9, limits.RAISED_DESCRIPTORS.most),
        (1024, 10**9, 10**9, limits.RAISED_DESCRIPTORS.most),  # a container
        (1024, limits.RAISED_DESCRIPTORS.most, 10**9, limits.RAISED_DESCRIPTORS.most),
        (1024, limits.RAISED_DESCRIPTORS.most - 1, 10**9, limits.RAISED_DESCRIPTORS.most - 1),
        (10**6, 10**6, 10**9, 10**6),
        (-1, -1, 10**9, -1),
        (256, 4096, 0, 256),
    ],
)
def test_systems_that_take_less(soft: int, hard: int, takes: int, raised: int, monkeypatch: pytest.MonkeyPatch) -> None:
    system = Fake(soft, hard, takes)
    monkeypatch.setattr(descriptors, "_resource", system)
    descriptors.raise_limit()
    assert system.limits == (raised, hard)


def test_a_system_without_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptors, "_resource", None)
    descriptors.raise_limit()
    assert descriptors.limit() is None
    assert descriptors.room(0) == limits.SOCKETS.most


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.EMFILE, FILES),
        (errno.ENFILE, FILES),
        (errno.ENOBUFS, MEMORY),
        (errno.ENOMEM, MEMORY),
        (errno.ECONNREFUSED, None),
        (errno.ENETUNREACH, None),
        (errno.EACCES, None),
        (errno.EADDRNOTAVAIL, None),
    ],
)
def test_what_the_system_calls_it(number: int, kind: str | None) -> None:
    told = shortage(OSError(number, "x"))
    assert (told is None) if kind is None else (told is not None and told.startswith(kind))
    assert (cure(f"a.example: it failed: {told}", "other") == "other") == (kind is None)


def test_other_errors_are_none() -> None:
    for error in (TimeoutError(), ValueError(), EOFError(), socket.gaierror(socket.EAI_NONAME, "no such name")):
        assert shortage(error, ("127.0.0.1", 53)) is None


def test_it_is_found_behind_the_errors_of_a_client() -> None:
    def wrapped(cause: BaseException) -> Exception:
        try:
            raise ValueError("a client's") from cause
        except ValueError as error:
            return error

    full = OSError(errno.EMFILE, "Too many open files")
    assert shortage(wrapped(wrapped(full))) is not None
    assert shortage(wrapped(OSError("All connection attempts failed"))) is None
    anyio = OSError("All connection attempts failed")
    anyio.__cause__ = ExceptionGroup("two", [ConnectionRefusedError(), full])
    assert shortage(wrapped(anyio)) is not None


def test_a_name_that_cannot_be_looked_up_for_want_of_a_descriptor() -> None:
    script = """
        import os, socket
        from elastx_mrs.descriptors import shortage
        kept = [socket.socket() for _ in range(256 - len(os.listdir("/proc/self/fd")) + 1)]
        try:
            socket.getaddrinfo("localhost.invalid", 53)
        except OSError as error:
            print(shortage(error))"""
    told = python(script.replace("\n        ", "\n"))
    assert told == "this machine is short of file descriptors (this process may have 256 open)"


FEW = "ip link set lo up; echo 40000 40003 > /proc/sys/net/ipv4/ip_local_port_range;"
PORT_SCRIPT = """
import socket
from elastx_mrs.descriptors import shortage
from elastx_mrs.lookup.transport import pool
kept = []
def told(make, address):
    try:
        kept.append(make(address))
    except OSError as error:
        return shortage(error, address)
    return "open"
listening = socket.create_server(("127.0.0.1", 99))
udp = [told(pool._connected, ("127.0.0.1", 53)) for _ in range(6)]
kept.clear()
tcp = [told(socket.create_connection, ("127.0.0.1", 99)) for _ in range(6)]
print(udp == tcp == ["open"] * 4 + ["this machine is short of local ports (40000 to 40003 are all in use)"] * 2)
"""


def test_ports_are_short() -> None:
    """UDP and TCP; Linux has another error for each."""
    assert python(PORT_SCRIPT, inside=FEW) == "True"


def test_no_address_of_that_family_is_no_shortage_of_ports() -> None:
    script = """
        import socket
        from elastx_mrs.descriptors import shortage
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            with socket.socket(socket.AF_INET6, kind) as own:
                try:
                    own.connect(("2001:db8::1", 53))
                except OSError as error:
                    print(error.errno, shortage(error, ("2001:db8::1", 53)))"""
    off = "ip link set lo up; echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6;"
    told = python(script.replace("\n        ", "\n"), inside=off)
    assert told.splitlines() == [f"{errno.EADDRNOTAVAIL} None"] * 2


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[], float]:
    """Time that passes only while somebody sleeps."""
    now = [1000.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(descriptors, "SHORTAGE", Shortage())
    return lambda: now[0]


@pytest.mark.limit("SHORTAGE")
@pytest.mark.parametrize(
    ("seconds", "waited_out"), [(limits.SHORTAGE.most - 0.6, True), (limits.SHORTAGE.most + 0.6, False)]
)
def test_a_shortage_is_waited_out(seconds: float, waited_out: bool, clock: Callable[[], float]) -> None:
    began, tries = clock(), [0]

    def opened() -> str:
        tries[0] += 1
        if clock() - began < seconds:
            raise OSError(errno.EMFILE, "Too many open files")
        return "open"

    if waited_out:
        assert waiting(opened) == "open"
    else:
        with pytest.raises(ShortageError, match=r"^this machine is short of file"):
            waiting(opened)
        assert clock() - began < limits.SHORTAGE.most + 0.6
    assert tries[0] < 25


def test_those_that_come_later_do_not_wait_anew(clock: Callable[[], float]) -> None:
    def refused() -> None:
        raise OSError(errno.ENOBUFS, "No buffer space available")

    with pytest.raises(ShortageError):
        waiting(refused)
    began = clock()
    with pytest.raises(ShortageError):
        waiting(refused)
    assert clock() == began
    time.sleep(10)  # another shortage
    with pytest.raises(ShortageError):
        waiting(refused)
    assert clock() - began > 10 + limits.SHORTAGE.most - 1


def test_what_is_not_in_use_is_closed_first(clock: Callable[[], float]) -> None:
    idle = ["one", "two"]

    def opened() -> str:
        if idle:
            raise OSError(errno.EMFILE, "Too many open files")
        return "open"

    assert waiting(opened, release=idle.pop) == "open"


def test_no_other_error_is_waited_for(clock: Callable[[], float]) -> None:
    began = clock()

    def refused() -> None:
        raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")

    with pytest.raises(ConnectionRefusedError):
        waiting(refused)
    assert clock() == began


def test_there_is_something_to_do_about_each() -> None:
    assert len({ShortageError(f"{kind} (of some)").cure for kind in (FILES, PORTS, MEMORY)} - {""}) == 3


def test_only_the_command_raises_the_limit() -> None:
    """In ``pulumi up`` and in the plugin the process is the user's."""
    modules = (ROOT / "elastx_mrs").rglob("*.py")
    using = {path.name for path in modules if "raise_limit" in path.read_text(encoding="utf-8")}
    assert using == {"descriptors.py", "entry.py"}
    assert "plugin" not in (ROOT / "elastx_mrs" / "cli" / "entry.py").read_text(encoding="utf-8")


def test_a_shortage_is_told_before_the_root_counts_as_silent() -> None:
    assert limits.SHORTAGE.most < limits.ENTRANCE_SECONDS.most
