"""What a server's certificate says, whatever a server presents."""

import datetime
import errno
import socket
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from elastx_mrs import limits
from elastx_mrs.smtp import connect
from elastx_mrs.smtp.clock import CouldNotAsk
from elastx_mrs.smtp.connect import described
from elastx_mrs.smtp.session import Session

BEGIN = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
END = datetime.datetime(2026, 3, 4, tzinfo=datetime.UTC)
NAMES = x509.SubjectAlternativeName([x509.DNSName("mail.example.com"), x509.DNSName("example.com")])
X400 = bytes.fromhex("30 04 a3 02 30 00")
"""A subject alternative name with an x400Address, [3] (RFC 5280 §4.2.1.6), which no mail server is looked up by."""


def certificate(*extensions: Any) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ours")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, not_valid_before=BEGIN, not_valid_after=END)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def unread(number: str, octets: bytes) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(number), octets)


def test_whom_it_is_for_who_says_so_and_when_it_is_valid() -> None:
    said = "by CN=ours, valid from 2026-01-02 to 2026-03-04"
    assert described(certificate(NAMES)) == f"for mail.example.com, example.com, {said}"
    assert described(certificate()) == f"for no name, {said}"


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x30\x00",
        certificate(unread("2.5.29.17", b"\x30")),
        certificate(unread("2.5.29.17", X400)),
        # Two of a kind (RFC 5280 §4.2 forbids it): the number of the second one, issuerAltName, made the first one's.
        certificate(NAMES, unread("2.5.29.18", NAMES.public_bytes())).replace(b"\x55\x1d\x12", b"\x55\x1d\x11"),
    ],
    ids=["nothing", "empty", "cut-off", "x400", "twice"],
)
def test_one_that_cannot_be_read_is_no_fault_of_ours(der: bytes) -> None:
    assert described(der) == "a certificate that cannot be read"


def test_a_shortage_is_this_machine_s(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> socket.socket:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(limits, "SHORTAGE", limits.SHORTAGE._replace(most=1))
    monkeypatch.setattr(connect, "_to", refused)
    told = Session("127.0.0.1", 25, 5.0)
    with pytest.raises(
        CouldNotAsk, match=r"no connection to port 25 of 127\.0\.0\.1: this machine is short of"
    ) as caught:
        told.connect()
    assert "ulimit -n" in caught.value.cure
