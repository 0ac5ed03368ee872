"""Real name servers for tests: Debian's BIND, Knot and PowerDNS, and the lab, each on a free loopback port."""

import asyncio
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.tsig
import pytest

from elastx_mrs.lab.server import LabServer
from elastx_mrs.lab.session import open_lab
from elastx_mrs.lab.zones import ZoneStore
from tests.servers import programs
from tests.servers.programs import KEY, KEY_NAME, Key, Setup
from tests.servers.zones import ZONES

__all__ = [
    "KEY",
    "KEY_NAME",
    "KINDS",
    "Key",
    "NameServer",
    "Setup",
    "answers",
    "each",
    "free_port",
    "require",
    "shown",
    "start",
]

KINDS = ("lab", "bind", "knot", "powerdns")
"""Every server that takes dynamic updates; what is said of one is tried on all."""

START_SECONDS = 20.0
TRIES = 5


@dataclass(frozen=True)
class NameServer:
    kind: str
    host: str
    port: int
    key_name: str = KEY_NAME
    key: str = KEY
    folder: Path = Path()

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    def environment(self) -> dict[str, str]:
        return {
            "ELASTX_MRS_RFC2136_SERVER": self.address,
            "ELASTX_MRS_RFC2136_KEY_NAME": self.key_name,
            "ELASTX_MRS_RFC2136_KEY": self.key,
            "ELASTX_MRS_NAMESERVERS": self.address,  # in place of delegation from the real root
        }

    def txt(self, name: str) -> dict[bytes, int]:
        """TTL by joined value, asked as anybody would ask, not through the project's own code."""
        query = dns.message.make_query(name, dns.rdatatype.TXT)
        answer, _ = dns.query.udp_with_fallback(query, self.host, timeout=5, port=self.port)
        found = answer.get_rrset(dns.message.ANSWER, dns.name.from_text(name), dns.rdataclass.IN, dns.rdatatype.TXT)
        return {b"".join(rdata.strings): found.ttl for rdata in found or ()} if found is not None else {}


def shown(server: NameServer, program: str, name: str, *options: str) -> dict[bytes, int]:
    """TTL by joined value, as dig or kdig shows it; their escapes are those of master files."""
    command = [require(program), f"@{server.host}", "-p", str(server.port), name, "TXT", "+noall", "+answer", *options]
    lines = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.splitlines()
    rows = [line.split(None, 4) for line in lines if line and not line.startswith(";")]
    found = {(row[4], int(row[1])) for row in rows if row[3] == "TXT"}
    return {b"".join(dns.rdata.from_text("IN", "TXT", text).strings): ttl for text, ttl in found}  # type: ignore[attr-defined]


@contextmanager
def start(
    kind: str, directory: Path, zones: Mapping[str, str] = ZONES, setup: Setup | None = None
) -> Iterator[NameServer]:
    """Run a server that serves ``zones``; without a ``setup`` it knows the one key, which may update everything."""
    if kind == "lab" and setup is None:
        with open_lab(directory, zones) as lab:
            host, _, number = lab.address.rpartition(":")
            yield NameServer("lab", host, int(number), lab.key_name, lab.key, directory)
        return
    setup = setup or Setup()
    first = setup.keys[0]
    if kind == "lab":
        with _lab(directory, zones, setup) as port:
            yield NameServer(kind, "127.0.0.1", port, first.name, first.secret, directory)
        return
    with _daemon(kind, directory, zones, setup) as (port, folder):
        yield NameServer(kind, "127.0.0.1", port, first.name, first.secret, folder)


@contextmanager
def each(folders: pytest.TempPathFactory, zones: Mapping[str, str], *kinds: str) -> Iterator[dict[str, NameServer]]:
    """Run several servers with the same zones, to compare what they say."""
    with ExitStack() as running:
        yield {kind: running.enter_context(start(kind, folders.mktemp(kind), zones)) for kind in kinds}


@contextmanager
def _lab(directory: Path, zones: Mapping[str, str], setup: Setup) -> Iterator[int]:
    """The lab's DNS server alone, with keys of one's own."""
    names = {key: dns.name.from_text(key.name) for key in setup.keys}
    keyring = {name: dns.tsig.Key(name, key.secret, key.algorithm) for key, name in names.items()}
    directory.mkdir(parents=True, exist_ok=True)
    server = LabServer(ZoneStore(directory / "zones", zones), keyring)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result()
        try:
            yield int(server.address.rpartition(":")[2])
        finally:
            asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def require(program: str) -> str:
    """Where a program of Debian's is; without it the test is skipped and says why, and in CI that is a failure."""
    found = shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))
    if found is None:
        reason = f"{program} is not installed, and tests/servers/install.sh could not install it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


_PROGRAMS = {
    "bind": ("named", programs.bind),
    "knot": ("knotd", programs.knot),
    "powerdns": ("pdns_server", programs.powerdns),
}


def command(kind: str, folder: Path, port: int, zones: Mapping[str, str], setup: Setup) -> list[str]:
    """What starts a server; its zones and its configuration are written into the folder."""
    program, write = _PROGRAMS[kind]
    found = require(program)
    (folder / "db").mkdir(parents=True)
    for name, text in zones.items():
        (folder / f"{name}.zone").write_text(text)
    return write(found, folder, port, zones, setup)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a server, by force if it does not end by itself."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def _daemon(kind: str, directory: Path, zones: Mapping[str, str], setup: Setup) -> Iterator[tuple[int, Path]]:
    for attempt in range(TRIES):
        folder = directory / f"{kind}-{attempt}"
        port = free_port()
        program = command(kind, folder, port, zones, setup)
        log = folder / "log"
        with log.open("w") as output:
            process = subprocess.Popen(program, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
        try:
            if answers(process, port, list(zones)[-1]):
                yield port, folder
                return
        finally:
            end(process)
    pytest.fail(f"{program[0]} did not start; its last log:\n{log.read_text()[-3000:]}")


def answers(process: subprocess.Popen[bytes], port: int, zone: str) -> bool:
    """Wait until it serves the zones over UDP and TCP; False where it has ended, as when the port was taken."""
    end = time.monotonic() + START_SECONDS
    asks: list[Callable[..., dns.message.Message]] = [dns.query.udp, dns.query.tcp]
    while time.monotonic() < end and process.poll() is None:
        try:
            query = dns.message.make_query(zone, dns.rdatatype.SOA)
            if all(ask(query, "127.0.0.1", timeout=1, port=port).answer for ask in asks):
                return True
        except (dns.exception.DNSException, OSError, EOFError):
            pass
        time.sleep(0.05)
    return False


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
        udp.bind(("127.0.0.1", 0))
        port: int = udp.getsockname()[1]
        try:
            tcp.bind(("127.0.0.1", port))
        except OSError:
            return free_port()
        return port
