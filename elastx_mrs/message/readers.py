"""Where receivers of RFC 7489 judge a message otherwise than those of RFC 9989.

The older ones know organisations from a list of public suffixes, and look for a policy at two names: From's domain and
its organisation's. No such list is here, so that these are the cases in which DNS shows that there may be a difference:

- two domains without a common record, where one is in the other, or both are in a domain that takes mail;
- a ``psd=`` tag, which the older ones ignore;
- a policy from a name in between, or from a top-level domain;
- several records: the newer ones discard them and look on, the older ones apply no DMARC (RFC 7489 §6.6.3).
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
    """Return what receivers of RFC 7489 take otherwise, a sentence each.

    :param policy: the step whose policy applies.
    :param strict: whether every identity must be From's domain, for which nobody needs to know an organisation.
    """
    said = [
        f"{step.name} has several records: receivers of RFC 9989 discard them and look on, those of RFC 7489 apply no "
        "DMARC; leave one of them"
        for step in walked.discarded
        if step.domain == walked.domain
    ]
    if (other := await _other_place(ask, walked.domain, policy.domain)) is not None:
        said.append(
            f"receivers of RFC 7489 look for a policy at {other} and not at {policy.name}; publish one at "
            f"_dmarc.{walked.domain}, and all find the same"
        )
    certain = any(one.fits == "same" or (one.fits == "below" and "." in walked.organizational_domain) for one in passed)
    if not strict and not certain:
        said += [text for one in passed if (text := await _other_alignment(ask, walked, one)) is not None]
    return said


async def _other_place(ask: Ask, domain: str, found: str) -> str | None:
    """Return where an older receiver looks for an inherited policy, if that is elsewhere; None where it is not."""
    if found == domain:
        return None
    if "." not in found:
        return f"_dmarc.{domain} and its organisation's domain alone"
    for parent in _parents(found):
        if await _takes_mail(ask, parent):
            return f"_dmarc.{domain} and _dmarc.{parent} alone (where {parent} is what was registered)"
    return None


async def _other_alignment(ask: Ask, walked: Walk, one: Identity) -> str | None:
    """Return how an older receiver aligns what a newer one does not, or the other way round; None where both agree."""
    if one.fits == "below":
        organization = walked.organizational_domain
        return (
            f"{one.what} is aligned by the record of the top-level domain {organization} alone, which receivers of "
            "RFC 7489 take for no organisation: not aligned for them"
        )
    common = _common(walked.domain, one.domain)
    if one.fits != "no" or "." not in common:
        return None
    if common not in (walked.domain, one.domain) and not await _takes_mail(ask, common):
        return None
    cure = next(
        (f"take psd={step.psd} out of {step.name} if the two are one" for step in walked.steps if step.psd != "u"),
        f"with a DMARC record at _dmarc.{common} it is aligned for all",
    )
    return (
        f"{one.what} is not aligned with {walked.domain} for receivers of RFC 9989, whose tree walk finds two "
        f"organisations (§4.10.2); for those of RFC 7489 it is, unless {common} is a public suffix; {cure}"
    )


async def _takes_mail(ask: Ask, domain: str) -> bool:
    """Whether a domain has an MX, as an organisation's has and a public suffix has not."""
    return (await ask(domain, "MX")).status == "found"


def _parents(domain: str) -> Iterator[str]:
    """Yield the domains of two labels and more above one, the shortest first."""
    labels = domain.split(".")
    return (".".join(labels[-count:]) for count in range(2, len(labels)))


def _common(one: str, other: str) -> str:
    """Return the name that two names end in, by whole labels; empty where there is none."""
    shared = []
    for left, right in zip(reversed(one.split(".")), reversed(other.split(".")), strict=False):
        if left != right:
            break
        shared.append(left)
    return ".".join(reversed(shared))
