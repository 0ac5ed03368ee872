"""Sender domains in the lab's DNS, each without one thing that the relay needs, and how a test runs the command."""

import hashlib
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from click.testing import CliRunner, Result

from elastx_mrs.cli.main import main
from elastx_mrs.records.text import presentation
from tests import golden
from tests.authority import Authority
from tests.cli.mail import ACCOUNT, PASSWORD, serve
from tests.smtp.relay import Relay

HOST, RECIPIENT = "smtp.elastx.email", "me@receiver.example"
HEAD = "$TTL 3600\n@ SOA ns1 hostmaster 1 3600 900 604800 300\n@ NS ns1\nns1 A 127.0.0.1\n"
FLAT = "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"
"""What ``elastx.email`` lists, so receivers see no difference."""


def token(account: str = ACCOUNT) -> str:
    return f"elastx-mrs={hashlib.sha256(account.encode()).hexdigest()}"


def zone(*challenges: str, spf: str = golden.SPF, key: str = golden.DKIM, more: str = "") -> str:
    lines = [f"@ TXT {presentation(value)}" for value in (*challenges, spf) if value]
    lines += [f"elastx._domainkey TXT {presentation(key)}"] if key else []
    return "\n".join([HEAD, *lines, more, ""])


ZONES = {
    "good.example": zone(token()),
    "below.example": zone(token(), spf="v=spf1 include:_spf.below.example -all", more=f'_spf TXT "{golden.SPF}"'),
    "unproved.example": zone(),
    "stranger.example": zone(token("newsletter@acme.example")),
    "nokey.example": zone(token(), key=""),
    "revoked.example": zone(token(), key="v=DKIM1; p="),
    "flat.example": zone(token(), spf=FLAT),
    "deep.example": zone(
        token(),
        spf="v=spf1 include:a.deep.example -all",
        more=f'a TXT "v=spf1 include:b.deep.example -all"\nb TXT "{golden.SPF}"',
    ),
    "capitals.example": zone(token(), spf="v=spf1 include:ELASTX.email -all"),
    "nospf.example": zone(token(), spf=""),
    "nobody.example": zone(token(), spf="v=spf1 -all"),
    "nothing.example": HEAD,
    "elastx.email": HEAD + f'@ TXT "{FLAT}"\n',
}


@contextmanager
def relaying(relay: Relay, authority: Authority) -> Iterator[int]:
    """Serve the relay with Elastx's name; its port."""
    with serve(relay, authority.context(HOST)) as port:
        yield port


def here(patch: pytest.MonkeyPatch, authority: Authority, server: str) -> None:
    """Let the relay's name lead to this machine, trust the tests' authority, and query one name server."""
    real = socket.getaddrinfo

    def addresses(host: Any, *arguments: Any, **named: Any) -> Any:
        return real("127.0.0.1" if host == HOST else host, *arguments, **named)

    patch.setattr(socket, "getaddrinfo", addresses)
    patch.setenv("SSL_CERT_FILE", str(authority.path))
    patch.setenv("ELASTX_MRS_SMTP_PASSWORD", PASSWORD)
    patch.setenv("ELASTX_MRS_NAMESERVERS", server)


def run(port: int, domain: str, *arguments: str) -> Result:
    letter = ["--login", ACCOUNT, "--from", f"news@{domain}", "--to", RECIPIENT]
    result = CliRunner().invoke(main, ["smtp", "--port", str(port), *letter, *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert PASSWORD[:7] not in result.output
    assert all(character.isprintable() or character == "\n" for character in result.output)
    return result


def checks(port: int, domain: str, *arguments: str) -> tuple[dict[str, dict[str, Any]], int]:
    result = run(port, domain, "--format", "json", *arguments)
    return {check["check"]: check for check in json.loads(result.stdout)["checks"]}, result.exit_code
