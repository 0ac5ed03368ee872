"""Alignment of a signature's or a return path's domain with that of From (RFC 9989 §4.10.2)."""

from collections.abc import Mapping
from typing import Literal

from elastx_mrs.lookup.answer import Ask
from elastx_mrs.receiver.dmarc import Walk, walk
from elastx_mrs.records import RecordError, names

Aligned = Literal["same", "below", "no", "unknown"]
"""The alignment with From's domain: the same, in the same organization in relaxed mode, none, or unknown."""

FITS: Mapping[Aligned, str] = {
    "same": "aligned (the same domain)",
    "below": "aligned (relaxed)",
    "no": "not aligned",
    "unknown": "alignment is unknown, because DNS did not answer",
}


async def aligned(ask: Ask, walked: Walk, domain: str, mode: str) -> Aligned:
    """Return the alignment of a domain with that of From.

    :param walked: the tree walk of From's domain.
    :param mode: ``r`` for relaxed, or ``s`` for strict.
    """
    if domain == walked.domain:
        return "same"
    try:
        names.mail_domain(domain)
    except RecordError:
        return "no"
    if mode == "s":
        return "no"
    other = await walk(ask, domain)
    if other.failed is not None or walked.failed is not None:
        return "unknown"
    return "below" if other.organizational_domain == walked.organizational_domain else "no"


def fit(fits: Aligned, domain: str) -> str:
    """Return the alignment in words."""
    return f"not aligned with {domain}" if fits == "no" else FITS[fits]
