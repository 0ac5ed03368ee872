"""DMARC of a message: SPF or DKIM must pass for a domain that is aligned with From's (RFC 9989 §4.4)."""

from collections.abc import Sequence

from elastx_mrs import descriptors
from elastx_mrs.check import Check, Verdict
from elastx_mrs.lookup.answer import Ask
from elastx_mrs.message.alignment import FITS, Aligned, aligned
from elastx_mrs.message.authentication_results import SpfClaim
from elastx_mrs.message.readers import Identity, differences
from elastx_mrs.message.signature import Signature
from elastx_mrs.receiver.dmarc import Step, Walk
from elastx_mrs.records.dmarc_policy import POLICIES, Policy, skipped, strength

Part = tuple[Verdict, Identity]


async def judge(
    ask: Ask,
    walked: Walk,
    claim: SpfClaim | None,
    spf_fits: Aligned,
    signatures: Sequence[tuple[Signature, Aligned]],
    sender: str,
) -> Check:
    """Return the DMARC check.

    :param claim: the receiver's SPF result; ``spf_fits`` is how its domain is aligned.
    :param sender: the domain of the return path; empty if it is unknown, or the path is empty.
    """
    if (missing := _no_policy(walked)) is not None:
        return missing
    step, policy = _found(walked)
    exists = await ask(walked.domain, "A")
    does = _policy(
        walked, step, policy, exists=exists.status != "nxdomain" or exists.canonical not in ("", exists.name)
    )
    parts: list[Part] = [(one.verdict, Identity(one.domain, f"DKIM of {one.domain}", fit)) for one, fit in signatures]
    known = claim is not None and claim.counts
    if claim is not None and known:
        verdict: Verdict = {"pass": "pass", "temperror": "unreachable"}.get(claim.result, "wrong")  # type: ignore[assignment]
        what = f"SPF of {claim.domain[:300] or 'an unnamed domain'}, on the receiver's word"
        parts.append((verdict, Identity(claim.domain, what, spf_fits)))
    elif sender:
        # Whatever the SPF result is, its domain is not aligned.
        known = await aligned(ask, walked, sender, policy.aspf) == "no"
    found = _verdict(walked, parts, does, known=known)
    passed = [identity for verdict, identity in parts if verdict == "pass"]
    strict = policy.adkim == policy.aspf == "s"
    said = await differences(ask, walked, step, strict, passed)
    notices = [*said, *(f"{step.name}: {one}" for one in skipped(step.text))]
    return Check(found.name, found.verdict, found.expected, found.seen, found.cure, tuple(notices))


def _verdict(walked: Walk, parts: Sequence[Part], does: str, *, known: bool) -> Check:
    """Return the verdict, from the parts that pass and those that could not be checked."""
    expected = f"SPF or DKIM passes for a domain aligned with {walked.domain} (RFC 9989 §4.4)"
    passed = [
        f"{one.what}, {FITS[one.fits]}" for verdict, one in parts if verdict == "pass" and one.fits in ("same", "below")
    ]
    if passed:
        return Check("DMARC", "pass", expected, f"passes by {'; and by '.join(passed)}; {does}")
    if any(one.fits != "no" and verdict in ("pass", "unreachable", "unchecked") for verdict, one in parts):
        return Check(
            "DMARC",
            "unreachable",
            expected,
            f"depends on a check that could not be completed; {does}",
            "see the checks above",
        )
    if not known:
        seen = f"unknown: DKIM does not pass for it, and the SPF result is not known; {does}"
        return Check("DMARC", "unchecked", expected, seen, "see the checks above")
    cure = f"fix SPF or DKIM: the signature's d=, or the domain of Return-Path, must be aligned with {walked.domain}"
    return Check("DMARC", "wrong", expected, f"fails: neither SPF nor DKIM passes for an aligned domain; {does}", cure)


def _no_policy(walked: Walk) -> Check | None:
    """Return why DMARC does not apply to the message, or None if it does."""
    expected = "a DMARC record for the From domain (RFC 9989 §4.10)"
    if walked.unknown is not None:
        seen = f"the record for {walked.domain} could not be queried: {walked.unknown.text}"
        return Check("DMARC", "unreachable", expected, seen, descriptors.cure(seen, "try again"))
    if (void := walked.void) is not None:
        seen = (
            f"does not apply: {void.name} is '{void.text}', which {void.why}; receivers do not look for another record"
        )
        return Check(
            "DMARC", "wrong", expected, seen, f"correct the record at {void.name}, such as to v=DMARC1; p=quarantine;"
        )
    if walked.found is not None:
        return None
    several = [f"{step.name} has several, which receivers ignore" for step in walked.discarded]
    cure = f"publish one at _dmarc.{walked.domain}; see: elastx-mrs records"
    if several:
        keep = "keep only one of them"
        cure = f"{keep}, or {cure}" if walked.discarded[0].domain != walked.domain else keep
    return Check("DMARC", "absent", expected, "; ".join([f"there is none for {walked.domain}", *several]), cure)


def _found(walked: Walk) -> tuple[Step, Policy]:
    if walked.found is None or walked.found.policy is None:
        raise AssertionError("there is a policy")
    return walked.found, walked.found.policy


def _policy(walked: Walk, step: Step, policy: Policy, *, exists: bool) -> str:
    """Describe what the policy requests for a message that fails (RFC 9989 §4.7), and where it comes from."""
    name, value = walked.tag(exists=exists) or ("p", policy.p)
    weaker = POLICIES[strength(value, policy.t)]
    does = {"none": "do nothing", "quarantine": "treat it as suspicious", "reject": "reject it"}[weaker]
    test = "; t=y" if policy.t == "y" else ""
    inherited = "" if step.domain == walked.domain else f", which {walked.domain} inherits"
    return f"if a message fails, {step.name} asks receivers to {does} ({name}={value}{test}){inherited}"
