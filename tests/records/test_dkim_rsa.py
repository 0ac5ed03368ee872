"""RSA keys: read as another implementation reads them, and each way of being weak made and found by name.

No test here measures time: reading is one pass over the octets, and the checks only take numbers of limited length.
"""

import base64
import contextlib
import itertools
import random
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec

import gmpy2  # type: ignore[import-untyped]
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
)
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs.records import RecordError, dkim_rsa
from elastx_mrs.records.dkim import from_paste, remarks
from elastx_mrs.records.dkim_rsa import ODDITIES, WEAKNESSES, RsaKey, oddities, read, weaknesses
from tests import golden

E = 65537
ROCA_MODULUS = 0x924CBA6AE99DFA084537FACC54948DF0C23DA044D8CABE0EDD75BC6  # the product of the primes that it is seen by

# A certificate's key, crt.sh id 5534506057, as in badkeys' own tests; no such key can be made without its primes.
SHARED = (
    "MIIBCgKCAQEAtQS720djHoBY2eXEDsMNGi6GWY/B37TyGO6tAgQJnweAvk5ABi3AKaOJzHQLmqpkzzh92z2FHzZpKoOiy4Eq0tt4J20zgFPiYdAG"
    "5mffTcgtMhymCXBcAaUjuZCcyYIIDdENnaP3wTPo0FEdWozb0/4+SNJ1IhlwyQGUu77mAHgr3Q2j/GqY0RSIbikmgV7NUpf6PA8JAlm2+lQQj9Yj"
    "urMI5K9BQZPRGm84E2nSe4zT2NkaKrzObH+mFd5dRlzi00FXaMF06ViYiwKgW27ef1ZCD3Z0yFZ7uaNaGAnflsOUsoaMutSkQPs0JEAVmnVkjCfp"
    "TKylM9D/B0ZjutZspQIDAQAB"
)


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311  the same keys each time


def prime(bits: int, seed: int) -> int:
    """Return a prime with its two highest bits set. Two of them make a modulus of twice the length."""
    start = seeded(seed).getrandbits(bits) | 3 << (bits - 2)
    return int(gmpy2.next_prime(start))


def info(modulus: int, exponent: int = E) -> bytes:
    key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def small_private_exponent() -> tuple[int, int]:
    p, q = prime(1024, 1), prime(1024, 2)
    private = prime(300, 3)
    return p * q, pow(private, -1, (p - 1) * (q - 1))


def roca_prime(seed: int) -> int:
    bits = 1024 - ROCA_MODULUS.bit_length()
    start = seeded(seed).getrandbits(bits - 2) | 3 << (bits - 2)
    residue = pow(E, seed + 1000, ROCA_MODULUS)
    return next(
        number
        for number in (ROCA_MODULUS * (start + step) + residue for step in range(10**6))
        if gmpy2.is_prime(number)
    )


def quarter_of_phi() -> tuple[int, int]:
    primes = (prime(1024, seed) for seed in range(100, 200))
    p, q = itertools.islice((candidate for candidate in primes if candidate % 4 == 3), 2)
    return p * q, (p - 1) * (q - 1) // 4


def exponent_one() -> bytes:
    der = info(prime(1024, 1) * prime(1024, 2), 3)
    assert der.endswith(b"\x02\x01\x03")
    return der[:-1] + b"\x01"


def sparse(seed: int) -> int:
    """Return a prime of 1024 bits that are zeros, but for 16 in every 128, and what the next prime adds."""
    draw = seeded(seed)
    start = sum(draw.getrandbits(6) << place for place in range(0, 1024, 128)) | 3 << 1022
    return int(gmpy2.next_prime(start))


WEAK: dict[str, Callable[[], bytes]] = {
    "rsainvalid": exponent_one,
    "smallfactors": lambda: info(65521 * prime(2032, 4)),
    "fermat": lambda: info(prime(1024, 5) * int(gmpy2.next_prime(prime(1024, 5)))),
    "roca": lambda: info(roca_prime(1) * roca_prime(2)),
    "rsapoly": lambda: info(sparse(1) * sparse(2)),
    "sharedprimes": lambda: base64.b64decode(SHARED),
    "smalld": lambda: info(*small_private_exponent()),
}


def test_every_check_has_its_weak_key() -> None:
    assert WEAK.keys() == WEAKNESSES.keys()


