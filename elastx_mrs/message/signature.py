"""DKIM signatures of a message, verified now: dkimpy does the cryptography, our own lookup finds the keys.

dkimpy does not distinguish a missing key from a failed query. It ignores a key's ``h=`` and ``s=``, and that From must
be signed. It refuses lists in ``s=`` and ``q=``, names in two forms, and a whole header with a space before a colon. So
this module checks all of that, and dkimpy gets only the hashes and a key.
"""

import ast
import asyncio
import base64
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elastx_mrs import descriptors, limits
from elastx_mrs.check import Verdict
from elastx_mrs.display import mail_text, visible
from elastx_mrs.extras import NotInstalledError
from elastx_mrs.lookup.answer import Answer, Ask
from elastx_mrs.message import signature_tags
from elastx_mrs.message.parse import Message, RawField
from elastx_mrs.message.signature_tags import SAVE, FaultError
from elastx_mrs.records import RecordError, dkim_key
from elastx_mrs.records.dkim_key import Key
from elastx_mrs.records.dkim_rsa import MIN_BITS

_OCTETS = re.compile(r"""\bb'(?:[^'\\]|\\.)*'|\bb"(?:[^"\\]|\\.)*\"""")
"""Matches octets in an error of dkimpy, as Python writes them."""

_PUBLISH = "publish the DKIM record of this selector, as the signer provides it; see: elastx-mrs records"


@dataclass(frozen=True)
class Signature:
    """One DKIM-Signature field (RFC 6376 §3.5) with its verdict.

    :param verdict: ``absent``: there is no key; ``unreachable``: the key could not be queried; ``unchecked``: a package
        is missing, or there are too many signatures.
    :param domain: ``d=`` as lower-case A-labels, and ``selector`` ``s=``; empty if they are unreadable.
    :param seen: the finding in words, safe to show.
    :param headers: the names of the signed header fields.
    :param notes: notices, which fail nothing.
    """

    verdict: Verdict
    domain: str
    selector: str
    seen: str
    cure: str = ""
    headers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of its key record."""
        return f"{self.selector}._domainkey.{self.domain}" if self.domain else ""


async def verify(ask: Ask, message: Message) -> tuple[Signature, ...]:
    """Return the signatures from the top, each verified with the key that DNS serves now.

    :raises NotInstalledError: if dkimpy is missing, which is in the extra ``message``.
    """
    if not message.all("dkim-signature"):
        return ()
    _dkim()
    fields = [field for field in message.raw if _Name(field.name).lower() == b"dkim-signature"]
    return tuple(await asyncio.gather(*(_verified(ask, message, place, field) for place, field in enumerate(fields))))


async def _verified(ask: Ask, message: Message, place: int, field: RawField) -> Signature:
    domain = selector = ""
    headers: tuple[str, ...] = ()
    try:
        if place >= limits.DKIM_SIGNATURES.most:
            raise FaultError("unchecked", f"was not checked: the message has over {limits.DKIM_SIGNATURES.text}", "")
        tags = signature_tags.tags_of(field.value)
        domain, selector = signature_tags.place(tags)
        headers = signature_tags.header_names(tags)
        signature_tags.check(tags, headers, domain)
        key = _key(await ask(f"{selector}._domainkey.{domain}", "TXT"))
        _check_key(key, tags, domain)
        _check_octets(message, field, tags, key)
        notes = (*_notes(key, tags), *dkim_key.problems(key))
        return Signature("pass", domain, selector, f"{tags['a']}, {key.bits} bits", "", headers, notes)
    except FaultError as fault:
        return Signature(fault.verdict, domain, selector, fault.seen, fault.cure, headers)


def _key(answer: Answer) -> Key:
    """Return the only key record among the TXT records (RFC 6376 §3.6.2.2)."""
    if answer.status == "failed":
        seen = f"its key at {answer.name} could not be queried: {answer.problem}"
        raise FaultError("unreachable", seen, descriptors.cure(seen, "try again"))
    read, problems = [], []
    for value in answer.texts():
        try:
            read.append(dkim_key.parse(value))
        except RecordError as error:
            problems.append(str(error))
    if not read and problems:
        raise FaultError("wrong", f"the TXT record at {answer.name} {problems[0]}", _PUBLISH)
    if not read:
        raise FaultError("absent", f"there is no key at {answer.name}", _PUBLISH)
    if len(read) > 1:
        cure = "keep only the one that the signer provides"
        raise FaultError("wrong", f"there are {len(read)} key records at {answer.name} (RFC 6376 §3.6.2.2)", cure)
    return read[0]


def _check_key(key: Key, tags: Mapping[str, str], domain: str) -> None:
    """Refuse keys that receivers refuse and dkimpy accepts (RFC 6376 §6.1.2)."""
    if key.revoked:
        raise FaultError("wrong", "its key is revoked: p= is empty (RFC 6376 §3.6.1)", _PUBLISH)
    if key.fault:
        raise FaultError("wrong", f"its key {key.fault}", _PUBLISH)
    if key.key_type != tags["a"].partition("-")[0]:
        raise FaultError("wrong", f"has a={tags['a']}, but its key is {key.key_type} (RFC 6376 §6.1.2)", _PUBLISH)
    if key.hash_algorithms is not None and "sha256" not in key.hash_algorithms:
        raise FaultError("wrong", "its key's h= forbids sha256 (RFC 6376 §3.6.1)", "remove h= from the key record")
    if not {"*", "email"} & set(key.services):
        raise FaultError(
            "wrong", "its key's s= says that it is not for mail (RFC 6376 §3.6.1)", "remove s= from the key record"
        )
    if key.rsa is not None and (not key.rsa.verifiable or key.rsa.bits < MIN_BITS):
        raise FaultError("wrong", f"its key has {key.bits} bits, which receivers ignore (RFC 8301 §3.2)", _PUBLISH)
    identity = signature_tags.identity_domain(tags, domain)
    if "s" in key.flags and identity != domain:
        seen = f"has i=…@{visible(identity[:80])}, but t=s in its key requires {domain} (RFC 6376 §3.6.1)"
        raise FaultError("wrong", seen, "remove t=s from the key record")


class _Name(bytes):
    """A field's name as it was signed; a lookup ignores white space before its colon."""

    def lower(self) -> bytes:
        return bytes(self).rstrip(b" \t").lower()


