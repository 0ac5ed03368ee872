"""DKIM signatures of a message, verified now: dkimpy does the cryptography, the keys come through our own lookup.

dkimpy takes *there is no key* and *could not ask* for the same, and heeds neither a key's ``h=`` and ``s=`` nor that
From must be signed; that is looked at here first.
"""

import ast
import asyncio
import datetime
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from elastx_mrs.display import mail_text, visible
from elastx_mrs.extras import NotInstalledError
from elastx_mrs.lookup.answer import Answer, Ask
from elastx_mrs.message.parse import Message
from elastx_mrs.records import RecordError, dkim_key, names
from elastx_mrs.records.dkim_key import Key
from elastx_mrs.verify.check import Verdict

MOST = 10
"""Signatures that are verified; anybody can put more in front of a message."""

MAX_LENGTH = 8_000
"""Octets of a signature's field: the longest that makes sense is some 4000, and dkimpy's time goes with the square."""

MAX_BITS = 16_384
"""Of an RSA key; larger ones only cost time (RFC 8301 §3.2: 4096 need be verified)."""

_OCTETS = re.compile(r"""\bb'(?:[^'\\]|\\.)*'|\bb"(?:[^"\\]|\\.)*\"""")
"""Octets in a message of dkimpy, as Python writes them."""

_PUBLISH = "publish the DKIM record of this selector, as the signer provides it; see: elastx-mrs records"
_SAVE = "save the message again as it was received, whole and unchanged; if it is, something on its way changed it"


