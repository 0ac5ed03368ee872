"""Key records against RFC 6376 §3.6.1: what they say, what is refused, what is remarked."""

import base64
import contextlib
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs.records import RecordError
from elastx_mrs.records.dkim_key import is_dkim, parse, problems, remarks
from tests import golden

# RFC 8463 appendix A.2, and RFC 6376 appendix C.
ED25519 = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
RSA_1024 = (
    "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt"
    "IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToI"
    "MmPSPDdQPNUYckcQ2QIDAQAB"
)


@cache
def rsa_key(bits: int) -> rsa.RSAPublicKey:
    return rsa.generate_private_key(65537, bits).public_key()


def encoded(key: rsa.RSAPublicKey | ed25519.Ed25519PublicKey, form: PublicFormat) -> str:
    encoding = Encoding.Raw if form is PublicFormat.Raw else Encoding.DER
    return base64.b64encode(key.public_bytes(encoding, form)).decode()


def problem(value: str) -> str:
    return "; ".join(problems(parse(value)))


def test_every_tag_is_read() -> None:
    key = parse(f"v=DKIM1; h=sha1 : sha256; k=rsa; n=made=by hand; s=email:*; t=y:s; x_1=; p={golden.KEY}")
    assert key.tags[:2] == (("v", "DKIM1"), ("h", "sha1 : sha256"))
    assert key.hash_algorithms == ("sha1", "sha256")
    assert (key.key_type, key.notes, key.services, key.flags) == ("rsa", "made=by hand", ("email", "*"), ("y", "s"))
    assert key.get("x_1", "absent") == ""
    assert key.public_key == base64.b64decode(golden.KEY)
    assert key.bits == 2048
    assert not key.revoked
    assert key.fault == ""


def test_the_defaults_of_missing_tags() -> None:
    key = parse(f"p={golden.KEY}")
    assert (key.key_type, key.notes, key.hash_algorithms) == ("rsa", "", None)
    assert (key.services, key.flags) == (("*",), ())


@pytest.mark.parametrize(
    ("value", "bits"), [(golden.DKIM, 2048), (RSA_1024, 1024), (ED25519, 256)], ids=["Elastx", "RFC 6376", "RFC 8463"]
)
def test_keys_of_the_standards_may_be_declared(value: str, bits: int) -> None:
    key = parse(value)
    assert (key.bits, key.fault) == (bits, "")
    assert list(problems(key)) == []


@pytest.mark.parametrize(
    "value",
    [
        f"v=DKIM1;p={golden.KEY};",
        f"v=DKIM1;p={golden.KEY}; ",
        f" v = DKIM1 ;\r\n\tp\t=\r\n {golden.KEY[:70]}\r\n {golden.KEY[70:]} ;",
        golden.DKIM.encode(),
    ],
)
def test_white_space_is_allowed_as_in_the_grammar(value: str | bytes) -> None:
    assert parse(value).public_key == base64.b64decode(golden.KEY)


def test_a_served_key_that_is_revoked_or_unusable_is_described() -> None:
    revoked = parse("v=DKIM1; k=ed25519; p=")
    assert (revoked.revoked, revoked.bits, revoked.fault) == (True, None, "")
    assert parse("v=DKIM1; k=ed25519; p=AAAA").bits is None
    assert parse(f"v=DKIM1; t=y; p={golden.KEY}").flags == ("y",)
    unknown = parse("v=DKIM1; k=ml-dsa; p=AAAA")
    assert (unknown.key_type, unknown.bits, unknown.rsa) == ("ml-dsa", None, None)
    assert "k=ml-dsa" in unknown.fault
    assert "cut off" in parse(golden.DKIM[:311]).fault


