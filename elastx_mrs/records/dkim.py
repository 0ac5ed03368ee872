"""DKIM key records (RFC 6376 §3.6.1): the public key that receivers check the relay's signatures with.

The value is over 255 octets, so people paste it in many forms. :mod:`elastx_mrs.records.paste` reads them all,
:mod:`elastx_mrs.records.dkim_key` checks that it is a whole public key that receivers accept, and
:mod:`elastx_mrs.records.text` cuts it on the way out.
"""

import hashlib
import re

from elastx_mrs import limits
from elastx_mrs.display import quoted, visible
from elastx_mrs.records import dkim_key
from elastx_mrs.records.dkim_rsa import PRIVATE
from elastx_mrs.records.names import owner_name
from elastx_mrs.records.paste import Pasted, unpasted
from elastx_mrs.records.record import RecordError, Remark, TxtRecord
from elastx_mrs.records.text import check_printable
from elastx_mrs.service import ELASTX, Service

_PRIVATE = re.compile(r"PRIVATE\s+KEY", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")
"""What a key without tags looks like, also one line of a PEM file."""
_OTHERS = ("v=spf1", "v=DMARC1", "v=BIMI1", "v=STSv1", "v=TLSRPTv1")


def dkim(domain: str, selector: str, value: str, ttl: int | None = None, service: Service = ELASTX) -> TxtRecord:
    """Return the key record, a TXT at ``<selector>._domainkey`` below the domain (RFC 6376 §3.6.2.1)."""
    owner = owner_name(f"{selector}._domainkey", domain)
    return TxtRecord(domain, "dkim", owner, value, ttl, selector="" if selector == service.dkim_selector else selector)


def from_paste(text: str, selector: str = "", service: Service = ELASTX) -> Pasted:
    """Return the value of a pasted DKIM record as one string.

    It reads all forms of :func:`elastx_mrs.records.paste.unpasted`.

    :param selector: the selector of the record; empty for the service's own.
    :raises RecordError: if it is not one whole public key that receivers accept. It may be empty, cut off, private,
        another record's, revoked, too short or weak (RFC 6376 §3.6.1, RFC 8301 §3, RFC 8463 §4).
    """
    if not text.strip():
        raise RecordError(f"is empty; write the value that {service.name} provides, v=DKIM1; p=…")
    if _PRIVATE.search(text):
        raise RecordError(PRIVATE)
    if "-----begin" in text.lower():
        raise RecordError("is a PEM file; write the record's value, v=DKIM1; p=<the lines between BEGIN and END>")
    if len(text) <= limits.PASTED.most and _BASE64.fullmatch("".join(text.split())):
        raise RecordError("is base64 without tags, not shown because it may be a private key; write v=DKIM1; p=…")
    pasted = unpasted(text, "DKIM", dkim_key.is_dkim, selector or service.dkim_selector)
    _check_selector(pasted.owner, selector or service.dkim_selector)
    value = _unwrap(pasted)
    for other in (*_OTHERS, service.challenge_prefix):
        if value.lower().startswith(other.lower()):
            raise RecordError(f"is for another record: it begins with {other}; a DKIM value begins with v=DKIM1;")
    problems = list(dkim_key.problems(dkim_key.parse(check_printable(value))))
    if problems:
        raise RecordError(*problems)
    return Pasted(value, pasted.owner, pasted.extra)


def remarks(value: str) -> list[Remark]:
    """Return the remarks on a value that :func:`from_paste` returned.

    :raises RecordError: if receivers cannot read it, as :func:`elastx_mrs.records.dkim_key.parse`.
    """
    return list(dkim_key.remarks(dkim_key.parse(value)))


def fingerprint(value: bytes | str) -> str:
    """Return the SHA-256 of a record's public key, the decoded ``p=``, as 64 hex digits: the same for the same key.

    :raises RecordError: if receivers cannot read it, as :func:`elastx_mrs.records.dkim_key.parse`.
    """
    return hashlib.sha256(dkim_key.parse(value).public_key).hexdigest()


def _check_selector(owner: str, selector: str) -> None:
    """Refuse the record of another selector."""
    labels = owner.partition("._domainkey")
    if labels[1] and labels[0] != selector:
        pasted = visible(labels[0][:63])
        raise RecordError(
            f"is the record of selector {pasted}, not {quoted(selector, 20)}; to publish it, set selector: {pasted}"
        )


def _unwrap(value: str) -> str:
    """Return the value with no white space at all inside ``p=`` (RFC 6376 §3.6.1: FWS)."""
    specs = []
    for spec in value.split(";"):
        name, equals, content = spec.partition("=")
        is_key = equals and name.strip() == "p"
        specs.append(name + equals + "".join(content.split()) if is_key else spec)
    return ";".join(specs).strip()
