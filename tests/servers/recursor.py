"""A real resolver for tests: Debian's unbound, for some zones on this machine, which denies all other names."""

import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import pytest

from tests.servers import free_port, require

START_SECONDS = 20.0


@contextmanager
def recursor(folder: Path, zones: Mapping[str, str], texts: Mapping[str, str]) -> Iterator[str]:
    """Run it, and give its address.

    :param zones: the address of the name server of each zone that it looks up.
    :param texts: TXT records that it has itself, by name.
    """
    folder.mkdir(parents=True)
    port = free_port()
    known = "".join(f'  local-zone: "{zone}." transparent\n' for zone in zones)
    own = "".join(
        f'  local-zone: "{name}." static\n  local-data: \'{name}. TXT "{text}"\'\n' for name, text in texts.items()
    )
    stubs = "".join(
        f'stub-zone:\n  name: "{zone}"\n  stub-addr: {at.replace(":", "@")}\n' for zone, at in zones.items()
    )
    (folder / "unbound.conf").write_text(
        f"""server:
  interface: 127.0.0.1@{port}
  access-control: 127.0.0.0/8 allow
  do-daemonize: no
  do-not-query-localhost: no
  module-config: "iterator"
  chroot: ""
  username: ""
  pidfile: ""
  directory: "{folder}"
  use-syslog: no
  num-threads: 1
  do-ip6: no
  local-zone: "." static
{known}{own}{stubs}remote-control:
  control-enable: no
"""
    )
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [require("unbound"), "-d", "-c", str(folder / "unbound.conf")], stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait(process, port, folder)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _wait(process: "subprocess.Popen[bytes]", port: int, folder: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            dns.query.udp(dns.message.make_query("invalid.", "TXT"), "127.0.0.1", timeout=1, port=port)
        except (dns.exception.DNSException, OSError):
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"unbound did not start; the end of its log:\n{(folder / 'log').read_text()[-1500:]}")
