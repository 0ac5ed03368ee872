"""The DMARC tree walk (RFC 9989 §4.10): finds the record that a receiver uses for a domain, and its policy.

Three cases look alike. *Several* records at a name are discarded, and the walk continues. A *void* record has no usable
policy: if it applies, the walk ends, and the message gets no DMARC (§4.10.1). A record further up may be *inherited*.
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
"""After the whole name, the walk continues with this many labels. So it needs at most 8 queries (§4.10)."""


@dataclass(frozen=True)
class Step:
    """One query of the walk.

    :param domain: the domain, without ``_dmarc.``.
    :param status: ``policy``; ``void``: a record without a usable policy; ``none``; ``several``, which are all
        discarded; ``failed``: no usable answer.
    :param text: the record or records as published, or why the query failed.
    :param why: why a void record is void, to print after the record.
    :param psd: the tag of its only record: ``y`` or ``n`` ends the walk there.
    :param over: whether the query failed because of a limit.
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
        """The name of the query."""
        return f"_dmarc.{self.domain}"


@dataclass(frozen=True)
class Walk:
    """All steps for a domain, in order, and the result."""

    domain: str
    steps: tuple[Step, ...]

    @property
    def failed(self) -> Step | None:
        """The step that failed. The rest is then unknown (§4.10.1: a temporary error)."""
        return next((step for step in self.steps if step.status == "failed"), None)

    @property
    def unknown(self) -> Step | None:
        """The failed step, unless the domain has its own record: receivers then look no further (§4.10.1)."""
        return self.failed if self.steps[0].status not in ("policy", "void") else None

    @property
    def organizational_domain(self) -> str:
        """The organisational domain by the valid records that were found (§4.10.2)."""
        return _organization(self.domain, [step for step in self.steps if step.policy is not None])

    @property
    def void(self) -> Step | None:
        """The void record that would apply. Receivers then apply no DMARC to mail from the domain (§4.10.1)."""
        return step if (step := self._applies) is not None and step.status == "void" else None

    @property
    def found(self) -> Step | None:
        """The step with the policy for the domain: its own, its organisational domain's, or the PSD's."""
        return step if (step := self._applies) is not None and step.status == "policy" else None

    @property
    def discarded(self) -> tuple[Step, ...]:
        """The steps with several records, all of them discarded, up to the record that applies."""
        steps = self.steps[: self.steps.index(step)] if (step := self._applies) is not None else self.steps
        return tuple(step for step in steps if step.status == "several")

    @property
    def _applies(self) -> Step | None:
        """The step with the record that a receiver chooses, before it reads the policy (§4.10.1)."""
        records = [step for step in self.steps if step.status in ("policy", "void")]
        by_domain = {step.domain: step for step in records}
        suffix = next((step for step in records if step.psd == "y"), None)
        return by_domain.get(self.domain) or by_domain.get(_organization(self.domain, records)) or suffix

    def tag(self, *, exists: bool) -> tuple[str, str] | None:
        """Return the tag that applies to mail from the domain, and its value (§4.7); None without a record.

        :param exists: whether the domain is in DNS; ``np`` is for domains that are not.
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
    """Yield the domains of the queries for ``_dmarc``, in order: at most 8 (§4.10)."""
    yield domain
    labels = domain.split(".")
    rest = labels[1:] if len(labels) <= MAX_LABELS else labels[-MAX_LABELS:]
    while rest:
        yield ".".join(rest)
        rest = rest[1:]


async def walk(ask: Ask, domain: str) -> Walk:
    """Walk up from a domain to a record with ``psd=y`` or ``psd=n``, or to the top-level domain.

    :param domain: as lower-case A-labels, without a final dot.
    """
    steps: list[Step] = []
    with budget.budget(f"the DMARC policy of {domain}", limits.DMARC_SECONDS.most, limits.DMARC_QUERIES.most):
        for name in names(domain):
            owner = f"_dmarc.{name}"
            # A name that is too long for DNS has no record, and cannot be queried.
            step = read(name, await ask(owner, "TXT")) if fits(owner) else Step(name, "none")
            steps.append(step)
            if step.status == "failed" or step.psd != "u":
                break
    return Walk(domain, tuple(steps))


def read(domain: str, answer: Answer) -> Step:
    """Return how a receiver reads the TXT records at ``_dmarc`` (§4.10). It ignores other TXT."""
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
    """Return the organisational domain by the records, the longest name first (§4.10.2)."""
    for step in records:
        if step.psd == "n":
            return step.domain
        if step.psd == "y" and step.domain != domain:
            return ".".join(domain.split(".")[-len(step.domain.split(".")) - 1 :])
    return records[-1].domain if records else domain