def _check_octets(message: Message, field: RawField, tags: Mapping[str, str], key: Key) -> None:
    dkim = _dkim()
    # Only the key: dkimpy accepts no list in s=, and the other tags are already checked.
    record = f"v=DKIM1; k={key.key_type}; p={base64.b64encode(key.public_key).decode()}".encode()

    def served(name: bytes, timeout: int = 0) -> bytes:
        return record

    given = {name.encode(): value.encode("utf-8", "surrogateescape") for name, value in tags.items()}
    headers = [name.encode("utf-8", "surrogateescape") for name in signature_tags.header_names(tags)]
    verifier = dkim.DKIM()
    verifier.headers = _signed(message, headers)
    header, _, body = tags.get("c", "simple").partition("/")
    verifier.body = message.relaxed if body == "relaxed" else message.simple
    if verifier.body:  # simple keeps a canonical body, and relaxed would process it again
        given[b"c"] = f"{header}/simple".encode()
    try:
        signature_tags.check_length(tags, len(verifier.body))
        if verifier.verify_sig(given, headers, (field.name, field.value), served):
            return
    except FaultError:
        raise
    except dkim.NaClNotFoundError:
        raise FaultError("unchecked", "is Ed25519, which needs PyNaCl", "pip install 'dkimpy[ed25519]'") from None
    except dkim.ValidationError as error:
        if "body hash mismatch" in str(error):
            raise FaultError("wrong", "the body was changed after signing: its hash differs", SAVE) from None
        raise FaultError("wrong", _safe(error), SAVE) from None
    except Exception as error:  # dkimpy's exceptions for hostile input are not documented
        raise FaultError("wrong", f"{type(error).__name__}: {_safe(error)}", SAVE) from None
    cure = f"check that the signer uses this selector's key; if it does, {SAVE}"
    raise FaultError("wrong", "a signed header field was changed, or another key signed the message", cure)


def _signed(message: Message, headers: Sequence[bytes]) -> list[tuple[_Name, bytes]]:
    """Return the signed fields: for each name the lowest ones, as many as ``h=`` lists (RFC 6376 §5.4.2).

    dkimpy searches all fields for each name, and also for another From, because none may be added.
    """
    wanted = Counter([*headers, b"from"])
    found = []
    for field in reversed(message.raw):
        name = _Name(field.name)
        if wanted[name.lower()] > 0:
            wanted[name.lower()] -= 1
            found.append((name, field.value))
    return found[::-1]


def _notes(key: Key, tags: Mapping[str, str]) -> Iterator[str]:
    if "y" in key.flags:
        yield "its key is in test mode (t=y): receivers may treat the message as if it were not signed"
    if "l" in tags:
        yield f"signs only the first {visible(tags['l'][:20])} octets of the body (l=), so anybody can add text"


def _safe(error: Exception) -> str:
    return visible(_OCTETS.sub(lambda found: mail_text(ast.literal_eval(found[0])), str(error))[:200])


def _dkim() -> Any:
    try:
        import dkim
    except ImportError:
        raise NotInstalledError("dkimpy", "message") from None
    return dkim