@pytest.mark.parametrize("check", WEAK)
def test_a_weak_key_is_refused_with_the_name_of_its_check(check: str) -> None:
    der = WEAK[check]()
    (problem,) = weaknesses(read(der))
    assert f"(badkeys: {check}): {WEAKNESSES[check]};" in problem
    with pytest.raises(RecordError, match="weak RSA key") as error:
        from_paste(f"v=DKIM1; p={base64.b64encode(der).decode()}")
    assert error.value.problems == (problem,)


def test_a_square_is_a_product_of_close_primes() -> None:
    assert "fermat" in next(weaknesses(RsaKey(prime(1024, 6) ** 2, E, "SubjectPublicKeyInfo")))


def test_an_exponent_made_up_to_break_the_check_is_refused_too() -> None:
    modulus, exponent = quarter_of_phi()
    assert "smalld" in next(weaknesses(RsaKey(modulus, exponent, "SubjectPublicKeyInfo")))


def test_sound_keys_trip_no_check() -> None:
    for bits in (1024, 2048, 3072, 4096):
        key = read(info(rsa.generate_private_key(E, bits).public_key().public_numbers().n))
        assert (*weaknesses(key), *oddities(key)) == ()


def without_small_factors(high: int, draw: random.Random) -> int:
    """Return a modulus of 2048 bits whose upper half is ``high``."""
    primorial = gmpy2.primorial(65537)
    return next(
        number
        for number in (high << 1024 | draw.getrandbits(1024) for _ in range(10**4))
        if gmpy2.gcd(number, primorial) == 1
    )


@pytest.mark.parametrize("check", ODDITIES)
def test_a_key_that_looks_made_up_is_warned_of(check: str) -> None:
    draw = seeded(7)
    repeated = int.from_bytes(b"\xc5" * 16 + draw.randbytes(112), "big")
    lopsided = int.from_bytes(b"\xfe\xff" * 64, "big")
    modulus = without_small_factors(repeated if check == "pattern" else lopsided, draw)
    value = from_paste(f"v=DKIM1; p={base64.b64encode(info(modulus)).decode()}")
    (remark,) = remarks(value)
    assert remark.level == "warning"
    assert f"(badkeys: {check})" in remark.text


@pytest.mark.parametrize(
    ("modulus_bits", "exponent_bits"), [(16385, 17), (3073, 65)], ids=["a long modulus", "a long exponent"]
)
def test_numbers_longer_than_receivers_verify_are_refused_before_any_check(
    modulus_bits: int, exponent_bits: int
) -> None:
    value = base64.b64encode(info((1 << modulus_bits) - 1, (1 << exponent_bits) - 1)).decode()
    with pytest.raises(RecordError, match="too large for receivers") as error:
        from_paste(f"v=DKIM1; p={value}")
    assert len(error.value.problems) == 1


