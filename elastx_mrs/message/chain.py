"""SPF, DKIM and DMARC of a message together: which domain each is about, and whether that is the From domain's.

DMARC passes where SPF or DKIM does for a domain that is *aligned* with that of From (RFC 9989 §4.4). What SPF came to
only the receiver knows, as it saw who connected; DKIM and DMARC are asked for now.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from elastx_mrs.display import visible
from elastx_mrs.lookup.answer import Ask
from elastx_mrs.message import authentication_results
from elastx_mrs.message.authentication_results import SpfClaim
from elastx_mrs.message.parse import Message
from elastx_mrs.message.signature import Signature, verify
from elastx_mrs.receiver import dmarc as tree
from elastx_mrs.receiver.dmarc import Walk
from elastx_mrs.records import RecordError, names
from elastx_mrs.records.dmarc_policy import POLICIES, strength
from elastx_mrs.service import ELASTX, Service
from elastx_mrs.verify.check import Check, Verdict

Aligned = Literal["same", "below", "no", "unknown"]
"""How a domain fits that of From: the same, below one organisational domain where that is enough, or not at all."""

_FITS = {
    "same": "aligned (the same domain)",
    "below": "aligned (relaxed)",
    "no": "not aligned",
    "unknown": "alignment could not be asked for",
}


@dataclass(frozen=True)
class Chain:
    """All of it.

    :param findings: SPF, DKIM and DMARC; ``unreachable`` also where the receiver could not ask.
    :param signatures: each with how its domain is aligned.
    :param said: the receiver's name, and all that it says it found.
    """

    sender: str
    return_path: str | None
    findings: tuple[Check, ...]
    signatures: tuple[tuple[Signature, Aligned], ...]
    said: authentication_results.Claims | None


async def judge(ask: Ask, message: Message, service: Service = ELASTX) -> Chain:
    """Return whether the chain worked for a message; DNS is asked now.

    :param service: the relay service that the message was sent through.
    :raises NotInstalledError: where the message is signed and dkimpy is not there.
    """
    signatures = await verify(ask, message)
    walk = await tree.walk(ask, message.domain)
    policy = walk.found.policy if walk.found is not None else None
    adkim, aspf = (policy.adkim, policy.aspf) if policy is not None else ("r", "r")
    fits = [(one, await _aligned(ask, walk, one.domain, adkim)) for one in signatures]
    claim = authentication_results.spf(message)
    spf_fits = await _aligned(ask, walk, claim.domain, aspf) if claim is not None else "no"
    exists = (await ask(message.domain, "A")).status != "nxdomain"
    findings = (
        _spf(claim, spf_fits, message.domain, service),
        _dkim(fits, message.domain),
        _dmarc(walk, claim, spf_fits, fits, exists=exists),
    )
    return Chain(message.sender, message.return_path, findings, tuple(fits), authentication_results.claims(message))


async def _aligned(ask: Ask, walk: Walk, domain: str, mode: str) -> Aligned:
    """Return how a domain fits that of From (RFC 9989 §4.10.2): relaxed is one organisational domain."""
    if domain == walk.domain:
        return "same"
    try:
        names.sender_domain(domain)
    except RecordError:
        return "no"
    if mode == "s":
        return "no"
    other = await tree.walk(ask, domain)
    if other.failed is not None or walk.failed is not None:
        return "unknown"
    return "below" if other.organizational_domain == walk.organizational_domain else "no"


def _spf(claim: SpfClaim | None, fits: Aligned, domain: str, service: Service) -> Check:
    expected = "spf=pass, said by the receiver (RFC 8601, RFC 7208 §9.1)"
    if claim is None:
        seen = "neither Authentication-Results nor Received-SPF says anything of it"
        cure = "save the message with its whole header, from a receiver that checks SPF"
        return Check("SPF", "unchecked", expected, seen, f"{cure}; or: elastx-mrs spf {domain} --ip ADDRESS")
    checked = _shown(claim.domain) or "a domain that it does not name"
    seen = f"{_shown(claim.source)} says {claim.result} for {checked} ({claim.identity}), {_fit(fits, domain)}"
    seen += "; that is its word, and was not checked now"
    if claim.result == "pass":
        return Check("SPF", "pass", expected, seen)
    if claim.result == "temperror":
        return Check("SPF", "unreachable", expected, seen, "the receiver could not ask DNS: send another message")
    looked = (
        f"elastx-mrs spf {shlex.quote(checked)}" if claim.domain else "elastx-mrs spf, of the domain of Return-Path"
    )
    return Check("SPF", "wrong", expected, seen, f"check that its record has {service.include}: {looked}")


def _dkim(fits: Sequence[tuple[Signature, Aligned]], domain: str) -> Check:
    """Judge the signatures together: one that is verified and aligned is enough, and others are nobody's matter."""
    expected = f"a signature of {domain} that the key in DNS verifies (RFC 6376 §6.1)"
    if not fits:
        cure = f"have the relay sign for {domain}: is its DKIM record in DNS? See: elastx-mrs records"
        return Check("DKIM", "absent", expected, "the message is not signed", cure)
    order: tuple[Verdict, ...] = ("pass", "unreachable", "unchecked", "wrong", "absent")
    own = [(one, fit) for one, fit in fits if fit != "no"]
    best, fit = min(own or fits, key=lambda pair: order.index(pair[0].verdict))
    seen = f"{told(best)}; {_fit(fit, domain)}"
    if best.verdict != "pass":
        # What cannot be verified here is not known to be good: that is no success.
        verdict: Verdict = "unreachable" if best.verdict == "unchecked" else best.verdict
        return Check("DKIM", verdict, expected, seen, best.cure)
    if fit == "no":
        return Check("DKIM", "wrong", expected, seen, f"have the relay sign for {domain}; is its DKIM record in DNS?")
    if fit == "unknown":
        return Check("DKIM", "unreachable", expected, f"{seen}; verified now", "try again")
    return Check("DKIM", "pass", expected, f"{seen}; verified now")


