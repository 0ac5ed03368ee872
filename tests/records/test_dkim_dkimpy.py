"""Key records as dkimpy, which receivers run, reads them; and mail that is verified with what we output."""

import base64
import binascii
import re
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace

import dkim as dkimpy
import dkim.crypto
import dkim.util
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs.records import RecordError
from elastx_mrs.records.dkim import from_paste
from elastx_mrs.records.dkim_key import parse, problems
from elastx_mrs.records.text import cut, join
from tests import golden

REFUSALS = (dkimpy.DKIMException, dkim.crypto.UnparsableKeyError, binascii.Error, dkim.util.InvalidTagValueList)
MESSAGE = b"From: user@domain.com\r\nTo: you@example.net\r\nSubject: Hello\r\n\r\nHello.\r\n"


class SigningKey:
    """PyNaCl's, on cryptography's Ed25519."""

    def __init__(self, text: bytes, encoder: object) -> None:
        self._key = ed25519.Ed25519PrivateKey.from_private_bytes(base64.b64decode(text))

    def sign(self, message: bytes) -> SimpleNamespace:
        return SimpleNamespace(signature=self._key.sign(message))


class VerifyKey:
    """PyNaCl's, on cryptography's Ed25519."""

    def __init__(self, text: bytes, encoder: object) -> None:
        self._key = ed25519.Ed25519PublicKey.from_public_bytes(base64.b64decode(text))

    def verify(self, message: bytes, signature: bytes) -> None:
        self._key.verify(signature, message)


