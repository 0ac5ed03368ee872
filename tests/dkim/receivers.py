"""What receivers make of a signed message: dkimpy and opendkim, with the keys that a name server has now."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import dkim

from elastx_mrs.records.text import presentation
from tests import signed
from tests.lookup.nets import Daemon, command
from tests.servers import NameServer, require

DOMAIN = "example.com"
ADDRESS = "127.0.0.1"

HEAD = f"$TTL 60\n$ORIGIN {DOMAIN}.\n@ SOA ns1 h 1 3600 900 604800 60\n@ NS ns1\nns1 A {ADDRESS}\n"

SCRIPT = """
set -e
mount --bind "$1/resolv.conf" /etc/resolv.conf
ip link set lo up
sh -c "$2" & server=$!
trap 'kill $server' EXIT
until dig +short +time=1 +tries=1 example.com SOA | grep -q ns1; do kill -0 $server; done
for message in "$1"/*.eml; do
    if opendkim-testmsg < "$message" > /dev/null 2>&1; then echo "$(basename "$message" .eml) pass"
    else echo "$(basename "$message" .eml) fail"; fi
done
"""


def message(number: int, selector: str) -> bytes:
    """A message that is signed with one of the test's keys."""
    octets = signed.message(f"News <news@{DOMAIN}>")
    return signed.signed(octets, signed.key(number=number), DOMAIN, selector)


def passing(server: NameServer, messages: Mapping[str, bytes], selectors: Sequence[str], folder: Path) -> set[str]:
    """Return the names of the messages that pass; both receivers must agree."""
    served = {selector: server.txt(f"{selector}._domainkey.{DOMAIN}") for selector in selectors}
    by_dkimpy = {name for name, octets in messages.items() if _dkimpy(octets, served)}
    by_opendkim = _opendkim(messages, served, folder)
    assert by_dkimpy == by_opendkim
    return by_dkimpy


def _dkimpy(octets: bytes, served: Mapping[str, Mapping[bytes, int]]) -> bool:
    def txt(name: bytes, timeout: int = 5) -> bytes | None:
        values = list(served[name.decode().partition(".")[0]])
        return values[0] if len(values) == 1 else None

    try:
        return bool(dkim.verify(octets, dnsfunc=txt))
    except dkim.DKIMException:
        return False


def _opendkim(messages: Mapping[str, bytes], served: Mapping[str, Mapping[bytes, int]], folder: Path) -> set[str]:
    """Verify in a network namespace: opendkim-testmsg asks port 53 of the server in ``/etc/resolv.conf``."""
    folder.mkdir()
    zone = HEAD + "".join(
        f"{selector}._domainkey TXT {presentation(value.decode())}\n"
        for selector, values in served.items()
        for value in values
    )
    (folder / "resolv.conf").write_text(f"nameserver {ADDRESS}\n")
    for name, octets in messages.items():
        (folder / f"{name}.eml").write_bytes(octets)
    program = " ".join(map(str, command(Daemon("bind", ADDRESS, {DOMAIN: zone}), folder / "server", 53)))
    require("opendkim-testmsg")
    done = subprocess.run(
        [require("unshare"), "-rnm", "sh", "-c", SCRIPT, "sh", str(folder), f"exec {program} > {folder}/log 2>&1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = dict(line.split() for line in done.stdout.splitlines())
    assert found.keys() == messages.keys()
    return {name for name, result in found.items() if result == "pass"}
