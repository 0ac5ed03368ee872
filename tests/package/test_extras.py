"""Extras that are installed without the others: each brings all that it needs."""

import socket
from pathlib import Path

import pytest

from tests import servers, signed
from tests.lookup.fakes import Dns
from tests.once import once
from tests.package import fresh

pytestmark = pytest.mark.engine


@pytest.fixture
def extended(base: fresh.Environment, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> fresh.Environment:
    made = once(tmp_path_factory, "extended", lambda folder: base.extended(folder, "elastx-mrs[doh,message]"))
    return made.at(tmp_path / "extended")


def test_a_resolver_over_https_is_asked(extended: fresh.Environment) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        closed = f"127.0.0.1:{nobody.getsockname()[1]}"
        url = f"https://{closed}/dns-query"
        done = extended.run("elastx-mrs", "verify", "example.com", "--via", "resolvers", "--resolver", url)
    assert (done.returncode, done.stderr) == (3, "")
    assert "cannot be reached over HTTPS" in done.stdout


def test_a_signature_is_verified(extended: fresh.Environment, tmp_path: Path) -> None:
    key = signed.key()
    path = extended.home / "signed.eml"
    path.write_bytes(signed.received(signed.signed(signed.message(), key)))
    records = {
        "elastx._domainkey.mail.example": [f"TXT {signed.record(key)}"],
        "_dmarc.mail.example": ["TXT v=DMARC1; p=quarantine;"],
    }
    with servers.start("lab", tmp_path / "lab", Dns(records).zones()) as lab:
        done = extended.run("elastx-mrs", "message", str(path), "--nameserver", lab.address)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.splitlines()[-1] == "SPF, DKIM and DMARC pass"
