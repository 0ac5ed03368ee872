"""The DMARC tree walk (RFC 9989 §4.10): which record a receiver finds for a domain, and what it asks for there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from elastx_mrs.display import show
from elastx_mrs.lookup.answer import Answer, Ask
from elastx_mrs.records.dmarc_policy import Policy, is_dmarc
from elastx_mrs.records.dmarc_policy import read as read_record

MAX_LABELS = 7
"""Labels from which on the walk begins anew after the whole name, so that it takes 8 queries at most (§4.10)."""


@dataclass(frozen=True)
class Step:
    """One query of the walk.

    :param domain: that ``_dmarc.`` was put before.
    :param status: ``policy``; ``none``; ``several``, all of which are discarded; ``failed``: it could not be asked.
    :param text: the record as published, or what is wrong.
    """

    domain: str
    status: Literal["policy", "none", "several", "failed"]
    policy: Policy | None = None
    text: str = ""


@dataclass(frozen=True)
class Walk:
    """All steps for a domain, in order, and what follows from them."""

    domain: str
    steps: tuple[Step, ...]

    @property
    def failed(self) -> Step | None:
        """The step that could not be asked, so that the rest is not known (§4.10.1: a temporary error)."""
        return next((step for step in self.steps if step.status == "failed"), None)

    @property
    def unknown(self) -> Step | None:
        """The step that keeps it from being known which record applies: nobody looks above one's own (§4.10.1)."""
        return self.failed if self.steps[0].policy is None else None

    @property
    def organizational_domain(self) -> str:
        """The organisational domain (§4.10.2)."""
        found = [step for step in self.steps if step.policy is not None]
        for step in found:
            if step.policy is not None and step.policy.psd == "n":
                return step.domain
            if step.policy is not None and step.policy.psd == "y" and step.domain != self.domain:
                labels = self.domain.split(".")
                return ".".join(labels[-len(step.domain.split(".")) - 1 :])
        return found[-1].domain if found else self.domain

    @property
    def found(self) -> Step | None:
        """The step whose record applies to the domain: its own, else its organisational domain's, else the PSD's."""
        by_domain = {step.domain: step for step in self.steps if step.policy is not None}
        suffix = next((step for step in by_domain.values() if step.policy and step.policy.psd == "y"), None)
        return by_domain.get(self.domain) or by_domain.get(self.organizational_domain) or suffix

    def tag(self, *, exists: bool) -> tuple[str, str] | None:
        """Return which tag applies to mail from the domain, and its value (§4.7); None without a record.

        :param exists: whether the domain is in the DNS; ``np`` is for those that are not.
        """
        step = self.found
        if step is None or step.policy is None:
            return None
        if step.domain == self.domain:
            return "p", step.policy.p
        for name, value in (("np", None if exists else step.policy.np), ("sp", step.policy.sp)):
            if value is not None:
                return name, value
        return "p", step.policy.p


def names(domain: str) -> Iterator[str]:
    """Yield the names whose ``_dmarc`` is asked for, one after the other: 8 at most (§4.10)."""
    yield domain
    labels = domain.split(".")
    rest = labels[1:] if len(labels) <= MAX_LABELS else labels[-MAX_LABELS:]
    while rest:
        yield ".".join(rest)
        rest = rest[1:]


async def walk(ask: Ask, domain: str) -> Walk:
    """Walk up from a domain until a record says ``psd=y`` or ``psd=n``, or the root is near.

    :param domain: as lower-case A-labels, without a final dot.
    """
    steps: list[Step] = []
    for name in names(domain):
        step = read(name, await ask(f"_dmarc.{name}", "TXT"))
        steps.append(step)
        if step.status == "failed" or (step.policy is not None and step.policy.psd != "u"):
            break
    return Walk(domain, tuple(steps))


def read(domain: str, answer: Answer) -> Step:
    """Return what a receiver makes of the TXT records at ``_dmarc`` (§4.10): other TXT is passed over."""
    if answer.status == "failed":
        return Step(domain, "failed", text=answer.problem)
    found = [value for value in answer.texts() if is_dmarc(value)]
    if len(found) > 1:
        return Step(domain, "several", text=" and ".join(f"'{show(value)}'" for value in found[:3]))
    policy = read_record(found[0]) if found else None
    return Step(domain, "policy", policy, show(found[0])) if isinstance(policy, Policy) else Step(domain, "none")
