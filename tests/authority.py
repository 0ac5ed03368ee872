"""A certificate authority for the tests: as RFC 5280 requires, or with one fault."""

import datetime
import ipaddress
import ssl
from pathlib import Path
from typing import Any, Literal

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAME = "authority of the tests"
NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)

Fault = Literal[
    "",
    "no key usage",
    "no subject key identifier",
    "basic constraints not critical",
    "no authority key identifier",
]
"""What is wrong with the authority's certificate. The last one is wrong with the certificates that it signs."""


def strict(patch: pytest.MonkeyPatch) -> None:
    """Check certificates as the default context of Python 3.13 and later does, on every Python."""
    default = ssl.create_default_context

    def context(*arguments: Any, **named: Any) -> ssl.SSLContext:
        made = default(*arguments, **named)
        made.verify_flags |= ssl.VERIFY_X509_STRICT
        return made

    patch.setattr(ssl, "create_default_context", context)


class Authority:
    """Signs certificates; ``path`` is its own, for SSL_CERT_FILE."""

    def __init__(self, folder: Path, fault: Fault = "") -> None:
        self.folder = folder
        self.path = folder / "authority.pem"
        self._fault = fault
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(NAME)
        self.path.write_bytes(_pem(self._own()))

    def certified(self, *names: str, begin: datetime.datetime = NOW - DAY, end: datetime.datetime = NOW + DAY) -> Path:
        """Return a file with a new key and its certificate, for names or addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = (
            self._begun(_named(names[0]), key.public_key(), begin, end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(authority=False), critical=True)
            .add_extension(usage, critical=False)
            .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        if self._fault != "no authority key identifier":
            issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
            builder = builder.add_extension(issuer, critical=False)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = self.folder / f"{x509.random_serial_number():x}.pem"
        path.write_bytes(private + _pem(builder.sign(self._key, hashes.SHA256())))
        return path

    def context(
        self, *names: str, begin: datetime.datetime = NOW - DAY, end: datetime.datetime = NOW + DAY
    ) -> ssl.SSLContext:
        """Return the TLS context of a server with such a certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certified(*names, begin=begin, end=end))
        return context

    def _own(self) -> x509.Certificate:
        key, fault = self._key.public_key(), self._fault
        builder = self._begun(self._name, key, NOW - DAY, NOW + DAY).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=fault != "basic constraints not critical"
        )
        if fault != "no key usage":
            builder = builder.add_extension(_usage(authority=True), critical=True)
        if fault != "no subject key identifier":
            builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        return builder.sign(self._key, hashes.SHA256())

    def _begun(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, begin: datetime.datetime, end: datetime.datetime
    ) -> x509.CertificateBuilder:
        return x509.CertificateBuilder(
            self._name, subject, key, x509.random_serial_number(), not_valid_before=begin, not_valid_after=end
        )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*, authority: bool) -> x509.KeyUsage:
    """An authority signs certificates and revocation lists, a server signs handshakes (RFC 5280 §4.2.1.3)."""
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
