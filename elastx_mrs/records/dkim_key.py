"""DKIM key records (RFC 6376 §3.6.1): their tags, their keys, and how receivers read them.

:func:`parse` accepts every record that receivers can read, also revoked and test keys. :func:`problems` lists reasons
not to publish a key, and :func:`remarks` lists warnings and notices about a key that may be published.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass

from elastx_mrs import notices
from elastx_mrs.display import describe_character, quoted, visible
from elastx_mrs.records import dkim_rsa
from elastx_mrs.records.dkim_rsa import RsaKey
from elastx_mrs.records.record import RecordError, Remark
from elastx_mrs.records.text import as_text
from elastx_mrs.secrecy import masked

ED25519_OCTETS = 32
_ED25519_INFO = bytes.fromhex("302a300506032b6570032100")  # a SubjectPublicKeyInfo up to its key (RFC 8410 §10.1)
_KNOWN = frozenset("vhknpst")
_MOST_FAULTS = 5
"""Faults of one kind in a message. Nobody reads more, and a hostile record can have thousands."""
_WHITE_SPACE = " \t\r\n"
_VERSION = re.compile(r"[ \t\r\n]*v[ \t\r\n]*=[ \t\r\n]*DKIM1[ \t\r\n]*(?:;|\Z)")
"""The first tag of a key record. Name and value are case-sensitive, with optional white space (§3.2, §3.6.1)."""
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_NAME = _LETTERS | frozenset("0123456789_")
_WORD = _LETTERS | frozenset("0123456789-")
_BASE64 = _LETTERS | frozenset("0123456789+/=")


@dataclass(frozen=True)
class Key:
    """A key record.

    :param tags: names and values in their order, without the white space around them; ``p`` has none within either.
    :param public_key: the decoded ``p=``; empty if the key is revoked.
    :param rsa: the key, if it is a readable RSA key.
    :param fault: why ``public_key`` is not a key of its type; empty if it is one, or is revoked.
    """

    tags: tuple[tuple[str, str], ...]
    public_key: bytes
    rsa: RsaKey | None
    fault: str

    def get(self, name: str, default: str = "") -> str:
        """Return a tag's value as written."""
        return dict(self.tags).get(name, default)

    @property
    def key_type(self) -> str:
        """``k=``: ``rsa``, which is the default, ``ed25519`` (RFC 8463 §4), or one that receivers ignore."""
        return self.get("k", "rsa")

    @property
    def bits(self) -> int | None:
        """The size of an RSA key's modulus, or 256 for Ed25519; None if there is no such key."""
        if self.rsa is not None:
            return self.rsa.bits
        return 8 * ED25519_OCTETS if self.key_type == "ed25519" and self.public_key and not self.fault else None

    @property
    def revoked(self) -> bool:
        """Whether ``p=`` is empty, which revokes the key."""
        return not self.public_key

    @property
    def hash_algorithms(self) -> tuple[str, ...] | None:
        """``h=``: the allowed hash algorithms, such as ``sha256``; None if all are allowed."""
        return self._words("h")

    @property
    def services(self) -> tuple[str, ...]:
        """``s=``: the services that may use the key: ``*`` (all, the default), ``email``."""
        return self._words("s") or ("*",)

    @property
    def flags(self) -> tuple[str, ...]:
        """``t=``: ``y`` for a test, ``s`` if the ``i=`` of a signature must not name a subdomain."""
        return self._words("t") or ()

    @property
    def notes(self) -> str:
        """``n=``: for people to read; as written, which is quoted-printable."""
        return self.get("n")

    def _words(self, name: str) -> tuple[str, ...] | None:
        content = dict(self.tags).get(name)
        return None if content is None else tuple(word.strip(_WHITE_SPACE) for word in content.split(":"))


def parse(value: bytes | str) -> Key:
    """Return the key of a record as it is served, its character-strings joined.

    A revoked key, a key in test mode and a key that no receiver accepts are returned too.

    :raises RecordError: if receivers must discard the record unread: it is not a tag-list (RFC 6376 §3.2), ``v=`` is
        not first or not ``DKIM1``, or ``p=`` is missing or not base64 (§3.6.1).
    """
    text = as_text(value)
    for position, character in enumerate(text, start=1):
        if not (" " <= character <= "~" or character in _WHITE_SPACE):
            where = f"has {describe_character(character)} at position {position}"
            raise RecordError(f"{where}; only printable ASCII is allowed (RFC 6376 §3.2)")
    tags = tag_list(text)
    names = [name for name, _ in tags]
    faults = []
    if "v" in names and tags[0] != ("v", "DKIM1"):
        faults.append("must have v=DKIM1 as its first tag (RFC 6376 §3.6.1)")
    encoded = dict(tags).get("p")
    if encoded is None:
        faults.append("has no p= tag, which holds the key; write the whole value, v=DKIM1; p=… (RFC 6376 §3.6.1)")
    try:
        octets = _base64(encoded or "")
    except RecordError as error:
        faults += error.problems
    if faults:
        raise RecordError(*faults)
    rsa, fault = _key(octets, dict(tags).get("k", "rsa"))
    return Key(tags, octets, rsa, fault)