@dataclass(frozen=True)
class Signature:
    """One DKIM-Signature field (RFC 6376 §3.5) and what became of it.

    :param verdict: ``absent``: there is no key; ``unreachable``: its key could not be asked for; ``unchecked``: what
        would verify it is not installed, or it is one too many.
    :param domain: ``d=`` as lower-case A-labels, and ``selector`` ``s=``; empty where they cannot be read.
    :param seen: what was found, in a few words; safe to show.
    :param headers: the names of the header fields that it signs.
    :param notes: what is good to know and fails nothing.
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
        """Where its key is."""
        return f"{self.selector}._domainkey.{self.domain}" if self.domain else ""


class _FaultError(Exception):
    """Why a signature is not good."""

    def __init__(self, verdict: Verdict, seen: str, cure: str) -> None:
        self.verdict, self.seen, self.cure = verdict, seen, cure
        super().__init__(seen)


async def verify(ask: Ask, message: Message) -> tuple[Signature, ...]:
    """Return the signatures, the topmost first, each verified against the key that is served now.

    :raises NotInstalledError: without dkimpy, which the extra ``message`` has.
    """
    if not message.all("dkim-signature"):
        return ()
    dkim = _dkim()
    try:
        fields = [value for name, value in dkim.rfc822_parse(message.octets)[0] if name.lower() == b"dkim-signature"]
    except (dkim.DKIMException, IndexError) as error:
        return (Signature("wrong", "", "", f"the header cannot be read: {_safe(error)}", _SAVE),)
    return tuple(await asyncio.gather(*(_verified(ask, message, place, raw) for place, raw in enumerate(fields))))


async def _verified(ask: Ask, message: Message, place: int, field: bytes) -> Signature:
    domain = selector = ""
    headers: tuple[str, ...] = ()
    try:
        if place >= MOST:
            raise _FaultError("unchecked", f"is one of over {MOST} signatures", "")
        tags = _tags(field)
        domain, selector = _place(tags)
        headers = tuple(name.lower() for name in re.split(r"\s*:\s*", tags["h"]))
        _check_tags(tags, headers)
        record, key = _key(await ask(f"{selector}._domainkey.{domain}", "TXT"))
        _check_key(key, tags, domain)
        _check_octets(message, place, record)
        notes = (*_notes(key, tags), *dkim_key.problems(key))
        return Signature("pass", domain, selector, f"{tags['a']}, {key.bits} bits", "", headers, notes)
    except _FaultError as fault:
        return Signature(fault.verdict, domain, selector, fault.seen, fault.cure, headers)


def _tags(field: bytes) -> dict[str, str]:
    if len(field) > MAX_LENGTH:
        raise _FaultError("wrong", f"is {len(field)} octets long", "have the message signed anew")
    try:
        tags = dict(dkim_key.tag_list(field.decode("utf-8", "surrogateescape").strip()))
    except RecordError as error:
        raise _FaultError("wrong", f"cannot be read: it {error}", _SAVE) from None
    missing = [f"{name}=" for name in ("v", "a", "b", "bh", "d", "h", "s") if name not in tags]
    if missing:
        raise _FaultError("wrong", f"has no {', '.join(missing)} (RFC 6376 §3.5)", _SAVE)
    return tags


def _place(tags: dict[str, str]) -> tuple[str, str]:
    try:
        return names.sender_domain(tags["d"]), names.selector(tags["s"])
    except RecordError as error:
        raise _FaultError("wrong", f"has a d= or s= that {error} (RFC 6376 §3.5)", _SAVE) from None


def _check_tags(tags: dict[str, str], headers: tuple[str, ...]) -> None:
    if "from" not in headers:
        raise _FaultError("wrong", "does not sign From (RFC 6376 §5.4)", "have the signer sign it")
    if tags["a"] not in ("rsa-sha256", "ed25519-sha256"):
        seen = f"has a={visible(tags['a'][:20])}, which receivers must not accept (RFC 8301 §3.1)"
        raise _FaultError("wrong", seen, "have the signer use rsa-sha256")
    if tags.get("x", "").isdecimal() and len(tags["x"]) < 12 and int(tags["x"]) < time.time():
        moment = datetime.datetime.fromtimestamp(int(tags["x"]), datetime.UTC)
        cure = "send a new message and check it before then; nothing can be said of this one now"
        raise _FaultError("wrong", f"expired on {moment:%Y-%m-%d %H:%M} UTC, by its x= (RFC 6376 §3.5)", cure)


def _key(answer: Answer) -> tuple[bytes, Key]:
    """Return the one key record among the TXT records (RFC 6376 §3.6.2.2)."""
    if answer.status == "failed":
        raise _FaultError(
            "unreachable", f"its key at {answer.name} could not be asked for: {answer.problem}", "try again"
        )
    read, problems = [], []
    for value in answer.texts():
        try:
            read.append((value, dkim_key.parse(value)))
        except RecordError as error:
            problems.append(str(error))
    if not read and problems:
        raise _FaultError("wrong", f"the TXT record at {answer.name} {problems[0]}", _PUBLISH)
    if not read:
        raise _FaultError("absent", f"there is no key at {answer.name}", _PUBLISH)
    if len(read) > 1:
        cure = "leave the one that the signer provides"
        raise _FaultError("wrong", f"there are {len(read)} key records at {answer.name} (RFC 6376 §3.6.2.2)", cure)
    return read[0]


def _check_key(key: Key, tags: dict[str, str], domain: str) -> None:
    """Refuse what receivers refuse of a key, where dkimpy does not (RFC 6376 §6.1.2)."""
    if key.revoked:
        raise _FaultError("wrong", "its key is revoked: p= is empty (RFC 6376 §3.6.1)", _PUBLISH)
    if key.fault:
        raise _FaultError("wrong", f"its key {key.fault}", _PUBLISH)
    if key.key_type != tags["a"].partition("-")[0]:
        raise _FaultError("wrong", f"has a={tags['a']}, and its key is {key.key_type} (RFC 6376 §6.1.2)", _PUBLISH)
    if key.hash_algorithms is not None and "sha256" not in key.hash_algorithms:
        raise _FaultError("wrong", "its key's h= forbids sha256 (RFC 6376 §3.6.1)", "take h= out of the key record")
    if not {"*", "email"} & set(key.services):
        raise _FaultError("wrong", "its key's s= says that it is not for mail (RFC 6376 §3.6.1)", "take s= out of it")
    if key.rsa is not None and (not key.rsa.verifiable or not 1024 <= key.rsa.bits <= MAX_BITS):
        raise _FaultError("wrong", f"its key has {key.bits} bits, which receivers ignore (RFC 8301 §3.2)", _PUBLISH)
    identity = tags.get("i", f"@{domain}").rpartition("@")[2].lower()
    if "s" in key.flags and identity != domain:
        seen = f"has i=…@{visible(identity[:80])}, and its key's t=s wants {domain} (RFC 6376 §3.6.1)"
        raise _FaultError("wrong", seen, "take t=s out of the key record")


def _check_octets(message: Message, place: int, record: bytes) -> None:
    dkim = _dkim()

    def served(name: bytes, timeout: int = 0) -> bytes:
        return record

    try:
        if dkim.DKIM(message.octets).verify(idx=place, dnsfunc=served):
            return
    except dkim.NaClNotFoundError:
        raise _FaultError(
            "unchecked", "is Ed25519, for which PyNaCl is needed", "pip install 'dkimpy[ed25519]'"
        ) from None
    except dkim.ValidationError as error:
        if "body hash mismatch" in str(error):
            raise _FaultError("wrong", "the body is not what was signed: its hash differs", _SAVE) from None
        raise _FaultError("wrong", _safe(error), _SAVE) from None
    except Exception as error:  # what dkimpy raises for what somebody made up is not documented
        raise _FaultError("wrong", f"{type(error).__name__}: {_safe(error)}", _SAVE) from None
    cure = f"is the key of this selector the one that signs? Else {_SAVE}"
    raise _FaultError("wrong", "a signed header field is not what was signed, or another key signed it", cure)


def _notes(key: Key, tags: dict[str, str]) -> Iterator[str]:
    if "y" in key.flags:
        yield "its key is in test mode (t=y): receivers may treat the message as if it were not signed"
    if "l" in tags:
        yield f"signs the first {visible(tags['l'][:20])} octets of the body only (l=): anybody may add to it"


def _safe(error: Exception) -> str:
    return visible(_OCTETS.sub(lambda found: mail_text(ast.literal_eval(found[0])), str(error))[:200])


def _dkim() -> Any:
    try:
        import dkim
    except ImportError:
        raise NotInstalledError("dkimpy", "message") from None
    return dkim
