"""A far and lossy network: in a network namespace, a TUN device whose packets come late, and some of them not at all.

The kernel's own TCP and UDP run over it, so that TCP sends again what is lost, as on the real thing; a relay for TCP
could only delay. (Where the kernel has ``netem`` it would do the same.)

What runs in the namespace reaches its own servers, which listen on :data:`NEAR`, as :data:`FAR`: the pump swaps the
addresses of a packet that came out of the device, and puts it in again. Their sum is the same, and all checksums too.

Which packets are lost is a function of the seed, of what a packet says, and of how many times that was said before: a
query over UDP meets the same fate in every run, whatever is sent at the same time. For TCP, whose ports and numbers are
drawn, it is a function of the ports and of a packet's place in its connection.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.rdata
import pytest

from tests.servers import NameServer, Setup, command, end, require

NEAR, FAR = "10.77.0.1", "10.77.0.2"
PORT = 53
START_SECONDS = 90.0
PUMP = Path(__file__).with_name("pump.py")


@dataclass
class Lossy:
    """The running namespace."""

    folder: Path
    pid: int

    def enter(self, command: Sequence[str]) -> list[str]:
        """Return the command that runs another in the namespace."""
        return ["nsenter", "--preserve-credentials", "-U", "-n", "-t", str(self.pid), *command]

    @contextmanager
    def running(self, command: Sequence[str], name: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a command there, until the context ends; its output is in ``NAME.log``."""
        with _process(self.enter(command), self.folder / f"{name}.log") as process:
            yield process

    def near(self, server: NameServer, name: str) -> list[bytes]:
        """Return the TXT records that a server has at a name, asked where it is, so that nothing is lost."""
        asked = [require("dig"), f"@{NEAR}", "-p", str(server.port), name, "TXT", "+short", "+tcp"]
        said = subprocess.run(self.enter(asked), capture_output=True, text=True, check=True, timeout=60).stdout
        return [b"".join(dns.rdata.from_text("IN", "TXT", line).strings) for line in said.splitlines()]  # type: ignore[attr-defined]

    def lost(self) -> str:
        """Return what the pump has to say: packets that it took, and lost."""
        return (self.folder / "pump.log").read_text()


@contextmanager
def lossy(folder: Path, loss: float = 0.2, delay: float = 0.1, seed: int = 1) -> Iterator[Lossy]:
    """Run it.

    :param loss: the share of packets that is lost, each way.
    :param delay: seconds that a packet takes, each way.
    """
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        pump = [sys.executable, "-S", str(PUMP), str(loss), str(delay), str(seed), NEAR]
        process = stack.enter_context(_process([require("unshare"), "-rn", *pump], folder / "pump.log"))
        made = Lossy(folder, process.pid)
        _until(lambda: "ready" in made.lost(), process, made.lost)
        yield made


@contextmanager
def serving(net: Lossy, zones: dict[str, str], certificate: Path | None = None) -> Iterator[NameServer]:
    """Run BIND there; its address is the one at which it is far away.

    :param certificate: a file with a key and its certificate, to answer over TLS and HTTPS as well.
    """
    folder = net.folder / "bind"
    tls = f'tls far {{ cert-file "{certificate}"; key-file "{certificate}"; }};' if certificate else ""
    program = command("bind", folder, PORT, zones, Setup(extra=tls))
    ways = ["port 853 tls far", "port 443 tls far http default"] if certificate else []
    listens = "; ".join([f"{{ {NEAR}; }}", *(f"listen-on {way} {{ {NEAR}; }}" for way in ways)])
    config = folder / "named.conf"
    config.write_text(config.read_text().replace("{ 127.0.0.1; }", listens))
    log = net.folder / "named.log"
    with net.running(program, "named") as process:
        _until(lambda: "running" in log.read_text(), process, log.read_text)
        yield NameServer("bind", FAR, PORT, folder=folder)


def _until(done: Callable[[], bool], process: subprocess.Popen[bytes], log: Callable[[], str]) -> None:
    latest = time.monotonic() + START_SECONDS
    while not done():
        if time.monotonic() > latest or process.poll() is not None:
            pytest.fail(f"it did not start: {log()[-2000:]}")
        time.sleep(0.05)


@contextmanager
def _process(program: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    tied = [require("setpriv"), "--pdeathsig", "KILL", *program]
    with log.open("w") as output:
        process = subprocess.Popen(tied, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        end(process)
