"""The DMARC tree walk (RFC 9989 §4.10): which record a receiver finds for a domain, and what it asks for there.

Three things look alike and are not. *Several* records at a name are discarded, and the walk goes on. A *void* record is
one from which no policy can be taken: where it is the one that applies, nobody looks further, and the message gets no
DMARC at all (§4.10.1). A record further up may be *inherited*.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from elastx_mrs import limits
from elastx_mrs.display import all_quoted, show
from elastx_mrs.lookup import budget
from elastx_mrs.lookup.answer import Answer, Ask
from elastx_mrs.records.dmarc_policy import Policy, Void, is_dmarc
from elastx_mrs.records.dmarc_policy import read as read_record
from elastx_mrs.records.names import fits

MAX_LABELS = 7
"""Labels from which on the walk begins anew after the whole name, so that it takes 8 queries at most (§4.10)."""


@dataclass(frozen=True)
class Step:
    """One query of the walk.

    :param domain: that ``_dmarc.`` was put before.
    :param status: ``policy``; ``void``: a record without a policy; ``none``; ``several``, all of which are discarded;
        ``failed``: it could not be asked.
    :param text: the record or records as published, or why it could not be asked.
    :param why: why a void record is one; reads on after the record.
    :param psd: of its one record: ``y`` or ``n`` ends the walk there.
    :param over: whether it failed because a limit on what may be asked was reached.
    """

    domain: str
    status: Literal["policy", "void", "none", "several", "failed"]
    policy: Policy | None = None
    text: str = ""
    why: str = ""
    psd: str = "u"
    over: bool = False

    @property
    def name(self) -> str:
        """Where it was asked for."""
        return f"_dmarc.{self.domain}"


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
        return self.failed if self.steps[0].status not in ("policy", "void") else None

    @property
    def organizational_domain(self) -> str:
        """The organisational domain (§4.10.2), of the valid records that were found."""
        return _organization(self.domain, [step for step in self.steps if step.policy is not None])

    @property
    def void(self) -> Step | None:
        """The void record that would apply, so that no DMARC is applied to mail from the domain (§4.10.1)."""
        return step if (step := self._applies) is not None and step.status == "void" else None

    @property
    def found(self) -> Step | None:
        """The step whose policy applies to the domain: its own, else its organisational domain's, else the PSD's."""
        return step if (step := self._applies) is not None and step.status == "policy" else None

    @property
    def discarded(self) -> tuple[Step, ...]:
        """The steps with several records, all of them discarded, up to the record that applies."""
        steps = self.steps[: self.steps.index(step)] if (step := self._applies) is not None else self.steps
        return tuple(step for step in steps if step.status == "several")

    @property
    def _applies(self) -> Step | None:
        """The step with the record that a receiver takes, before it looks at the policy in it (§4.10.1)."""
        records = [step for step in self.steps if step.status in ("policy", "void")]
        by_domain = {step.domain: step for step in records}
        suffix = next((step for step in records if step.psd == "y"), None)
        return by_domain.get(self.domain) or by_domain.get(_organization(self.domain, records)) or suffix

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
    with budget.budget(f"the DMARC policy of {domain}", limits.DMARC_SECONDS.most, limits.DMARC_QUERIES.most):
        for name in names(domain):
            owner = f"_dmarc.{name}"
            # A name that DNS has no room for has no record, and nobody can ask for it.
            step = read(name, await ask(owner, "TXT")) if fits(owner) else Step(name, "none")
            steps.append(step)
            if step.status == "failed" or step.psd != "u":
                break
    return Walk(domain, tuple(steps))


def read(domain: str, answer: Answer) -> Step:
    """Return what a receiver makes of the TXT records at ``_dmarc`` (§4.10): other TXT is passed over."""
    if answer.status == "failed":
        return Step(domain, "failed", text=answer.problem, over=answer.over)
    found = [value for value in answer.texts() if is_dmarc(value)]
    if len(found) > 1:
        return Step(domain, "several", text=all_quoted(found[:3]))
    if not found:
        return Step(domain, "none")
    record = read_record(found[0])
    if isinstance(record, Policy):
        return Step(domain, "policy", record, show(found[0]), psd=record.psd)
    why, psd = (record.why, record.psd) if isinstance(record, Void) else ("", "u")
    return Step(domain, "void", None, show(found[0]), why, psd)


def _organization(domain: str, records: Sequence[Step]) -> str:
    """Return the organisational domain that records give, the longest name first (§4.10.2)."""
    for step in records:
        if step.psd == "n":
            return step.domain
        if step.psd == "y" and step.domain != domain:
            return ".".join(domain.split(".")[-len(step.domain.split(".")) - 1 :])
    return records[-1].domain if records else domain
