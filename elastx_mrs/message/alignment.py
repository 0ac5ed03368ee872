"""How the domain of a signature or of a return path fits that of From (RFC 9989 §4.10.2)."""

from collections.abc import Mapping
from typing import Literal

from elastx_mrs.lookup.answer import Ask
from elastx_mrs.receiver.dmarc import Walk, walk
from elastx_mrs.records import RecordError, names

Aligned = Literal["same", "below", "no", "unknown"]
"""How a domain fits that of From: the same, below one organisational domain where that is enough, or not at all."""

FITS: Mapping[Aligned, str] = {
    "same": "aligned (the same domain)",
    "below": "aligned (relaxed)",
    "no": "not aligned",
    "unknown": "alignment is unknown, because DNS did not answer",
}


async def aligned(ask: Ask, walked: Walk, domain: str, mode: str) -> Aligned:
    """Return how a domain fits that of From.

    :param walked: the tree walk of From's domain.
    :param mode: ``r``, where one organisational domain is enough, or ``s``.
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
    """Return it in words."""
    return f"not aligned with {domain}" if fits == "no" else FITS[fits]