def is_dkim(value: bytes | str) -> bool:
    """Return whether a TXT value is a DKIM key record: its first tag is ``v=DKIM1``, or it has no ``v`` and parses.

    ``v`` may be left out (§3.6.1). A damaged or revoked key with ``v=DKIM1`` is a key record too.
    """
    if _VERSION.match(as_text(value)) is not None:
        return True
    try:
        parse(value)
    except RecordError:
        return False
    return True


def tag_list(text: str) -> tuple[tuple[str, str], ...]:
    """Return the names and values of a tag-list (RFC 6376 §3.2), without the white space around them.

    ``p`` has none within either, because its base64 may be wrapped. White space after the last ``;`` is allowed, as in
    every verifier. Callers check the characters: a key's record is ASCII, but a mail's header may be UTF-8 (RFC 8616
    §5).

    :raises RecordError: with every part that is not ``tag=value``, and every repeated tag.
    """
    specs = text.split(";")
    if not specs[-1].strip(_WHITE_SPACE):
        specs.pop()
    tags: dict[str, str] = {}
    faults: dict[str, None] = {}
    for spec in specs:
        name, equals, content = (part.strip(_WHITE_SPACE) for part in spec.partition("="))
        if not equals or name[:1] not in _LETTERS or not _NAME.issuperset(name):
            shown = quoted(masked(spec.strip()), 20)
            faults[f"has {shown} where a tag such as v=DKIM1 or p=… is expected (RFC 6376 §3.2)"] = None
        elif name in tags:
            faults[f"has the tag {quoted(name, 20)} twice; are these two keys? Write one (RFC 6376 §3.2)"] = None
        else:
            tags[name] = "".join(content.split()) if name == "p" else content
    if faults:
        raise RecordError(*list(faults)[:_MOST_FAULTS])
    return tuple(tags.items())


def problems(key: Key) -> Iterator[str]:
    """Yield each reason not to publish the key, known weaknesses last."""
    if key.revoked:
        yield (
            "has an empty p=, which means that the key is revoked; write a value with a key, v=DKIM1; p=… "
            "(RFC 6376 §3.6.1)"
        )
    elif key.fault:
        yield key.fault
    yield from _word_problems(key)
    if key.hash_algorithms is not None and "sha256" not in key.hash_algorithms:
        yield (
            f"has h={visible(masked(key.get('h'))[:40])}, which forbids sha256, the only hash that may be used; "
            "remove h= (RFC 8301 §3.1)"
        )
    if not {"*", "email"} & set(key.services):
        yield f"has s={visible(masked(key.get('s'))[:40])}, so it is not for mail; remove s= (RFC 6376 §3.6.1)"
    if key.rsa is None:
        return
    if key.rsa.bits < dkim_rsa.MIN_BITS:
        yield (
            f"is an RSA key of {key.rsa.bits} bits, and receivers ignore keys under {dkim_rsa.MIN_BITS} bits; "
            f"ask for a key of {dkim_rsa.SIGNING_BITS} bits (RFC 8301 §3.2)"
        )
    elif not key.rsa.verifiable:
        yield (
            f"is an RSA key too large for receivers ({key.rsa.bits} bits, exponent of {key.rsa.exponent.bit_length()} "
            f"bits); ask for {dkim_rsa.SIGNING_BITS} bits and the exponent 65537 (RFC 8301 §3.2)"
        )
    else:
        yield from dkim_rsa.weaknesses(key.rsa)


def remarks(key: Key) -> Iterator[Remark]:
    """Yield the warnings and notices about a key that may be published."""
    if key.tags[0][0] != "v":
        yield Remark("has no v=DKIM1; put v=DKIM1; first (RFC 6376 §3.6.1: recommended)", notices.NO_VERSION)
    if key.rsa is not None and key.rsa.verifiable:
        yield from _rsa_remarks(key.rsa)
    if "y" in key.flags:
        yield Remark(
            "has t=y, test mode: receivers may treat signed mail as unsigned; remove t=y (RFC 6376 §3.6.1)",
        )
    if "s" in key.flags:
        yield Remark(
            "has t=s: the i= of a signature must not name a subdomain; remove t=s if subdomains send too "
            "(RFC 6376 §3.6.1)",
            notices.STRICT_KEY,
        )
    if "sha1" in (key.hash_algorithms or ()):
        yield Remark("has sha1 in h=, which must no longer be used; remove h= (RFC 8301 §3.1)", notices.SHA1)
    for name, _ in key.tags:
        if name == "g":
            yield Remark(
                "has g=, which RFC 6376 dropped (appendix E): old receivers compare it with the sender's address; "
                "remove g= (RFC 4871 §3.6.1)",
            )
        elif name not in _KNOWN and name.lower() in _KNOWN:
            yield Remark(
                f"has the tag {name}, which receivers ignore, because tags are case-sensitive; "
                f"write {name.lower()} (RFC 6376 §3.2)",
            )


