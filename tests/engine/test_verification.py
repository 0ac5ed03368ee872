"""Verification on the real engine: an up is green only when the name servers say so."""

import copy
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.tsigkeyring
import dns.update
import pytest

from elastx_mrs.records.text import presentation
from tests import golden
from tests.engine.stack import Stack
from tests.lookup.nets import answer
from tests.servers import NameServer, start
from tests.servers.zones import HEAD, ZONES

pytestmark = pytest.mark.engine

FIRST, SECOND = "smtp-prod@acme.example", "newsletter@acme.example"
# Computed with sha256sum, as the service's page says: echo -n newsletter@acme.example | sha256sum
SECOND_TOKEN = b"elastx-mrs=2c77290c4634fb34d12ea310c2a8f2e0fa8dfbea2ab8abaaeb9753c18d9373fd"
CONFIG: dict[str, Any] = {
    "accounts": [FIRST, SECOND],
    "dkim": golden.DKIM,
    "dmarc": golden.DMARC,
    "domains": ["example.com", "example.se"],
    "rfc2136": {"zones": ["example.com", "example.se"]},
    "verification": {"timeout": 0},
    "guard": "off",
}
SERVED = ZONES | {"elastx.email": HEAD.format(name="elastx.email") + '@ TXT "v=spf1 ip4:203.0.113.0/24 -all"\n'}
SECOND_SPF = '"v=spf1 include:_spf.google.com ~all"'