def _dmarc(
    walk: Walk, claim: SpfClaim | None, spf_fits: Aligned, fits: Sequence[tuple[Signature, Aligned]], *, exists: bool
) -> Check:
    if (missing := _no_policy(walk)) is not None:
        return missing
    expected = f"SPF or DKIM passes for a domain aligned with {walk.domain} (RFC 9989 §4.4)"
    policy = _policy(walk, exists=exists)
    # Each as its verdict, how it fits, and what it is called.
    parts = [(one.verdict, fit, f"DKIM of {one.domain}") for one, fit in fits]
    if claim is not None:
        verdict: Verdict = {"pass": "pass", "temperror": "unreachable"}.get(claim.result, "wrong")  # type: ignore[assignment]
        parts.append((verdict, spf_fits, f"SPF of {_shown(claim.domain)}, on the receiver's word"))
    passed = [f"{what}, {_FITS[fit]}" for verdict, fit, what in parts if verdict == "pass" and fit in ("same", "below")]
    if passed:
        return Check("DMARC", "pass", expected, f"passes by {'; and by '.join(passed)}; {policy}")
    if any(fit != "no" and verdict in ("pass", "unreachable", "unchecked") for verdict, fit, _ in parts):
        return Check("DMARC", "unreachable", expected, f"cannot be told before that is known; {policy}", "see above")
    if claim is None:
        seen = f"cannot be told, as DKIM does not pass for it, and what SPF came to is not known; {policy}"
        return Check("DMARC", "unchecked", expected, seen, "see above")
    cure = f"mend SPF or DKIM: d= of the signature, or the domain of Return-Path, must be {walk.domain} or fit it"
    return Check("DMARC", "wrong", expected, f"fails: neither is aligned and passes; {policy}", cure)


def _no_policy(walk: Walk) -> Check | None:
    expected = "a DMARC record for the From domain (RFC 9989 §4.10)"
    if walk.unknown is not None:
        seen = f"the record for {walk.domain} could not be asked for: {walk.unknown.text}"
        return Check("DMARC", "unreachable", expected, seen, "try again")
    if walk.found is not None and walk.found.policy is not None:
        return None
    several = [
        f"_dmarc.{step.domain} has several, all of them ignored" for step in walk.steps if step.status == "several"
    ]
    seen = "; ".join([f"there is none for {walk.domain}", *several])
    return Check("DMARC", "absent", expected, seen, f"publish one at _dmarc.{walk.domain}; see: elastx-mrs records")


def _policy(walk: Walk, *, exists: bool) -> str:
    """Say what the policy would do with a message that fails (RFC 9989 §4.7)."""
    tag = walk.tag(exists=exists)
    if walk.found is None or walk.found.policy is None or tag is None:
        raise AssertionError("there is a policy")
    name, value = tag
    weaker = POLICIES[strength(value, walk.found.policy.t)]
    does = {"none": "nothing", "quarantine": "treat it as suspicious", "reject": "reject it"}[weaker]
    test = "; t=y" if walk.found.policy.t == "y" else ""
    return f"with one that fails, _dmarc.{walk.found.domain} has receivers do: {does} ({name}={value}{test})"


def told(signature: Signature) -> str:
    """Return a signature in a few words."""
    whose = f"d={signature.domain} s={signature.selector}" if signature.domain else "a signature"
    if signature.verdict != "pass":
        return f"{whose} {signature.seen}"
    return f"{whose} is good ({signature.seen}, signs {_shown(', '.join(signature.headers))})"


def _fit(fits: Aligned, domain: str) -> str:
    return f"not aligned with {domain}" if fits == "no" else _FITS[fits]


def _shown(text: str) -> str:
    return visible(text[:300])
