"""Private keys: made, written to a file that only their owner can read, read again, and never shown."""

import base64
import os
import stat
import subprocess
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from elastx_mrs import limits
from elastx_mrs.dkim import keys
from elastx_mrs.records import dkim_key
from elastx_mrs.secrecy import hints
from tests.signed import message

KINDS: list[keys.KeyType] = ["rsa", "ed25519"]


@pytest.mark.parametrize(("kind", "bits"), [("rsa", 2048), ("ed25519", 256)])
def test_the_record_has_the_public_key(kind: keys.KeyType, bits: int) -> None:
    parsed = dkim_key.parse(keys.record_of(keys.generate(kind)))
    assert (parsed.key_type, parsed.bits) == (kind, bits)
    assert not [*dkim_key.problems(parsed), *dkim_key.remarks(parsed)]


@pytest.mark.parametrize("kind", KINDS)
def test_mail_signed_with_the_key_is_verified_with_the_record(kind: keys.KeyType) -> None:
    key = keys.generate(kind)
    private = keys.pem_of(key)
    if kind == "ed25519":  # dkimpy takes the seed, and no PEM
        private = base64.b64encode(key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
    algorithm = b"ed25519-sha256" if kind == "ed25519" else b"rsa-sha256"
    octets = message()
    signature: bytes = dkim.sign(octets, b"s1", b"mail.example", private, signature_algorithm=algorithm)

    def txt(name: bytes, timeout: int = 5) -> bytes:
        assert name == b"s1._domainkey.mail.example."
        return keys.record_of(key).encode()

    assert dkim.verify(signature + octets, dnsfunc=txt)


@pytest.mark.parametrize("kind", KINDS)
def test_openssl_reads_the_file(kind: keys.KeyType, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    keys.write_new(file, keys.pem_of(keys.generate(kind)))
    done = subprocess.run(["openssl", "pkey", "-in", file, "-noout", "-check"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_only_the_owner_can_read_the_file(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    before = os.umask(0)
    try:
        keys.write_new(file, b"secret")
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_bytes() == b"secret"
    assert [one.name for one in tmp_path.iterdir()] == ["key.pem"]


@pytest.mark.parametrize("there", ["file", "folder", "link", "dangling link"])
def test_a_file_that_exists_is_never_overwritten(there: str, tmp_path: Path) -> None:
    file, target = tmp_path / "key.pem", tmp_path / "target"
    if there == "file":
        file.write_text("old")
    elif there == "folder":
        file.mkdir()
    else:
        if there == "link":
            target.write_text("old")
        file.symlink_to(target)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(keys.KeyFileError, match="exists, and a key is never overwritten"):
        keys.write_new(file, b"secret")
    assert sorted(tmp_path.iterdir()) == before
    assert not target.exists() or target.read_text() == "old"


def test_a_file_that_comes_to_exist_meanwhile_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "key.pem"
    real = os.link

    def late(source: Path, target: Path) -> None:
        file.write_text("theirs")
        real(source, target)

    monkeypatch.setattr(os, "link", late)
    with pytest.raises(keys.KeyFileError, match="exists"):
        keys.write_new(file, b"secret")
    assert file.read_text() == "theirs"
    assert [one.name for one in tmp_path.iterdir()] == ["key.pem"]


@pytest.mark.parametrize("function", ["fsync", "link", "fdopen"])
def test_an_interrupt_leaves_no_file(function: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, function, interrupted)
    with pytest.raises(KeyboardInterrupt):
        keys.write_new(tmp_path / "key.pem", b"secret")
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    file = tmp_path / "key.pem"
    keys.write_new(file, b"secret")
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"secret", 0o600)
    with pytest.raises(keys.KeyFileError, match="exists"):
        keys.write_new(file, b"other")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        keys.write_new(tmp_path / "other.pem", b"secret")
    assert [one.name for one in tmp_path.iterdir()] == ["key.pem"]


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(keys.KeyFileError, match="No such file or directory; name a file in a folder"):
        keys.write_new(tmp_path / "missing" / "key.pem", b"secret")


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_is_read_again(kind: keys.KeyType, tmp_path: Path) -> None:
    key, file = keys.generate(kind), tmp_path / "key.pem"
    keys.write_new(file, keys.pem_of(key))
    assert keys.record_of(keys.read(str(file))) == keys.record_of(key)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o777])
def test_a_file_that_others_can_use_is_refused(mode: int, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    keys.write_new(file, keys.pem_of(keys.generate("ed25519")))
    file.chmod(mode)
    with pytest.raises(keys.KeyFileError, match="is readable by others; run: chmod 600"):
        keys.read(str(file))


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes = b"") -> bytes:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def of_openssl(option: str) -> bytes:
    command = ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", option]
    return subprocess.run(command, capture_output=True, check=True).stdout


RSA = rsa.generate_private_key(65537, 2048)
WRONG = {
    "encrypted": (pem(RSA, b"password"), "is encrypted; decrypt it"),
    "short": (of_openssl("rsa_keygen_bits:768"), "receivers ignore keys under 1024 bits"),
    "other": (pem(ec.generate_private_key(ec.SECP256R1())), "is not an RSA or Ed25519 key"),
    "cut off": (pem(RSA)[:900], "is not a private key in PEM form"),
    "no PEM": (b"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0", "is not a private key in PEM form"),
    "empty": (b"", "is not a private key in PEM form"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_key_for_dkim_is_refused_without_a_part_of_it(name: str, tmp_path: Path) -> None:
    content, said = WRONG[name]
    file = tmp_path / "key.pem"
    keys.write_new(file, content)
    with pytest.raises(keys.KeyFileError, match=said) as error:
        keys.read(str(file))
    assert not content or not hints(str(error.value), content.decode())


@pytest.mark.limit("DKIM_KEY_FILE")
def test_a_large_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    keys.write_new(file, b"x" * (limits.DKIM_KEY_FILE.most + 1))
    with pytest.raises(keys.KeyFileError, match="has more than 64 KiB"):
        keys.read(str(file))


def test_a_missing_file() -> None:
    with pytest.raises(keys.KeyFileError, match="No such file or directory; name a file with a private key"):
        keys.read("/nothing/key.pem")
