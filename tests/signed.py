"""Messages signed with keys of the tests' own, and the DKIM records for those keys."""

import base64
import functools
import hashlib
import re

import dkim
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

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


def signed_by_hand(
    octets: bytes,
    private: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey,
    tags: str = "",
    *,
    headers: str = "from:to:subject",
    canonical: str = "relaxed",
    place: str = "d=mail.example; s=elastx;",
    length: int | None = None,
) -> bytes:
    """The message with a signature that dkimpy does not make, by RFC 6376 §3.4, §3.7; each field is on one line.

    :param tags: more tags, each with its semicolon.
    :param canonical: ``relaxed`` or ``simple``, of header and body.
    :param length: octets of the body that are hashed; all by default.
    """
    header, body = octets.split(b"\r\n\r\n", 1)
    lines = [line.partition(b":") for line in header.split(b"\r\n")]
    fields = {name.strip().lower(): (name, value) for name, _, value in lines}
    digest = hashlib.sha256(_body(body, canonical)[:length]).digest()
    algorithm = "rsa-sha256" if isinstance(private, rsa.RSAPrivateKey) else "ed25519-sha256"
    value = f" v=1; a={algorithm}; c={canonical}/{canonical}; {place} {tags} h={headers};"
    value += f" bh={base64.b64encode(digest).decode()}; b="
    chosen = [fields[name.encode()] for name in headers.split(":") if name.encode() in fields]
    signed_octets = b"".join(_field(*field, canonical) + b"\r\n" for field in chosen)
    signed_octets += _field(b"DKIM-Signature", value.encode(), canonical)
    if isinstance(private, rsa.RSAPrivateKey):
        signature = private.sign(signed_octets, padding.PKCS1v15(), hashes.SHA256())
    else:
        signature = private.sign(hashlib.sha256(signed_octets).digest())  # RFC 8463 §3
    return f"DKIM-Signature:{value}{base64.b64encode(signature).decode()}\r\n".encode() + octets


def _field(name: bytes, value: bytes, canonical: str) -> bytes:
    if canonical == "simple":
        return name + b":" + value
    return name.strip().lower() + b":" + re.sub(rb"[ \t]+", b" ", value).strip()


def _body(body: bytes, canonical: str) -> bytes:
    if canonical == "relaxed":
        body = re.sub(rb"[ \t]+(?=\r\n)", b"", body)
        body = re.sub(rb"[ \t]+", b" ", body)
    return re.sub(rb"(?:\r\n)*\Z", b"\r\n", body, count=1)
