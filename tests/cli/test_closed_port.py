"""A machine from which nobody can be asked: each command says so within 10 seconds, once, and what to configure."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.engine.stack import MEASURED, inherited
from tests.review.previews import preview, step, txt
from tests.servers import require
from tests.verify.scene import rows

RESOLVERS = "nameserver 192.0.2.53\nnameserver 192.0.2.54\nnameserver 192.0.2.55\n"
SILENT = """
import socket, sys
for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
    made = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    made.bind((host, 53))
    globals()[host] = made
print("ready", flush=True)
sys.stdin.read()
"""
COMMAND = "import sys, time; from elastx_mrs.cli.entry import run; run()"
NO_ROOT = (
    "no root server gives a usable answer: a.root-servers.net (198.41.0.4), b.root-servers.net (170.247.170.2) and 24 "
    "more did not answer in 4 s"
)
NO_RESOLVER = "no resolver gives a usable answer: 192.0.2.53, 192.0.2.54 and 1 more did not answer in 4 s"


def closed(folder: Path, *command: str, stdin: str = "") -> tuple[subprocess.CompletedProcess[str], float]:
    """Run a command where every address takes what is sent to port 53 and says nothing; return it and its seconds."""
    (folder / "resolv.conf").write_text(RESOLVERS)
    script = f"""
set -e
mount --bind {folder}/resolv.conf /etc/resolv.conf
ip link set lo up
ip route add local default dev lo
ip -6 route add local default dev lo
echo ready
exec sleep infinity
"""
    program = [require("setpriv"), "--pdeathsig", "KILL", require("unshare"), "-rnm", "sh", "-c", script]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        try:
            assert holder.stdout.readline() == "ready\n"
            enter = ["nsenter", "--preserve-credentials", "-U", "-n", "-m", "-t", str(holder.pid)]
            with subprocess.Popen(
                [*enter, sys.executable, "-c", SILENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            ) as silent:
                assert silent.stdout is not None
                assert silent.stdout.readline() == "ready\n"
                began = time.monotonic()
                done = subprocess.run(
                    [*enter, sys.executable, "-c", COMMAND, *command],
                    env=inherited(MEASURED) | {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(folder)},
                    input=stdin, capture_output=True, text=True, check=False, timeout=300,
                )  # fmt: skip
                return done, time.monotonic() - began
        finally:
            holder.kill()


CHANGES = preview(
    *(
        step("create", f"mail-{domain}-spf", new=txt(domain, f"v=spf1 include:{domain}.net include:elastx.email -all"))
        for domain in ("example.com", "example.se")
    )
)


@pytest.mark.parametrize(
    ("command", "stdin", "said", "code"),
    [
        (("spf", "example.com"), "", NO_RESOLVER, 3),
        (("adopt", "example.com", "example.se"), "", NO_RESOLVER, 3),
        (("review", "--dns"), CHANGES, NO_RESOLVER, 3),
        (("verify", "--timeout", "60", "--records", "-"), rows("example.com", "example.se"), NO_ROOT, 3),
        (
            ("verify", "--timeout", "60", "--via", "resolvers", "--records", "-"),
            rows("example.com", "example.se"),
            NO_RESOLVER,
            3,
        ),
    ],
    ids=lambda value: "-".join(value[:1]) if isinstance(value, tuple) else "",
)
def test_where_nobody_answers_that_is_said_within_ten_seconds_and_once(
    tmp_path: Path, command: tuple[str, ...], stdin: str, said: str, code: int
) -> None:
    _, loading = closed(tmp_path, command[0], "--help")
    done, seconds = closed(tmp_path, *command, stdin=stdin)
    output = done.stdout + done.stderr
    assert (output.count(said), done.returncode) == (1, code), output
    assert output.count("pulumi config set --path") == 1
    assert "Traceback" not in output
    assert seconds - 2 * loading < 10, "what a busy machine takes to load the command does not count"


def test_a_review_is_printed_without_what_dns_would_add(tmp_path: Path) -> None:
    done, _ = closed(tmp_path, "review", "--dns", "--format", "text", stdin=CHANGES)
    assert "include:example.se.net" in done.stdout
