"""docs/rfc2136.md as its readers use it: its own commands and config, from nothing to a green up, on each server."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import golden
from tests.engine.stack import ROOT, Stack
from tests.servers import answers, free_port, require
from tests.servers.programs import powerdns_files
from tests.servers.zones import HEAD, ZONES

pytestmark = pytest.mark.engine

CONFIG: dict[str, Any] = {"accounts": [golden.ACCOUNT], "dkim": golden.DKIM, "domains": ["example.com"]}
SECTIONS = {"bind": "BIND", "knot": "Knot", "powerdns": "PowerDNS"}
RESTART = re.compile(r"^systemctl restart \w+\n", re.MULTILINE)
DAEMONS = {"bind": "named", "knot": "knotd", "powerdns": "pdns_server"}


def blocks(section: str) -> list[tuple[str, str]]:
    """The fenced blocks below a heading: language and text."""
    text = (ROOT / "docs" / "rfc2136.md").read_text()
    body = text.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return re.findall(r"^```(\w+)\n(.*?)^```$", body, re.MULTILINE | re.DOTALL)


class Machine:
    """A reader's: Debian's folders with its servers' own configuration, below a folder, and a port that is not 53."""

    def __init__(self, kind: str, root: Path) -> None:
        self.kind, self.root, self.port = kind, root, free_port()
        for folder in ("etc/bind", "var/lib/bind", "etc/knot", "var/lib/knot", "etc/powerdns", "bin", "run"):
            (root / folder).mkdir(parents=True)
        zones = {"example.com": HEAD.format(name="example.com"), "elastx.email": ZONES["elastx.email"]}
        for name, text in zones.items():
            for server in ("bind", "knot"):
                (root / f"var/lib/{server}/{name}.zone").write_text(text)
        getattr(self, f"_{kind}")()

    def moved(self, script: str) -> str:
        """The document's text with this machine's folders."""
        moved = re.sub(r"/(etc|var/lib)/(bind|knot|powerdns)", rf"{self.root}/\1/\2", script)
        assert moved != script
        return moved

    @contextmanager
    def served(self) -> Iterator[None]:
        """What ``systemctl restart`` starts."""
        command = {
            "bind": ["-g", "-c", f"{self.root}/etc/bind/named.conf"],
            "knot": ["-c", f"{self.root}/etc/knot/knot.conf"],
            "powerdns": [f"--config-dir={self.root}/etc/powerdns", "--daemon=no", "--guardian=no", "--disable-syslog"],
        }[self.kind]
        with (self.root / "log").open("w") as log:
            process = subprocess.Popen(
                [require(DAEMONS[self.kind]), *command], cwd=self.root / "run", stdout=log, stderr=log
            )
        try:
            assert answers(process, self.port, "example.com"), (self.root / "log").read_text()[-2000:]
            yield
        finally:
            process.terminate()
            process.wait(10)

    def _bind(self) -> None:
        (self.root / "etc/bind/named.conf").write_text(
            f"""options {{ directory "{self.root}/run"; listen-on port {self.port} {{ 127.0.0.1; }};
            listen-on-v6 {{ none; }}; recursion no; pid-file none; session-keyfile "{self.root}/run/session.key"; }};
            controls {{ }};
            zone "elastx.email" {{ type primary; file "{self.root}/var/lib/bind/elastx.email.zone"; }};
            include "{self.root}/etc/bind/named.conf.local";\n"""
        )

    def _knot(self) -> None:
        (self.root / "etc/knot/knot.conf").write_text(
            f"""server:
  rundir: {self.root}/run
  listen: 127.0.0.1@{self.port}
database:
  storage: {self.root}/run
zone:
  - domain: elastx.email
    file: {self.root}/var/lib/knot/elastx.email.zone
"""
        )

    def _powerdns(self) -> None:
        folder = self.root / "etc/powerdns"
        powerdns_files(folder, self.port)
        # As on Debian, pdnsutil finds its configuration by itself.
        program = self.root / "bin" / "pdnsutil"
        program.write_text(f'#!/bin/sh\nexec {require("pdnsutil")} --config-dir={folder} "$@"\n')
        program.chmod(0o755)
        for name in ("example.com", "elastx.email"):
            subprocess.run([program, "load-zone", name, f"{self.root}/var/lib/bind/{name}.zone"], check=True)


def sh(script: str, stack: Stack, machine: Machine) -> str:
    """Run lines of the document where the stack is."""
    environment = stack.environ()
    environment["PATH"] = f"{machine.root}/bin:{environment['PATH']}:/usr/sbin:/sbin"
    done = subprocess.run(
        ["sh", "-eu"], input=script, cwd=stack.directory, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("kind", SECTIONS)
def test_from_nothing_to_a_green_up(kind: str, tmp_path: Path) -> None:
    for program in (DAEMONS[kind], "dig", "kdig"):
        require(program)
    machine = Machine(kind, tmp_path / "machine")
    address = f"127.0.0.1:{machine.port}"
    environment = {"ELASTX_MRS_NAMESERVERS": address, "ELASTX_MRS_VERIFICATION": "require"}
    stack = Stack.create(tmp_path, environment, CONFIG)
    ((_, config), (_, use)) = blocks("The stack")
    settings = yaml.safe_load(config)["elastx-mrs:rfc2136"]
    assert settings["server"] == "ns1.example.com"
    stack.config = CONFIG | {"rfc2136": settings | {"server": address}}
    stack.write()

    ((language, server),) = blocks(SECTIONS[kind])
    assert language == "sh"
    before, after = RESTART.split(machine.moved(server))
    sh(before, stack, machine)
    with machine.served():
        sh(after, stack, machine)
        assert "secure:" in (stack.directory / "stacks" / "Pulumi.test.yaml").read_text()
        said = sh(use.replace("@ns1.example.com", f"@127.0.0.1 -p {machine.port}"), stack, machine)
        assert "verification: 1 of 1 domain verified" in said
        assert said.count('"v=DMARC1; p=none;"') == 1, "dig shows it"
        assert said.count(f'"{golden.TOKEN}"') == 1, "kdig shows it"