def _base64(text: str) -> bytes:
    for character in text:
        if character not in _BASE64:
            raise RecordError(
                f"has {describe_character(character)} in p=, which is not base64; "
                "paste the whole value again (RFC 6376 §3.6.1)"
            )
    if "=" in text.rstrip("="):
        raise RecordError("has more text in p= after the '=' that ends the base64; paste only the value")
    if len(text) % 4 or text.endswith("==="):  # Python lets any number of "=" follow four whole characters
        raise RecordError(
            f"has a p= of {len(text)} characters that is cut off or damaged. Base64 comes in groups of four and ends "
            "in at most two '='; paste the whole value again (RFC 6376 §3.6.1)"
        )
    return base64.b64decode(text)


def _key(octets: bytes, key_type: str) -> tuple[RsaKey | None, str]:
    """Return the RSA key, if it is one, and the fault of the key, if it has one."""
    if not octets:
        return None, ""
    if key_type not in ("rsa", "ed25519"):
        shown = visible(masked(key_type)[:20])
        return None, f"has k={shown}; receivers know rsa and ed25519 and ignore others (RFC 6376 §3.6.1, RFC 8463 §4)"
    if octets.startswith(_ED25519_INFO) and len(octets) == len(_ED25519_INFO) + ED25519_OCTETS:
        bare = base64.b64encode(octets.removeprefix(_ED25519_INFO)).decode()
        return None, f"has an Ed25519 key in a SubjectPublicKeyInfo; write k=ed25519; p={bare} (RFC 8463 §4.2)"
    if key_type == "ed25519":
        return None, _ed25519_fault(octets)
    if len(octets) == ED25519_OCTETS:
        return None, "has a p= of 32 octets, an Ed25519 key, but no k=; write k=ed25519 before p= (RFC 8463 §4)"
    try:
        return dkim_rsa.read(octets), ""
    except RecordError as error:
        return None, str(error)


def _ed25519_fault(octets: bytes) -> str:
    if len(octets) == ED25519_OCTETS:
        return ""
    try:
        dkim_rsa.read(octets)
    except RecordError as error:
        if str(error) == dkim_rsa.PRIVATE:
            return str(error)
        return (
            f"has an Ed25519 key of {len(octets)} octets, not {ED25519_OCTETS}; paste the whole value again "
            "(RFC 8463 §4.2)"
        )
    return "has k=ed25519, but its key is RSA; remove k= (RFC 8463 §4)"


def _word_problems(key: Key) -> Iterator[str]:
    """Yield the first part of each list that is neither a hyphenated-word (RFC 6376 §3.6.1) nor ``*``."""
    for name, words in (("h", key.hash_algorithms), ("s", key.services), ("t", key.flags)):
        for word in words or ():
            if word != "*" and (word[:1] not in _LETTERS or word[-1] == "-" or not _WORD.issuperset(word)):
                shown = quoted(masked(word.strip()), 20)
                yield f"has {shown} in {name}=, which is not a word; write ':' between words (RFC 6376 §3.6.1)"
                break


def _rsa_remarks(key: RsaKey) -> Iterator[Remark]:
    if key.bits < dkim_rsa.SIGNING_BITS:
        yield Remark(
            f"is an RSA key of {key.bits} bits, and signers should use {dkim_rsa.SIGNING_BITS} bits; ask for a new key "
            "(RFC 8301 §3.2)",
        )
    if key.bits > dkim_rsa.MAX_REQUIRED_BITS:
        yield Remark(
            f"is an RSA key of {key.bits} bits, and receivers need not verify keys over {dkim_rsa.MAX_REQUIRED_BITS} "
            f"bits; use a key of {dkim_rsa.SIGNING_BITS} bits (RFC 8301 §3.2)",
        )
    if key.encoding == "RSAPublicKey":
        yield Remark(
            "is a bare RSAPublicKey (PKCS #1), which not every receiver reads; write a SubjectPublicKeyInfo, the usual "
            "form (RFC 6376 appendix C, erratum 3017)",
        )
    for oddity in dkim_rsa.oddities(key):
        yield Remark(oddity)
