"""How each of Debian's name servers is told what to serve: one function a server, which returns the command."""

import sqlite3
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

KEY_NAME = "test-key."
KEY = "c2l4dGVlbiBvY3RldHMgYW5kIHNvbWUgbW9yZSBvZiB0aGVtLg=="
SCHEMA = Path("/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql")


@dataclass(frozen=True)
class Key:
    """A TSIG key; the secret in base64."""

    name: str = KEY_NAME
    algorithm: str = "hmac-sha256"
    secret: str = KEY


@dataclass(frozen=True)
class Setup:
    """What a server is told beside its zones' files, in its own words.

    :param keys: that it knows; all of them may update every zone, but in the ones of ``zones``.
    :param zones: by zone, what stands in place of that permission.
    :param extra: at the end of the configuration; for PowerDNS, arguments of pdnsutil, a line each.
    :param settings: lines of PowerDNS's pdns.conf, such as those of its HTTP API.
    :param script: in Lua, which decides what may be updated; for PowerDNS, which has no other rules per name.
    """

    keys: Sequence[Key] = (Key(),)
    zones: Mapping[str, str] = field(default_factory=dict)
    extra: str = ""
    script: str = ""
    settings: str = ""


def bind(program: str, folder: Path, port: int, zones: Mapping[str, str], setup: Setup) -> list[str]:
    everyone = f"allow-update {{ {' '.join(f'key {key.name};' for key in setup.keys)} }};"
    listed = "".join(
        f'zone "{name}" {{ type primary; file "{name}.zone"; {setup.zones.get(name, everyone)} }};\n' for name in zones
    )
    keys = "".join(f'key {key.name} {{ algorithm {key.algorithm}; secret "{key.secret}"; }};\n' for key in setup.keys)
    (folder / "named.conf").write_text(
        f"""options {{ directory "{folder}"; pid-file none; session-keyfile "{folder}/session.key";
          listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; recursion no; dnssec-validation no;
          notify no; managed-keys-directory "{folder}"; }};
        controls {{ }};
        {keys}
        {listed}
        {setup.extra}"""
    )
    return [program, "-g", "-n", "1", "-c", str(folder / "named.conf")]


def knot(program: str, folder: Path, port: int, zones: Mapping[str, str], setup: Setup) -> list[str]:
    listed = "".join(f"  - domain: {name}\n    {setup.zones.get(name, 'acl: update')}\n" for name in zones)
    keys = "".join(
        f"  - id: {key.name}\n    algorithm: {key.algorithm}\n    secret: {key.secret}\n" for key in setup.keys
    )
    (folder / "knot.conf").write_text(
        f"""server:
  rundir: {folder}
  listen: 127.0.0.1@{port}
database:
  storage: {folder}/db
key:
{keys}acl:
  - id: update
    key: [{", ".join(key.name for key in setup.keys)}]
    action: [update, transfer]
{setup.extra}
template:
  - id: default
    storage: {folder}
    file: "%s.zone"
    zonefile-sync: 0
zone:
{listed}"""
    )
    return [program, "-c", str(folder / "knot.conf"), "-s", str(folder / "control.sock")]


def powerdns(program: str, folder: Path, port: int, zones: Mapping[str, str], setup: Setup) -> list[str]:
    script = f"lua-dnsupdate-policy-script={folder}/policy.lua\n" if setup.script else ""
    powerdns_files(folder, port, f"dname-processing=yes\ndnsupdate=yes\nsecondary=yes\n{script}{setup.settings}")
    (folder / "policy.lua").write_text(setup.script)
    for key in setup.keys:
        _pdnsutil(folder, ["import-tsig-key", key.name, key.algorithm, key.secret])
    for name in zones:
        _pdnsutil(folder, ["load-zone", name, str(folder / f"{name}.zone")])
        _pdnsutil(folder, ["rectify-zone", name])  # else it knows of no empty non-terminals
        names = [key.name.removesuffix(".") for key in setup.keys]
        _pdnsutil(folder, ["set-meta", name, "TSIG-ALLOW-DNSUPDATE", *names])
    for line in setup.extra.splitlines():
        _pdnsutil(folder, line.split())
    return [program, f"--config-dir={folder}", "--daemon=no", "--guardian=no", "--disable-syslog", "--write-pid=no"]


def powerdns_files(folder: Path, port: int, more: str = "") -> None:
    """An empty database and ``pdns.conf``; PowerDNS is to run where its control socket may be."""
    with closing(sqlite3.connect(folder / "pdns.sqlite3")) as database:
        database.executescript(SCHEMA.read_text())
    (folder / "pdns.conf").write_text(
        f"""launch=gsqlite3
gsqlite3-database={folder}/pdns.sqlite3
gsqlite3-dnssec=yes
local-address=127.0.0.1
local-port={port}
socket-dir=.
{more}"""
    )


def _pdnsutil(folder: Path, arguments: Iterable[str]) -> None:
    command = ["pdnsutil", f"--config-dir={folder}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.fail(f"{' '.join(command)} exited with {done.returncode}:\n{done.stdout}{done.stderr}")