def test_the_checks_are_those_that_badkeys_lists() -> None:
    """In a fresh Python: ours run first, without badkeys itself, and badkeys then works as ever."""
    program = f"""
import sys
from tests import golden
from elastx_mrs.records import dkim, dkim_rsa
dkim.from_paste(golden.DKIM)
assert "badkeys" not in sys.modules
assert "OpenSSL" not in sys.modules
import badkeys
for name in {[*WEAKNESSES, *ODDITIES]!r}:
    assert badkeys.allchecks[name]["function"] is dkim_rsa._checks()[name], name
assert badkeys.checkrsa({7 * prime(1024, 8)}, checks=["smallfactors"])
assert badkeys.checkrsa({prime(1024, 1) * prime(1024, 2)}, checks=["sharedprimes"]) == {{}}
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


SAMPLE = base64.b64decode(golden.KEY)


@given(st.data())
def test_changed_octets_are_refused_or_read_as_another_implementation_reads_them(data: st.DataObject) -> None:
    der = bytearray(SAMPLE)
    for _ in range(data.draw(st.integers(1, 3))):
        der[data.draw(st.integers(0, 40) | st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    try:
        key = read(bytes(der))
    except RecordError:
        return
    if key.exponent >= 3 and key.exponent % 2 and key.modulus > key.exponent:  # the others it does not load
        other = load_der_public_key(bytes(der))
        assert isinstance(other, rsa.RSAPublicKey)
        assert (other.public_numbers().n, other.public_numbers().e) == (key.modulus, key.exponent)


@given(st.binary(max_size=80), st.integers(0, len(SAMPLE)))
def test_any_octets_are_a_key_or_our_own_error(octets: bytes, place: int) -> None:
    for der in (octets, b"\x30" + octets, SAMPLE[:place] + octets, SAMPLE[:place] + octets + SAMPLE[place:]):
        with contextlib.suppress(RecordError):
            assert read(der).modulus == read(SAMPLE).modulus


def changed(old: str, new: str) -> bytes:
    assert SAMPLE.count(bytes.fromhex(old)) == 1
    return SAMPLE.replace(bytes.fromhex(old), bytes.fromhex(new))


def private(form: PrivateFormat) -> bytes:
    return rsa.generate_private_key(E, 2048).private_bytes(Encoding.DER, form, NoEncryption())


def other(key: ec.EllipticCurvePublicKey | ed448.Ed448PublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def der(tag: int, content: bytes) -> bytes:
    """One element (X.690 §8.1), its length in the long form of two octets."""
    return bytes([tag, 0x82]) + len(content).to_bytes(2, "big") + content


ALGORITHM = bytes.fromhex("300d06092a864886f70d0101010500")
NUMBERS = b"".join(der(2, octets) for octets in (b"\0" + b"\xc5" * 256, b"\x01\0\x01" * 86))
WITHIN_THE_BITS = der(0x30, ALGORITHM + der(3, b"\0" + der(0x30, NUMBERS) + b"\5\0"))
"""Octets after the key, within its BIT STRING."""
A_THIRD_NUMBER = der(0x30, ALGORITHM + der(3, b"\0" + der(0x30, NUMBERS + b"\2\1\1")))


@pytest.mark.parametrize(
    ("der", "message"),
    [
        (b"", "not an RSA public key"),
        (b"\x30", "cut off"),
        (b"\x30\xff", "cut off"),
        (b"\x30\x80\0\0", "cut off"),  # BER's indefinite length
        (b"\x30\x88" + b"\xff" * 8, "no key is that long"),
        (SAMPLE[:-1], "it has 293 of at least 294 octets"),
        (SAMPLE + b"\0", "1 octets after"),
        (SAMPLE + SAMPLE, "294 octets after"),
        (private(PrivateFormat.PKCS8), "private key"),
        (private(PrivateFormat.TraditionalOpenSSL), "private key"),
        (private(PrivateFormat.TraditionalOpenSSL)[:100], "private key"),
        (other(ec.generate_private_key(ec.SECP256R1()).public_key()), "not RSA"),
        (other(ed448.Ed448PrivateKey.generate().public_key()), "not RSA"),
        (changed("2a864886f70d010101", "2a864886f70d01010a"), "not RSA"),  # RSASSA-PSS
        (changed("0d01010105000382", "0d01010104000382"), "has no NULL parameter"),
        (changed("0382010f00", "0382010f01"), "not an RSA public key"),  # unused bits
        (changed("02820101", "03820101"), "not an RSA public key"),
        (changed("0282010100c0", "0282010180c0"), "not an RSA public key"),  # a negative modulus
        (changed("0203010001", "0203000001"), "not an RSA public key"),  # a needless zero
        (changed("06092a864886f70d0101010500", "04092a864886f70d0101010500"), "not an RSA public key"),  # no algorithm
        (WITHIN_THE_BITS, "not an RSA public key"),
        (A_THIRD_NUMBER, "not an RSA public key"),
    ],
    ids=lambda value: None if isinstance(value, str) else "",  # keys are new each time; workers must name tests alike
)
def test_an_invalid_rsa_key_is_described_exactly(der: bytes, message: str) -> None:
    with pytest.raises(RecordError) as error:
        read(der)
    assert message in str(error.value)


@pytest.mark.parametrize("gone", ["badkeys", "badkeys.keydata"])
def test_a_missing_package_is_named(gone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if gone == "badkeys":
        monkeypatch.setattr(dkim_rsa, "find_spec", lambda _: None)
    else:
        there = find_spec("badkeys")
        monkeypatch.setattr(dkim_rsa, "find_spec", lambda _: there)
        monkeypatch.setattr("importlib.machinery.PathFinder.find_spec", lambda *_: None)
    with pytest.raises(ModuleNotFoundError, match=gone):
        dkim_rsa._checks.__wrapped__()
