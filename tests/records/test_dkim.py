import base64
import contextlib
import hashlib
import itertools

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs.records import RecordError
from elastx_mrs.records.dkim import dkim, fingerprint, from_paste, remarks
from tests import golden

HALVES = f'"{golden.DKIM_FIRST}" "{golden.DKIM_REST}"'


@pytest.mark.parametrize(
    "text",
    [
        golden.DKIM,
        f"  {golden.DKIM}\n",
        f'"{golden.DKIM}"',
        HALVES,
        golden.DKIM_PAGE,
        f'"{golden.DKIM_FIRST}"\n\t"{golden.DKIM_REST}"',
        golden.DKIM_FIRST + "\n" + golden.DKIM_REST,
        golden.DKIM_FIRST + "  \r\n   " + golden.DKIM_REST,
        golden.DKIM.replace("; ", ";\n "),
        golden.DKIM.replace(";", "\\;"),
        f"( {HALVES} )",
        f'( "{golden.DKIM_FIRST}"\n  "{golden.DKIM_REST}" )  ; ----- DKIM key elastx for example.com',
        f"({golden.DKIM})",
        f'elastx._domainkey IN TXT ( "v=DKIM1; "\n "p={golden.KEY}" ) ; a comment with "quotes"',
        f"elastx._domainkey.yourdomain.com. 1800 IN    TXT     {HALVES}",
        f"elastx._domainkey.yourdomain.com.\t1800\tIN\tTXT\t{HALVES}",
        f"IN TXT {HALVES}",
        f"TXT {HALVES}",
        golden.DKIM.replace("; ", ";\t"),
        f"{HALVES} ; clé publique",
    ],
)
def test_every_form_that_people_paste_is_the_same_value(text: str) -> None:
    assert from_paste(text) == golden.DKIM


@given(st.lists(st.integers(11, len(golden.DKIM)), max_size=5), st.sampled_from(["\n", " \n", "\r\n  ", "  "]))
def test_wrapped_anywhere_in_the_key(places: list[int], end: str) -> None:
    text = golden.DKIM
    for place in sorted(places, reverse=True):
        text = text[:place] + end + text[place:]
    assert from_paste(text) == golden.DKIM


@given(st.lists(st.integers(0, len(golden.DKIM)), max_size=5))
def test_cut_into_quoted_strings_anywhere(places: list[int]) -> None:
    edges = [0, *sorted(places), len(golden.DKIM)]
    pieces = [golden.DKIM[a:b] for a, b in itertools.pairwise(edges)]
    assert from_paste(" ".join(f'"{piece}"' for piece in pieces)) == golden.DKIM


@given(st.text(max_size=60) | st.text('v=DKIM1;p"\\() \nMIIB', max_size=60))
def test_any_text_is_a_key_or_our_own_error(text: str) -> None:
    with pytest.raises(RecordError):
        from_paste(text)


def test_the_owner_name() -> None:
    record = dkim("example.com", "elastx", golden.DKIM)
    assert record.name == "elastx._domainkey.example.com"


def test_ed25519() -> None:
    raw = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    text = f"v=DKIM1; k=ed25519; p={base64.b64encode(raw).decode()}"
    assert from_paste(text) == text
    with pytest.raises(RecordError, match="31 octets"):
        from_paste(f"v=DKIM1; k=ed25519; p={base64.b64encode(raw[:31]).decode()}")


def private_der() -> str:
    key = rsa.generate_private_key(65537, 2048)
    return base64.b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()


def ed25519_private_der() -> str:
    key = ed25519.Ed25519PrivateKey.generate()
    return base64.b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()


