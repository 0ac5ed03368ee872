"""An Internet of its own, in a network namespace: a root on port 53, BIND, Knot and NSD below it, unbound in front.

Everything listens where it would in the world, so that nothing is bypassed: programs with no option for a port, such as
opendkim-testkey, ask here what they ask there. The namespace's /etc/resolv.conf names the unbound.
"""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.authority import Authority
from tests.engine.stack import MEASURED, inherited
from tests.lookup.nets import Daemon, command
from tests.servers import require

ROOT, TOP, BIND, KNOT, NSD, SIX = "127.0.0.2", "127.0.0.3", "127.0.0.11", "127.0.0.12", "127.0.0.13", "::1"
RESOLVER, FAR = "127.0.0.53", "192.0.2.53"
"""The unbound: on this machine, and at an address that is not."""

SERVERS = {
    "root": ("knot", ROOT),
    "top": ("knot", TOP),
    "bind": ("bind", BIND),
    "knot": ("knot", KNOT),
    "nsd": ("nsd", NSD),
    "six": ("nsd", SIX),
}
"""By name: what each is, and where."""

START_SECONDS = 30


@dataclass
class World:
    """The running namespace.

    :ivar environment: with the certificate authority of the unbound's DNS over TLS and HTTPS.
    """

    folder: Path
    pid: int
    environment: dict[str, str] = field(default_factory=dict)
    servers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def enter(self, command: Sequence[str]) -> list[str]:
        return ["nsenter", "--preserve-credentials", "-U", "-n", "-m", "-t", str(self.pid), *command]

    def run(self, *command: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.enter(command),
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            cwd=self.folder,
        )

    def verify(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        main = "from elastx_mrs.cli.main import main; main()"
        hints = ("--root-hints", str(self.folder / "root.hints"))
        return self.run(sys.executable, "-c", main, "verify", *hints, *arguments, stdin=stdin)

    def dig(self, *arguments: str) -> str:
        return self.run("dig", "+short", "+time=2", "+tries=1", *arguments).stdout

    def change(self, name: str, text: str) -> None:
        """Give BIND another version of a zone, and wait until it is served."""
        path = self.folder / "bind" / f"{name}.zone"
        serial = int(path.read_text().partition(" h. ")[2].split()[0]) + 1
        path.write_text(text.replace(" h. 1 ", f" h. {serial} "))
        self.servers["bind"].send_signal(1)
        self._until(lambda: f" {serial} " in self.dig(f"@{BIND}", name, "SOA"))

    def _until(self, done: object) -> None:
        assert callable(done)
        end = time.monotonic() + START_SECONDS
        while not done():
            if time.monotonic() > end:
                pytest.fail(
                    "the servers did not come up: " + "".join(p.read_text()[-800:] for p in self.folder.glob("*/log"))
                )
            time.sleep(0.1)

    def serves(self, address: str, name: str) -> None:
        self._until(
            lambda: (
                self.dig(f"@{address}", name, "SOA").strip() not in ("",)
                and "error" not in self.dig(f"@{address}", name, "SOA")
            )
        )


@contextmanager
def world(folder: Path, zones: dict[str, dict[str, str]], anchors: str) -> Iterator[World]:
    """Run it.

    :param zones: by ``root``, ``top``, ``bind``, ``knot``, ``nsd`` and ``six``: master files by zone.
    :param anchors: unbound's ``trust-anchor`` lines.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "resolv.conf").write_text(f"nameserver {RESOLVER}\n")
    (folder / "root.hints").write_text(f". 3600 NS a.root.\na.root. 3600 A {ROOT}\n")
    # Without that it asks through a libunbound of its own, which begins at the real root.
    (folder / "opendkim.conf").write_text(f"Nameservers {RESOLVER}\n")
    authority = Authority(folder)
    addresses = [ROOT, TOP, BIND, KNOT, NSD, RESOLVER]
    added = "".join(f"ip addr add {address}/8 dev lo; " for address in addresses) + f"ip addr add {FAR}/32 dev lo; "
    mounted = f"mount --bind {folder}/resolv.conf /etc/resolv.conf"
    script = f"set -e; {mounted}; ip link set lo up; {added} echo ready; exec sleep infinity"
    require("ip")
    with ExitStack() as stack:
        holder = stack.enter_context(_process([require("unshare"), "-rnm", "sh", "-c", script], folder, "holder"))
        made = World(folder, holder.pid)
        made._until(lambda: "ready" in (folder / "holder" / "log").read_text())
        made.environment = inherited(MEASURED) | {
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": str(folder),
            "SSL_CERT_FILE": str(authority.path),
        }
        for name, (kind, address) in SERVERS.items():
            program = command(Daemon(kind, address, zones[name]), folder / name, 53)
            made.servers[name] = stack.enter_context(_process(made.enter(program), folder, name))
        program = _unbound(folder, anchors, authority.certified(RESOLVER, FAR))
        made.servers["unbound"] = stack.enter_context(_process(made.enter(program), folder, "unbound"))
        for name, (_, address) in SERVERS.items():
            made.serves(address, next(iter(zones[name])))
        made.serves(RESOLVER, next(iter(zones["bind"])))
        yield made


@contextmanager
def _process(program: list[str], folder: Path, name: str) -> Iterator[subprocess.Popen[bytes]]:
    (folder / name).mkdir(exist_ok=True)
    # Ends with the tests, however these end.
    tied = [require("setpriv"), "--pdeathsig", "KILL", *program]
    with (folder / name / "log").open("w") as log:
        process = subprocess.Popen(tied, stdout=log, stderr=subprocess.STDOUT, cwd=folder / name)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _unbound(folder: Path, anchors: str, certified: Path) -> list[str]:
    places = "".join(f"  interface: {a}@{p}\n" for a in (RESOLVER, FAR) for p in (53, 853, 443))
    (folder / "unbound.conf").write_text(
        f"""server:
{places}  access-control: 0.0.0.0/0 allow
  tls-service-key: "{certified}"
  tls-service-pem: "{certified}"
  https-port: 443
  do-daemonize: no
  do-not-query-localhost: no
  chroot: ""
  username: ""
  pidfile: ""
  directory: "{folder}"
  use-syslog: no
  root-hints: "{folder}/root.hints"
  serve-expired: yes
  num-threads: 1
  do-ip6: no
{anchors}remote-control:
  control-enable: no
"""
    )
    return [require("unbound"), "-d", "-c", str(folder / "unbound.conf")]


def signed(folder: Path, name: str, text: str) -> tuple[str, str]:
    """Sign a zone with BIND's tools; return it, and its DS record's data."""
    folder.mkdir(parents=True)
    keygen, signzone, dsfromkey = require("dnssec-keygen"), require("dnssec-signzone"), require("dnssec-dsfromkey")
    for flags in (["-f", "KSK"], []):
        subprocess.run([keygen, "-q", "-a", "13", *flags, name], cwd=folder, check=True, capture_output=True)
    (folder / "zone").write_text(text)
    subprocess.run(
        [signzone, "-q", "-S", "-o", name, "-f", "signed", "zone"], cwd=folder, check=True, capture_output=True
    )
    keys = [path for path in sorted(folder.glob("*.key")) if " 257 " in path.read_text()]
    shown = subprocess.run([dsfromkey, "-2", str(keys[0])], cwd=folder, check=True, capture_output=True, text=True)
    return (folder / "signed").read_text(), shown.stdout.partition(" DS ")[2].strip()