@pytest.fixture(params=["bind"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NameServer]:
    with start(request.param, tmp_path / "server", SERVED) as running:
        yield running


@pytest.fixture
def stack(server: NameServer, tmp_path: Path) -> Stack:
    environment = server.environment() | {"ELASTX_MRS_VERIFICATION": ""}
    return Stack.create(tmp_path, environment, copy.deepcopy(CONFIG))


def change(server: NameServer, zone: str, *, add: str = "", remove: str = "", owner: str = "@") -> None:
    """Somebody else changes a TXT record."""
    update = dns.update.UpdateMessage(zone)
    if add:
        update.add(owner, 3600, "TXT", add)
    if remove:
        update.delete(owner, "TXT", remove)
    update.use_tsig(dns.tsigkeyring.from_text({server.key_name: server.key}), algorithm="hmac-sha256")
    assert dns.query.tcp(update, server.host, timeout=5, port=server.port).rcode() == 0


def failed(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode != 0, result.stdout
    assert "Traceback" not in result.stdout + result.stderr
    return result.stdout


def outputs(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stack.pulumi("stack", "output", "--json", "--stack", "test").stdout)
    return found


def denying(query: dns.message.Message, via: str) -> dns.message.Message:
    """What a resolver with a view of its own says: there is no such name, and here is its record."""
    said = answer(
        query, f"{query.question[0].name} 60 IN TXT {presentation(golden.SPF)}", flags=dns.flags.AA | dns.flags.RA
    )
    said.set_rcode(dns.rcode.NXDOMAIN)
    return said


@contextmanager
def running(respond: Callable[[dns.message.Message, str], dns.message.Message]) -> Iterator[str]:
    """A server over UDP alone, in a thread, for processes that ask it; its address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))

        def serve() -> None:
            while (received := udp.recvfrom(65535))[0]:  # an empty datagram ends it
                udp.sendto(respond(dns.message.from_wire(received[0]), "udp").to_wire(), received[1])

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{udp.getsockname()[1]}"
        finally:
            udp.sendto(b"", udp.getsockname())
            thread.join()


def test_an_up_fails_while_dns_is_wrong_and_the_next_one_passes(server: NameServer, stack: Stack) -> None:
    # As people paste them: what dig prints, and a line of a zone file.
    line = f"elastx._domainkey.example.com. 300 IN TXT {presentation(golden.DKIM)}"
    stack.config["dkim"] = f";; ANSWER SECTION:\n{line}\n\n;; Query time: 1 msec\n"
    stack.config["dmarc"] = f"{golden.DMARC.replace(';', chr(92) + ';')}\n"
    assert "verification: 2 of 2 domains verified" in stack.up().stdout
    assert list(server.txt("elastx._domainkey.example.se")) == [golden.DKIM.encode()]
    assert list(server.txt("_dmarc.example.se")) == [golden.DMARC.encode()]
    records = set(stack.resources())

    change(server, "example.com", add=SECOND_SPF)
    with running(denying) as resolver:
        servers = {"nameservers": [server.address], "timeout": 0}
        stack.config["verification"] = servers
        stack.config["domains"] = [
            "example.com",
            {"name": "example.se", "verification": servers | {"resolvers": [resolver]}},
        ]
        said = failed(stack.up(check=False, ELASTX_MRS_NAMESERVERS=""))
    assert "example.com is not verified:" in said
    assert "example.se is not verified:" in said
    assert f"wrong: resolvers at {resolver}: no such name, which does not come from a cache" in said
    stack.config["domains"] = ["example.com", "example.se"]
    assert (
        f"wrong: spf at {server.address}: 'v=spf1 include:_spf.google.com ~all' | 'v=spf1 include:elastx.email -all'"
        in said
    )
    assert set(stack.resources()) == records
    assert outputs(stack)["smtp"]["host"] == "smtp.elastx.email", "what others read of the stack stays"

    change(server, "example.com", remove=SECOND_SPF)
    assert "verification: 2 of 2 domains verified" in stack.up().stdout
    assert outputs(stack)["verification"] == {"require": ["example.com", "example.se"], "warn": [], "off": []}


def test_warn_and_off_let_an_up_through(server: NameServer, stack: Stack) -> None:
    change(server, "example.com", add=SECOND_SPF)
    stack.config["verification"] = {"mode": "warn", "timeout": 0}
    stack.config["domains"] = ["example.com", {"name": "example.se", "verification": "off"}]
    said = stack.up().stdout
    assert "warning: example.com is not verified:" in said
    assert "0 of 1 domain verified" in said
    assert outputs(stack)["verification"] == {"require": [], "warn": ["example.com"], "off": ["example.se"]}

    stack.config["verification"] = {"timeout": 0}
    stack.config["domains"] = ["example.com", "example.se"]
    said = stack.up(ELASTX_MRS_VERIFICATION="warn").stdout
    assert "warning: example.com is not verified:" in said
    assert "1 of 2 domains verified" in said
    assert "verif" not in stack.up(ELASTX_MRS_VERIFICATION="off").stdout.partition("Outputs")[0]


def test_a_preview_asks_nobody_and_shows_no_change(stack: Stack) -> None:
    program = stack.directory / "__main__.py"
    program.write_text(program.read_text() + 'pulumi.export("consumer", relay.smtp["host"])\n')
    stack.up()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as counting:
        counting.bind(("127.0.0.1", 0))
        counting.setblocking(False)
        address = f"127.0.0.1:{counting.getsockname()[1]}"
        stack.preview("--expect-no-changes", ELASTX_MRS_NAMESERVERS=address)
        with pytest.raises(BlockingIOError):
            counting.recv(512)


def test_what_a_target_leaves_out_is_named_and_the_rest_verified(server: NameServer, stack: Stack) -> None:
    stack.config["accounts"] = [FIRST]
    stack.up()
    stack.config["accounts"] = [FIRST, SECOND]
    urn = stack.resources()["mail-example.com-spf"]["urn"]
    new = urn.replace("mail-example.com-spf", f"mail-example.com-challenge-{SECOND_TOKEN.decode()[11:23]}")
    said = stack.up("--target", new).stdout
    assert SECOND_TOKEN in server.txt("example.com")
    assert f"leaves out what this run did not create: mail-example.se-challenge-{SECOND_TOKEN.decode()[11:23]}" in said
    assert "2 of 2 domains verified" in said
    assert outputs(stack)["verification"]["require"] == ["example.com", "example.se"]


def test_a_failed_create_does_not_end_in_green(server: NameServer, stack: Stack) -> None:
    blocked = dns.update.UpdateMessage("example.se")
    blocked.add("_dmarc", 3600, "CNAME", "mail")
    blocked.use_tsig(dns.tsigkeyring.from_text({server.key_name: server.key}), algorithm="hmac-sha256")
    assert dns.query.tcp(blocked, server.host, timeout=5, port=server.port).rcode() == 0
    result = stack.up("--continue-on-error", check=False)
    assert result.returncode != 0
    assert "leaves out what this run did not create: mail-example.se-dmarc" in result.stdout


def test_a_withdrawn_account_is_named_where_another_domain_fails_and_goes_in_an_up_that_passes(
    server: NameServer, stack: Stack
) -> None:
    stack.up()
    change(server, "example.se", add=SECOND_SPF)
    stack.config["accounts"] = [FIRST]
    said = failed(stack.up(check=False))
    assert SECOND_TOKEN in server.txt("example.com"), "the engine deletes only after a program that succeeds"
    assert f"'{SECOND_TOKEN.decode()}' is published, but not declared at example.com" in said
    assert "To delete their records now: ELASTX_MRS_VERIFICATION=warn pulumi up" in said

    said = stack.up(ELASTX_MRS_VERIFICATION="warn").stdout
    assert f"'{SECOND_TOKEN.decode()}' is published, but not declared" in said, "it is deleted after the program"
    assert SECOND_TOKEN not in server.txt("example.com")
    assert SECOND_TOKEN not in server.txt("example.se")

    change(server, "example.se", remove=SECOND_SPF)
    command = [sys.executable, "-c", "from elastx_mrs.cli.main import main; main()", "verify", "--stack-config"]
    file = str(stack.directory / "stacks" / "Pulumi.test.yaml")
    environment = {"ELASTX_MRS_NAMESERVERS": server.address}
    done = subprocess.run([*command, file], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "2 of 2 domains verified"), done.stdout


def test_refresh_and_destroy_only_warn(server: NameServer, stack: Stack) -> None:
    stack.up()
    change(server, "example.com", add=SECOND_SPF)
    for command in ("refresh", "destroy"):
        said = stack.pulumi(command, "--yes", "--skip-preview", "--run-program", "--stack", "test").stdout
        assert "warning: example.com is not verified:" in said, command
    assert golden.SPF.encode() not in server.txt("example.com")


def test_another_stack_reads_the_outputs(stack: Stack, tmp_path: Path) -> None:
    stack.up()
    reader = tmp_path / "reader"
    (reader / "stacks").mkdir(parents=True)
    (reader / "Pulumi.yaml").write_text("name: reader\nruntime: python\nstackConfigDir: stacks\n")
    (reader / "__main__.py").write_text(
        'import pulumi\nother = pulumi.StackReference("organization/elastx-mrs/test")\n'
        'pulumi.export("host", other.get_output("smtp").apply(lambda smtp: smtp["host"]))\n'
        'pulumi.export("verified", other.get_output("verification").apply(lambda found: found["require"]))\n'
    )
    second = Stack(reader, stack.environment, {})
    second.pulumi("stack", "init", "test")
    second.up()
    assert outputs(second) == {"host": "smtp.elastx.email", "verified": ["example.com", "example.se"]}


def test_bad_settings_stop_before_anything_is_sent(server: NameServer, stack: Stack) -> None:
    stack.config["verification"] = {"timeout": -1, "nameservers": []}
    said = failed(stack.up(check=False, ELASTX_MRS_VERIFICATION="of"))
    assert "verification.timeout: is -1; write seconds from 0" in said
    assert "verification.nameservers: " in said
    stack.config["verification"] = {}
    assert "ELASTX_MRS_VERIFICATION: is 'of'" in failed(stack.preview(check=False, ELASTX_MRS_VERIFICATION="of"))
    assert golden.SPF.encode() not in server.txt("example.com")