def ec_der() -> str:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("v=DKIM1; p=", "revoked"),
        ("v=DKIM1; p=;", "revoked"),
        ("v=DKIM1;", "no p= tag"),
        (golden.DKIM[:300], "cut off"),
        (golden.DKIM_FIRST, "cut off"),
        ("v=DKIM1; p=MIIB", "cut off"),
        (HALVES[:-1], "never closed"),
        ('"\\"\\"\\"', "never closed"),
        (f'elastx._domainkey IN TXT {HALVES}\nelastx._domainkey IN TXT "v=DKIM1; p="', "several records"),
        (f'"v=DKIM1; n=é; p={golden.KEY}"', "U+00E9"),
        (f'"v=DKIM1; n=\ud800; p={golden.KEY}"', "U+D800"),
        (f"v=DKIM1; n=\ud800; p={golden.KEY}", "U+D800"),
        (f"v=DKIM1; n=\x1b[31m; p={golden.KEY}", "U+001B"),
        (f'"v=DKIM1; n=\\027; p={golden.KEY}"', "U+001B"),
        (f"\x1b[31m._domainkey IN TXT {HALVES}", "selector <U+001B>[31m,"),
        (f"\ud800._domainkey IN TXT {HALVES}", "selector <U+D800>,"),
        (golden.DKIM + "; rubbish", "'rubbish' where a tag"),
        (golden.DKIM + "; ; ", "'' where a tag"),
        (golden.DKIM.removesuffix("AQAB") + "AQ==AQAB", "after the '='"),
        (f"v=DKIM1 p={golden.KEY}", "first tag"),
        (HALVES + " rubbish", "outside its quotes"),
        (golden.DKIM + "AAAA", "after the end of the key"),
        (f"{golden.DKIM} {golden.DKIM}", "twice"),
        (f"{golden.DKIM}; {golden.DKIM}", "twice"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "private key"),
        ("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----", "PEM file"),
        (f"v=DKIM1; p={private_der()}", "private key"),
        (f"v=DKIM1; k=ed25519; p={private_der()}", "private key"),
        pytest.param(
            f"v=DKIM1; k=ed25519; p={ed25519_private_der()}", "private key", id="an Ed25519 private key in ed25519"
        ),
        pytest.param(f"v=DKIM1; p={ed25519_private_der()}", "private key", id="an Ed25519 private key in rsa"),
        (f"v=DKIM1; p={ec_der()}", "not RSA"),
        ("v=DKIM1; p=not!base64", "'!' (U+0021) in p="),
        ("v=DKIM1; p=aGVsbG8gd29ybGQh", "not an RSA public key"),
        ("v=spf1 include:elastx.email -all", "another record"),
        ('"v=DMARC1; p=none;"', "another record"),
        ("elastx._domainkey.example.com. 300 IN CNAME dkim.example.net.", "CNAME"),
        (f"other._domainkey IN TXT {HALVES}", "set selector: other"),
        (f"k=rsa; v=DKIM1; p={golden.KEY}", "first tag"),
        (f"v=DKIM2; p={golden.KEY}", "first tag"),
        (f"v=DKIM1; k=dsa; p={golden.KEY}", "k=dsa"),
        (f"v=DKIM1.0; p={golden.KEY}", "first tag"),
        (golden.KEY, "base64 without tags"),
        (f"v=DKIM1; n=é; p={golden.KEY}", "position 12"),
    ],
)
def test_an_invalid_public_key_is_refused(text: str, message: str) -> None:
    with pytest.raises(RecordError) as error:
        from_paste(text)
    assert message in str(error.value)


def test_several_problems_are_reported_together() -> None:
    with pytest.raises(RecordError) as error:
        from_paste("h=sha1; s=tlsrpt; t=y,s; p=; k=rsa")
    revoked, words, hashes, service = error.value.problems
    assert "revoked" in revoked
    assert "'y,s' in t=" in words
    assert "h=sha1" in hashes
    assert "s=tlsrpt" in service
    with pytest.raises(RecordError) as error:
        from_paste(f"k=rsa; v=DKIM1; p={golden.KEY}!")
    assert len(error.value.problems) == 2


def test_thousands_of_faults_make_a_short_message() -> None:
    with pytest.raises(RecordError) as error:
        from_paste(";".join(f"x{number}" for number in range(9999)))
    assert len(str(error.value)) < 600


@given(st.text(st.characters(), max_size=60) | st.text('v=DKIM1;p"\\() \nTXThst:y', max_size=60), st.integers(0, 500))
def test_text_put_into_a_key_is_let_through_or_our_own_error(text: str, place: int) -> None:
    with contextlib.suppress(RecordError):
        value = from_paste(golden.DKIM[:place] + text + golden.DKIM[place:])
        assert value.isascii()
        assert value.isprintable()
        assert from_paste(value) == value
        remarks(value)


def test_the_service_s_own_key_has_no_remark() -> None:
    assert remarks(golden.DKIM) == []


def test_the_fingerprint_is_the_key_s_and_no_other_tag_s() -> None:
    expected = hashlib.sha256(base64.b64decode(golden.KEY)).hexdigest()
    assert fingerprint(golden.DKIM) == expected
    assert fingerprint(f"v=DKIM1; k=rsa; n=x; p={golden.KEY[:50]} {golden.KEY[50:]};") == expected
