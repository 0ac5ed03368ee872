"""Where receivers of RFC 7489 judge a message differently from those of RFC 9989.

The older ones find organizations in a list of public suffixes. They look for a policy at two names: From's domain and
its organization's. We have no such list, so these are the cases in which DNS shows that there may be a difference:

- two domains without a common record, if one is below the other, or both are below a domain with an MX;
- a ``psd=`` tag, which the older ones ignore;
- a policy from a name in between, or from a top-level domain;
- several records: the newer ones discard them and continue, the older ones apply no DMARC (RFC 7489 §6.6.3).
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from elastx_mrs.lookup.answer import Ask
from elastx_mrs.message.alignment import Aligned
from elastx_mrs.receiver.dmarc import Step, Walk


class Identity(NamedTuple):
    """A domain that SPF or DKIM passes for.

    :param what: in words, such as ``DKIM of example.com``.
    """

    domain: str
    what: str
    fits: Aligned


async def differences(ask: Ask, walked: Walk, policy: Step, strict: bool, passed: Sequence[Identity]) -> list[str]:
    """Return what receivers of RFC 7489 judge differently, a sentence each.

    :param policy: the step whose policy applies.
    :param strict: whether every identity must be From's domain itself; then the organization does not matter.
    """
    said = [
        f"{step.name} has several records: RFC 9989 receivers skip them and continue the search, RFC 7489 receivers "
        "apply no DMARC; keep only one of them"
        for step in walked.discarded
        if step.domain == walked.domain
    ]
    if (other := await _other_place(ask, walked.domain, policy.domain)) is not None:
        said.append(
            f"RFC 7489 receivers do not look for a policy at {policy.name}, only at {other}; to give all receivers "
            f"the same policy, publish one at _dmarc.{walked.domain}"
        )
    certain = any(one.fits == "same" or (one.fits == "below" and "." in walked.organizational_domain) for one in passed)
    if not strict and not certain:
        said += [text for one in passed if (text := await _other_alignment(ask, walked, one)) is not None]
    return said


async def _other_place(ask: Ask, domain: str, found: str) -> str | None:
    """Return where an older receiver looks for an inherited policy, or None if it is the same place."""
    if found == domain:
        return None
    if "." not in found:
        return f"_dmarc.{domain} and its organization's domain"
    for parent in _parents(found):
        if await _takes_mail(ask, parent):
            return f"_dmarc.{domain} and _dmarc.{parent} (if {parent} is the registered domain)"
    return None


async def _other_alignment(ask: Ask, walked: Walk, one: Identity) -> str | None:
    """Return how an older receiver aligns a domain differently from a newer one; None if both agree."""
    if one.fits == "below":
        organization = walked.organizational_domain
        return (
            f"{one.what} is aligned only by the record of the top-level domain {organization}, which is not an "
            "organization to RFC 7489 receivers: not aligned for them"
        )
    common = _common(walked.domain, one.domain)
    if one.fits != "no" or "." not in common:
        return None
    if common not in (walked.domain, one.domain) and not await _takes_mail(ask, common):
        return None
    cure = next(
        (
            f"if both are one organization, remove psd={step.psd} from {step.name}"
            for step in walked.steps
            if step.psd != "u"
        ),
        f"to align it for all, publish a DMARC record at _dmarc.{common}",
    )
    return (
        f"{one.what} is not aligned with {walked.domain} for RFC 9989 receivers: the tree walk finds two "
        f"organizations (§4.10.2). For RFC 7489 receivers it is, unless {common} is a public suffix; {cure}"
    )


async def _takes_mail(ask: Ask, domain: str) -> bool:
    """Whether a domain has an MX: an organization usually has one, a public suffix does not."""
    return (await ask(domain, "MX")).status == "found"


def _parents(domain: str) -> Iterator[str]:
    """Yield the parent domains with at least two labels, the shortest first."""
    labels = domain.split(".")
    return (".".join(labels[-count:]) for count in range(2, len(labels)))


def _common(one: str, other: str) -> str:
    """Return the labels that two names have in common at their ends; empty if there are none."""
    shared = []
    for left, right in zip(reversed(one.split(".")), reversed(other.split(".")), strict=False):
        if left != right:
            break
        shared.append(left)
    return ".".join(reversed(shared))
