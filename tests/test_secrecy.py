"""A secret is found in whatever form it leaves, and ordinary text is none."""

import base64
import binascii
import html
import json
import quopri
import unicodedata
from collections.abc import Callable
from urllib.parse import quote

import pytest

from elastx_mrs.secrecy import hints, holds

SECRETS = ["correct horse åäö", "S3cr+t/Pass=word&more", "hunter2!", "a;b", "{ß}\u0131K", "x" * 300]
FORMS: dict[str, Callable[[str], bytes]] = {
    "as it is": lambda text: text.encode(),
    "upper case": lambda text: text.upper().encode(),
    "lower case": lambda text: text.lower().encode(),
    "swapped case": lambda text: text.swapcase().encode(),
    "backwards": lambda text: text[::-1].encode(),
    "octets backwards": lambda text: text.encode()[::-1],
    "decomposed": lambda text: unicodedata.normalize("NFD", text).encode(),
    "lines": lambda text: "\r\n".join(text[at : at + 3] for at in range(0, len(text), 3)).encode(),
    "spaces": lambda text: " ".join(text).encode(),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64 backwards": lambda text: base64.b64encode(text.encode())[::-1],
    "base64 upper": lambda text: base64.b64encode(text.encode()).upper(),
    "base64 swapped": lambda text: base64.b64encode(text.encode()).swapcase(),
    "base64 of upper": lambda text: base64.b64encode(text.upper().encode()),
    "base64 of backwards": lambda text: base64.b64encode(text.encode()[::-1]),
    "base64 in lines": lambda text: base64.encodebytes(text.encode()).replace(b"\n", b"\r\n"),
    "base64 of a line": lambda text: base64.b64encode(f"{text}\r\n".encode()),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()),
    "hexadecimal": lambda text: binascii.hexlify(text.encode()),
    "hexadecimal with colons": lambda text: binascii.hexlify(text.encode(), ":").upper(),
    "percent": lambda text: quote(text, safe="").encode(),
    "percent, small": lambda text: quote(text, safe="").lower().encode(),
    "percent, all": lambda text: "".join(f"%{octet:02x}" for octet in text.encode()).encode(),
    "percent twice": lambda text: quote(quote(text, safe=""), safe="").encode(),
    "quoted-printable": lambda text: quopri.encodestring(text.encode()),
    "JSON": lambda text: json.dumps(text).encode(),
    "Python": lambda text: ascii(text).encode(),
    "Python's octets": lambda text: repr(text.encode()).encode(),
    "decimal": lambda text: "".join(f"\\{octet:03d}" for octet in text.encode()).encode(),
    "octal": lambda text: "".join(f"\\{octet:03o}" for octet in text.encode()).encode(),
    "code points": lambda text: "".join(f"<U+{ord(one):04X}>" for one in text).encode(),
    "HTML": lambda text: html.escape(text).encode(),
    "HTML, all": lambda text: "".join(f"&#{ord(one)};" for one in text).encode(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_found_in_every_form(secret: str, form: str) -> None:
    octets = FORMS[form](secret)
    assert holds(b"5.7.8 no: " + octets + b" is wrong", secret)
    assert holds(octets.decode("latin-1"), secret) or not octets.isascii()
    assert hints(octets, secret)


@pytest.mark.parametrize("before", ["", "\0a\0", "\0smtp-prod@acme.example\0", "user:", "xx"])
@pytest.mark.parametrize("secret", [secret for secret in SECRETS if len(secret) > 6])
def test_a_secret_is_found_in_base64_of_more_than_itself(before: str, secret: str) -> None:
    """AUTH PLAIN sends account and password in one (RFC 4616), and HTTP's basic authentication too."""
    assert holds(b"AUTH PLAIN " + base64.b64encode(f"{before}{secret}, and more".encode()), secret)


def test_latin_1_is_read_too() -> None:
    assert holds("pass-åäö-word".encode("latin-1"), "pass-åäö-word")


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("5.7.8 Authentication credentials invalid", "correct horse åäö"),
        ("the password is incorrect", "correct horse åäö"),
        ("250 OK", "k" * 8),
        ("anything", ""),
        ("", "anything"),
        ("anything at all", "!!!"),
        ("%zz \\999 <U+FFFFFF> &#xFFFFFFFF; =9", "correct horse åäö"),
    ],
)
def test_ordinary_text_is_no_secret(text: str, secret: str) -> None:
    assert not holds(text, secret)
    assert not hints(text, secret)


@pytest.mark.parametrize("part", ["correct horse", "HORSE-åäö", base64.b64encode(b"correct horse").decode()])
def test_the_greater_part_of_a_secret_gives_it_away(part: str) -> None:
    assert hints(f"no: {part}", "correct horse åäö")
    assert not holds(f"no: {part}", "correct horse åäö")