@pytest.mark.parametrize(
    "value",
    [
        "",
        "v=DKIM1",
        f"v=DKIM2; p={golden.KEY}",
        f"v=dkim1; p={golden.KEY}",
        f"k=rsa; v=DKIM1; p={golden.KEY}",
        f"p={golden.KEY}; p={golden.KEY}",
        f"P={golden.KEY}",
        f"1p=x; p={golden.KEY}",
        f"a-b=x; p={golden.KEY}",
        f"v=DKIM1;; p={golden.KEY}",
        f"v=DKIM1; n=\x00; p={golden.KEY}",
        b"v=DKIM1; n=\xc3\xa9; p=" + golden.KEY.encode(),
        "v=DKIM1; p=A",
        "v=DKIM1; p=AA=A",
        "v=DKIM1; p=AA-_",
        "v=DKIM1; p=====",
        # RFC 6376 §2.10, RFC 4648 §4: "=" fills the last four characters up, and stands nowhere else.
        f"v=DKIM1; p={golden.KEY}=",
        f"v=DKIM1; p={golden.KEY}==",
        f"v=DKIM1; p={golden.KEY}====",
    ],
)
def test_an_unreadable_key_is_refused(value: str | bytes) -> None:
    with pytest.raises(RecordError):
        parse(value)


@pytest.mark.parametrize(
    ("value", "message"),
    [("v=DKIM1; n=\x00; p=", "has U+0000 at position 12;"), ("v=DKIM1; p=; p=", "has the tag 'p' twice")],
)
def test_a_fault_in_the_tag_list_is_named(value: str, message: str) -> None:
    with pytest.raises(RecordError) as error:
        parse(value)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("value", "whether"),
    [
        # RFC 6376 §3.2, §3.6.1: v, which may be left out, is first and exactly DKIM1; white space stands around both.
        ("v=DKIM1", True),
        ("v=DKIM1; p=damaged!", True),
        (" \t\r\n v \t\r\n = \t\r\n DKIM1 \t\r\n ; p=damaged!", True),
        (f"k=rsa; p={golden.KEY}", True),
        ("p=", True),
        ("p=damaged!", False),
        ("V=DKIM1; p=damaged!", False),
        ("v=dkim1; p=damaged!", False),
        ("v=DKIM10; p=damaged!", False),
        ("v==DKIM1; p=damaged!", False),
        ("vv=DKIM1; p=damaged!", False),
        ("v=; p=damaged!", False),
        (f"v=DKIM2; p={golden.KEY}", False),
        (f"k=rsa; v=DKIM1; p={golden.KEY}", False),
        (f"n=v=DKIM1; v=DKIM1; p={golden.KEY}", False),
    ],
)
def test_which_txt_records_are_keys(value: str, whether: bool) -> None:
    assert is_dkim(value) is is_dkim(value.encode()) is whether


@given(st.text(st.characters(), max_size=80) | st.text("vpk=DKIM1; ed25519hst:\r\n\tAQ", max_size=80) | st.binary())
def test_any_served_value_is_a_key_or_our_own_error(value: str | bytes) -> None:
    with contextlib.suppress(RecordError):
        key = parse(value)
        assert all(text.isprintable() for text in problems(key))


@given(st.binary(max_size=60), st.sampled_from(["rsa", "ed25519"]))
def test_any_octets_as_a_key(octets: bytes, key_type: str) -> None:
    key = parse(f"k={key_type}; p={base64.b64encode(octets).decode()}")
    list(problems(key))
    list(remarks(key))


def test_the_octets_of_ed25519() -> None:
    key = ed25519.Ed25519PrivateKey.generate().public_key()
    raw, info = encoded(key, PublicFormat.Raw), encoded(key, PublicFormat.SubjectPublicKeyInfo)
    assert problem(f"k=ed25519; p={raw}") == ""
    short = base64.b64encode(base64.b64decode(raw)[:31]).decode()
    assert "31 octets, not 32" in problem(f"k=ed25519; p={short}")
    cut = base64.b64encode(base64.b64decode(info)[:-1]).decode()
    assert "has an Ed25519 key of 43 octets, not 32; paste" in problem(f"k=ed25519; p={cut}")
    zeros = base64.b64encode(bytes(44)).decode()
    assert "has an Ed25519 key of 44 octets, not 32; paste" in problem(f"k=ed25519; p={zeros}")
    for tags in (f"k=ed25519; p={info}", f"p={info}"):
        assert f"write k=ed25519; p={raw} " in problem(tags)
    said = problem(f"p={raw}")  # may be a private key
    assert "write k=ed25519 before p=" in said
    assert raw not in said
    assert "its key is RSA" in problem(f"k=ed25519; p={golden.KEY}")


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ("h=sha1", "h=sha1, which forbids sha256"),
        ("h=sha512", "h=sha512, which forbids sha256"),
        ("s=tlsrpt", "not for mail"),
        ("s=", "not for mail"),
        ("k=RSA", "k=RSA"),
        ("t=y,s", "'y,s' in t="),
        ("t=", "'' in t="),
        ("h=sha256:", "'' in h="),
        ("h=256", "'256' in h="),
        ("t=y-", "'y-' in t="),
        ("t=y,s:s,y", "'y,s' in t="),
        ("s=email:-x", "'-x' in s="),
    ],
)
def test_tags_that_make_the_key_useless_are_refused(tags: str, message: str) -> None:
    found = problem(f"v=DKIM1; {tags}; p={golden.KEY}")
    assert message in found
    assert found.count("which is not a word") <= 1


