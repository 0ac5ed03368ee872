"""Real name servers for tests: Debian's BIND and Knot, and the lab, each on a free loopback port, in its own folder."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest

from elastx_mrs.lab.session import open_lab
from tests.servers.zones import ZONES

KEY_NAME = "test-key."
KEY = "c2l4dGVlbiBvY3RldHMgYW5kIHNvbWUgbW9yZSBvZiB0aGVtLg=="
START_SECONDS = 20.0
TRIES = 5


@dataclass(frozen=True)
class NameServer:
    kind: str
    host: str
    port: int
    key_name: str = KEY_NAME
    key: str = KEY

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


@contextmanager
def start(kind: str, directory: Path, zones: Mapping[str, str] = ZONES) -> Iterator[NameServer]:
    if kind == "lab":
        with open_lab(directory, zones) as lab:
            host, _, number = lab.address.rpartition(":")
            yield NameServer("lab", host, int(number), lab.key_name, lab.key)
        return
    program = require({"bind": "named", "knot": "knotd"}[kind])
    with _daemon(kind, program, directory, zones) as port:
        yield NameServer(kind, "127.0.0.1", port)


def require(program: str) -> str:
    """Where a program of Debian's is; without it the test is skipped and says why, and in CI that is a failure."""
    found = shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))
    if found is None:
        reason = f"{program} is not installed, and tests/servers/install.sh could not install it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@contextmanager
def _daemon(kind: str, program: str, directory: Path, zones: Mapping[str, str]) -> Iterator[int]:
    for attempt in range(TRIES):
        folder = directory / f"{kind}-{attempt}"
        (folder / "db").mkdir(parents=True)
        port = _free_port()
        command = {"bind": _bind, "knot": _knot}[kind](program, folder, port, zones)
        log = folder / "log"
        with log.open("w") as output:
            process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
        try:
            if _answers(process, port, list(zones)[-1]):
                yield port
                return
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    pytest.fail(f"{program} did not start; its last log:\n{log.read_text()[-3000:]}")


def _answers(process: subprocess.Popen[bytes], port: int, zone: str) -> bool:
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


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
        udp.bind(("127.0.0.1", 0))
        port: int = udp.getsockname()[1]
        try:
            tcp.bind(("127.0.0.1", port))
        except OSError:
            return _free_port()
        return port


def _bind(program: str, folder: Path, port: int, zones: Mapping[str, str]) -> list[str]:
    listed = ""
    for name, text in zones.items():
        (folder / f"{name}.zone").write_text(text)
        listed += f'zone "{name}" {{ type primary; file "{name}.zone"; allow-update {{ key {KEY_NAME}; }}; }};\n'
    (folder / "named.conf").write_text(
        f"""options {{ directory "{folder}"; pid-file none; session-keyfile "{folder}/session.key";
          listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; recursion no; dnssec-validation no;
          notify no; managed-keys-directory "{folder}"; }};
        controls {{ }};
        key {KEY_NAME} {{ algorithm hmac-sha256; secret "{KEY}"; }};
        {listed}"""
    )
    return [program, "-g", "-n", "1", "-c", str(folder / "named.conf")]


def _knot(program: str, folder: Path, port: int, zones: Mapping[str, str]) -> list[str]:
    listed = ""
    for name, text in zones.items():
        (folder / f"{name}.zone").write_text(text)
        listed += f"  - domain: {name}\n"
    (folder / "knot.conf").write_text(
        f"""server:
  rundir: {folder}
  listen: 127.0.0.1@{port}
database:
  storage: {folder}/db
key:
  - id: {KEY_NAME}
    algorithm: hmac-sha256
    secret: {KEY}
acl:
  - id: update
    key: {KEY_NAME}
    action: [update, transfer]
template:
  - id: default
    storage: {folder}
    file: "%s.zone"
    acl: update
    zonefile-sync: 0
zone:
{listed}"""
    )
    return [program, "-c", str(folder / "knot.conf"), "-s", str(folder / "control.sock")]
