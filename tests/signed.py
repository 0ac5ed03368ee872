"""Messages signed with keys of the tests' own, and the DKIM records for those keys."""

import base64
import functools

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

BODY = b"Hello,\r\n\r\nthis is a test.\r\n"


@functools.cache
def key(bits: int = 2048, number: int = 0) -> rsa.RSAPrivateKey:
    """A key, another one for each number."""
    return rsa.generate_private_key(65537, bits)


def record(private: rsa.RSAPrivateKey, tags: str = "v=DKIM1; k=rsa;") -> str:
    der = private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"{tags} p={base64.b64encode(der).decode()}"


def message(sender: str = "News <news@mail.example>", body: bytes = BODY, more: str = "") -> bytes:
    return (
        f"From: {sender}\r\nTo: me@receiver.example\r\nSubject: a test\r\n"
        f"Date: Tue, 05 Jan 2027 10:00:00 +0100\r\nMessage-ID: <1@mail.example>\r\n{more}\r\n"
    ).encode() + body


def signed(
    octets: bytes, private: rsa.RSAPrivateKey, domain: str = "mail.example", selector: str = "elastx", **options: object
) -> bytes:
    """The message with a DKIM-Signature in front, made by dkimpy."""
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    signature: bytes = dkim.sign(octets, selector.encode(), domain.encode(), pem, **options)
    return signature + octets


def received(octets: bytes, results: str = "spf=pass smtp.mailfrom=news@mail.example") -> bytes:
    """The message as a receiver stores it."""
    fields = f"Return-Path: <news@mail.example>\r\nAuthentication-Results: mx.receiver.example;\r\n {results}\r\n"
    return fields.encode() + octets