@pytest.fixture(autouse=True)
def nacl(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give dkimpy the few names of PyNaCl that it uses for Ed25519: it is an extra that the tests do without."""
    names = SimpleNamespace(
        signing=SimpleNamespace(SigningKey=SigningKey, VerifyKey=VerifyKey),
        encoding=SimpleNamespace(Base64Encoder=None),
        exceptions=SimpleNamespace(ValueError=ValueError, BadSignatureError=InvalidSignature),
    )
    if not hasattr(dkimpy, "nacl"):
        monkeypatch.setattr(dkimpy, "nacl", names, raising=False)


@cache
def private_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def rsa_record(bits: int, form: PublicFormat) -> str:
    octets = private_key(bits).public_key().public_bytes(Encoding.DER, form)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(octets).decode()}"


def modulus_by_dkimpy(value: str) -> int:
    """Return the modulus that dkimpy finds in a record.

    :raises Exception: one of ``REFUSALS``.
    """
    key, _bits, kind, _tlsrpt = dkimpy.evaluate_pk(b"elastx._domainkey.domain.com.", value.encode())
    assert kind == b"rsa"
    return int(key["modulus"])


def signed(private: bytes, algorithm: bytes) -> bytes:
    header = dkimpy.sign(MESSAGE, b"elastx", b"domain.com", private, signature_algorithm=algorithm)
    return bytes(header) + MESSAGE


def served(value: str) -> Callable[..., bytes]:
    """Return what answers dkimpy's question with the value, cut into character-strings and joined again."""

    def answer(name: bytes, timeout: int = 5) -> bytes:
        assert name == b"elastx._domainkey.domain.com."
        return join(cut(value.encode()))

    return answer


@pytest.mark.parametrize("form", [PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1])
@pytest.mark.parametrize("bits", [1024, 2048, 4096])
def test_mail_signed_with_an_rsa_key_verifies_with_the_record(bits: int, form: PublicFormat) -> None:
    value = from_paste(rsa_record(bits, form))
    key = parse(value)
    assert key.rsa is not None
    assert (key.bits, key.rsa.modulus) == (bits, modulus_by_dkimpy(value))
    private = private_key(bits).private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    mail = signed(private, b"rsa-sha256")
    assert dkimpy.verify(mail, dnsfunc=served(value))
    assert not dkimpy.verify(mail + b"More.\r\n", dnsfunc=served(value))
    assert not dkimpy.verify(mail, dnsfunc=served(golden.DKIM))


def test_mail_signed_with_an_ed25519_key_verifies_with_the_record() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    value = from_paste(f"v=DKIM1; k=ed25519; p={base64.b64encode(key.public_key().public_bytes_raw()).decode()}")
    mail = signed(base64.b64encode(key.private_bytes_raw()), b"ed25519-sha256")
    assert dkimpy.verify(mail, dnsfunc=served(value))
    assert not dkimpy.verify(mail + b"More.\r\n", dnsfunc=served(value))


def test_a_key_pasted_in_pieces_verifies_too() -> None:
    value = rsa_record(2048, PublicFormat.SubjectPublicKeyInfo)
    pieces = " ".join(f'"{value[start : start + 100]}"' for start in range(0, len(value), 100))
    wrapped = re.sub("(.{70})", r"\1\r\n    ", value)
    private = private_key(2048).private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    mail = signed(private, b"rsa-sha256")
    for text in (f"elastx._domainkey 1800 IN TXT ( {pieces} )", pieces, wrapped):
        assert dkimpy.verify(mail, dnsfunc=served(from_paste(text)))


def test_the_service_s_own_key() -> None:
    key = parse(golden.DKIM)
    assert key.rsa is not None
    assert key.rsa.modulus == modulus_by_dkimpy(golden.DKIM)


TAGS = [f"p={golden.KEY}", f"p={golden.KEY}", "v=DKIM1", "k=rsa", "k=", "s=email", "t=y", "n=a=b", "h=sha256", " ", ""]


@given(st.lists(st.sampled_from(TAGS), max_size=6), st.sampled_from([";", "; ", " ;\r\n "]), st.data())
def test_dkimpy_reads_the_same(tags: list[str], separator: str, data: st.DataObject) -> None:
    value = separator.join(tags)
    for _ in range(data.draw(st.integers(0, 2))):
        place = data.draw(st.integers(0, len(value)))
        length = data.draw(st.integers(0, 3))
        value = value[:place] + data.draw(st.text("=; \tAvkp!\x01é", max_size=2)) + value[place + length :]
    try:
        key = parse(value)
    except RecordError:
        return
    if key.rsa is None:
        if "a key that is not RSA" not in key.fault:  # dkimpy does not read the algorithm
            with pytest.raises(REFUSALS):
                modulus_by_dkimpy(value)
    elif not list(problems(key)):
        assert modulus_by_dkimpy(value) == key.rsa.modulus


RAW = base64.b64decode(golden.KEY)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (f"k=rsa; v=DKIM1; p={golden.KEY}", "RFC 6376 §3.6.1: v= MUST be the first tag"),
        (f"v=DKIM1; a-b=1; p={golden.KEY}", "RFC 6376 §3.2: a tag-name has no hyphen"),
        (f"v=DKIM1; n=\x01; p={golden.KEY}", "RFC 6376 §3.2: a tag-value has no control characters"),
        (f"v=DKIM1; p=!{golden.KEY}", "RFC 6376 §2.10: base64string has no other characters"),
        (f"v=DKIM1; p={base64.b64encode(RAW + b'12').decode()}", "X.690 §8.1: nothing follows the key"),
        (f"v=DKIM1; s=tlsrpt; p={golden.KEY}", "RFC 6376 §3.6.1: s= must list email or *"),
        (f"v=DKIM1; h=sha1; p={golden.KEY}", "RFC 8301 §3.1: rsa-sha1 must not be used"),
        (f"v=DKIM1; t=y,s; p={golden.KEY}", "RFC 6376 §3.6.1: flags are joined by colons"),
        (f"v=DKIM1; p={golden.KEY[:11]}A{golden.KEY[12:]}", "RFC 3279 §2.3.1: the algorithm is rsaEncryption"),
    ],
)
def test_dkimpy_reads_more_than_we_accept(value: str, why: str) -> None:
    assert modulus_by_dkimpy(value)
    with pytest.raises(RecordError):
        from_paste(value)


def test_dkimpy_says_nothing_of_a_short_key_until_mail_comes() -> None:
    """RFC 8301 §3.2: receivers must not take keys under 1024 bits; dkimpy looks when it verifies."""
    modulus = private_key(2048).public_key().public_numbers().n >> 1025 | 1
    octets = rsa.RSAPublicNumbers(65537, modulus).public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    value = f"v=DKIM1; p={base64.b64encode(octets).decode()}"
    assert modulus_by_dkimpy(value) == modulus
    assert "1023 bits" in next(problems(parse(value)))


def test_dkimpy_takes_only_one_service_in_a_list() -> None:
    """RFC 6376 §3.6.1: s= is a list, of which one must fit; so the key may be declared."""
    value = from_paste(f"v=DKIM1; s=email:x; p={golden.KEY}")
    assert dkimpy.evaluate_pk(b"elastx._domainkey.domain.com.", value.encode())[0] is None