@pytest.mark.parametrize(
    "tags", ["h=sha256", "h=sha256 : x-new", "s=email", "s=x:*", "t=x-new", "n=", "n=~", "z=1", "k=rsa"]
)
def test_other_tags_are_neither_refused_nor_remarked(tags: str) -> None:
    value = f"v=DKIM1; {tags}; p={golden.KEY}"
    assert problem(value) == ""
    assert list(remarks(parse(value))) == []


@pytest.mark.parametrize(
    ("value", "level", "text"),
    [
        (f"p={golden.KEY}", "notice", "has no v=DKIM1"),
        (f"v=DKIM1; t=y; p={golden.KEY}", "warning", "test mode"),
        (f"v=DKIM1; t=s; p={golden.KEY}", "notice", "t=s"),
        (f"v=DKIM1; h=sha1:sha256; p={golden.KEY}", "notice", "sha1 in h="),
        (f"v=DKIM1; g=*; p={golden.KEY}", "warning", "has g="),
        (f"v=DKIM1; T=y; p={golden.KEY}", "warning", "has the tag T, which receivers ignore"),
        (f"v=DKIM1; T=y; p={golden.KEY}", "warning", "write t "),
        (RSA_1024, "warning", "is an RSA key of 1024 bits, and signers should use 2048"),  # RFC 8301 §3.2
    ],
)
def test_an_unusual_key_gets_a_remark(value: str, level: str, text: str) -> None:
    assert problem(value) == ""
    (remark,) = remarks(parse(value))
    assert remark.level == level
    assert text in remark.text


def test_a_bare_rsa_public_key_is_accepted_with_a_warning() -> None:
    value = f"v=DKIM1; p={encoded(rsa_key(2048), PublicFormat.PKCS1)}"
    assert problem(value) == ""
    (remark,) = remarks(parse(value))
    assert remark.level == "warning"
    assert "bare RSAPublicKey" in remark.text


def test_the_size_is_read_from_the_key() -> None:
    assert list(remarks(parse(f"v=DKIM1; p={encoded(rsa_key(2048), PublicFormat.SubjectPublicKeyInfo)}"))) == []
    odd = parse(f"v=DKIM1; p={encoded(rsa_key(2047), PublicFormat.SubjectPublicKeyInfo)}")
    assert odd.bits == 2047
    assert "2047 bits" in next(remarks(odd)).text
    # RFC 8301 §3.2: signers use at least 1024 bits, receivers verify up to 4096.
    numbers = rsa_key(4104).public_numbers()
    for bits, said in ((4104, ["need not verify keys over 4096"]), (4096, []), (1024, ["should use 2048"])):
        key = rsa.RSAPublicNumbers(65537, numbers.n >> (4104 - bits) | 1).public_key()
        found = [
            remark
            for remark in remarks(parse(f"v=DKIM1; p={encoded(key, PublicFormat.SubjectPublicKeyInfo)}"))
            if remark.text.startswith(f"is an RSA key of {bits} bits, and")
        ]
        assert [(remark.level, part in remark.text) for remark, part in zip(found, said, strict=True)] == [
            ("warning", True) for _ in said
        ]
    for bits in (512, 1023):
        short = rsa.RSAPublicNumbers(65537, numbers.n >> (4104 - bits) | 1).public_key()
        assert (
            f"is an RSA key of {bits} bits, and receivers ignore keys under 1024 bits; ask for a key of 2048 bits"
            in problem(f"p={encoded(short, PublicFormat.SubjectPublicKeyInfo)}")
        )
