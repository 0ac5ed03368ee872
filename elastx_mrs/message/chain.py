"""SPF, DKIM and DMARC of a message, with the domain of each and its alignment with the From domain.

DMARC passes if SPF or DKIM passes for a domain that is *aligned* with that of From (RFC 9989 §4.4). Only the receiver
knows the SPF result, because it saw which server connected. DKIM and DMARC are checked now.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from elastx_mrs.check import Check, Verdict
from elastx_mrs.display import visible
from elastx_mrs.lookup import budget
from elastx_mrs.lookup.answer import Ask
from elastx_mrs.message import authentication_results, dmarc
from elastx_mrs.message.alignment import Aligned, aligned, fit
from elastx_mrs.message.authentication_results import SpfClaim
from elastx_mrs.message.parse import Message
from elastx_mrs.message.signature import Signature, verify
from elastx_mrs.receiver import dmarc as tree
from elastx_mrs.service import ELASTX, Service


@dataclass(frozen=True)
class Chain:
    """The checks of a message.

    :param findings: SPF, DKIM and DMARC; ``unreachable`` also if the receiver could not query DNS.
    :param signatures: each with its alignment.
    :param said: the receiver's name and its results.
    """

    sender: str
    return_path: str | None
    findings: tuple[Check, ...]
    signatures: tuple[tuple[Signature, Aligned], ...]
    said: authentication_results.Claims | None


async def judge(ask: Ask, message: Message, service: Service = ELASTX) -> Chain:
    """Return the checks of a message, with DNS queried now.

    :param service: the relay service that the message was sent through.
    :raises NotInstalledError: if the message is signed and dkimpy is missing.
    """
    with budget.of_domain("judging the message"):
        return await _judged(ask, message, service)


async def _judged(ask: Ask, message: Message, service: Service) -> Chain:
    signatures = await verify(ask, message)
    walk = await tree.walk(ask, message.domain)
    policy = walk.found.policy if walk.found is not None else None
    adkim, aspf = (policy.adkim, policy.aspf) if policy is not None else ("r", "r")
    fits = [(one, await aligned(ask, walk, one.domain, adkim)) for one in signatures]
    claim = authentication_results.spf(message)
    spf_fits = await aligned(ask, walk, claim.domain, aspf) if claim is not None else "no"
    findings = (
        _spf(claim, spf_fits, message.domain, service),
        _dkim(fits, message.domain),
        await dmarc.judge(ask, walk, claim, spf_fits, fits, authentication_results.envelope(message)),
    )
    return Chain(message.sender, message.return_path, findings, tuple(fits), authentication_results.claims(message))


def _spf(claim: SpfClaim | None, fits: Aligned, domain: str, service: Service) -> Check:
    expected = "spf=pass from the receiver (RFC 8601, RFC 7208 §9.1)"
    if claim is None:
        seen = "neither Authentication-Results nor Received-SPF has an SPF result"
        cure = "save the message with its whole header, from a receiver that checks SPF"
        return Check("SPF", "unchecked", expected, seen, f"{cure}; or run: elastx-mrs spf {domain} --ip ADDRESS")
    checked = _shown(claim.domain) or "an unnamed domain"
    identity = "helo, in place of an empty MAIL FROM: RFC 7208 §2.4" if claim.stands_in else claim.identity
    seen = f"{_shown(claim.source)} says {claim.result} for {checked} ({identity})"
    if not claim.counts:
        seen += ", but has no result for MAIL FROM, the only one that counts for DMARC (RFC 9989 §4.4.2)"
        return Check("SPF", "unchecked", expected, seen, f"check it now: elastx-mrs spf {domain} --ip ADDRESS")
    seen += f", {fit(fits, domain)}; claimed by the receiver, not checked now"
    if claim.result == "pass":
        return Check("SPF", "pass", expected, seen)
    if claim.result == "temperror":
        return Check("SPF", "unreachable", expected, seen, "the receiver could not query DNS; send another message")
    looked = (
        f"elastx-mrs spf {shlex.quote(checked)}" if claim.domain else "elastx-mrs spf with the domain of Return-Path"
    )
    return Check("SPF", "wrong", expected, seen, f"check that its record has {service.include}: {looked}")


def _dkim(fits: Sequence[tuple[Signature, Aligned]], domain: str) -> Check:
    """Judge the signatures together: one valid and aligned signature is enough."""
    expected = f"a signature of {domain} that the key in DNS verifies (RFC 6376 §6.1)"
    if not fits:
        cure = f"the relay must sign for {domain}: is its DKIM record in DNS? See: elastx-mrs records"
        return Check("DKIM", "absent", expected, "the message is not signed", cure)
    order: tuple[Verdict, ...] = ("pass", "unreachable", "unchecked", "wrong", "absent")
    own = [pair for pair in fits if pair[1] != "no"]
    best, fits_best = min(own or fits, key=lambda pair: order.index(pair[0].verdict))
    seen = f"{told(best)}; {fit(fits_best, domain)}"
    if best.verdict != "pass":
        # A signature that could not be verified is not a success.
        verdict: Verdict = "unreachable" if best.verdict == "unchecked" else best.verdict
        return Check("DKIM", verdict, expected, seen, best.cure)
    if fits_best == "no":
        return Check("DKIM", "wrong", expected, seen, f"the relay must sign for {domain}; is its DKIM record in DNS?")
    if fits_best == "unknown":
        return Check("DKIM", "unreachable", expected, f"{seen}; verified now", "try again")
    return Check("DKIM", "pass", expected, f"{seen}; verified now")


def told(signature: Signature) -> str:
    """Return a signature in words."""
    whose = f"d={signature.domain} s={signature.selector}" if signature.domain else "a signature"
    if signature.verdict != "pass":
        return f"{whose} {signature.seen}"
    return f"{whose} is valid ({signature.seen}, signs {_shown(', '.join(signature.headers))})"


def _shown(text: str) -> str:
    return visible(text[:300])
