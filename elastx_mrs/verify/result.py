"""The result of a check. It never confuses *wrong*, *absent* and *could not ask*."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from elastx_mrs import descriptors
from elastx_mrs.lookup.question import Server
from elastx_mrs.receiver.spf_tree import Tree

Verdict = Literal["pass", "wrong", "absent", "unreachable", "warning", "cached", "unchecked"]

WORST_FIRST: tuple[Verdict, ...] = ("wrong", "absent", "unreachable", "warning", "cached", "unchecked", "pass")
"""The first of several verdicts in this order decides."""

FAILING: frozenset[Verdict] = frozenset(("wrong", "absent", "unreachable"))
"""Verdicts that fail a run. ``warning``, ``cached`` and ``unchecked`` do not: nothing is known to be wrong."""


@dataclass(frozen=True)
class Detail:
    """A server's answer that differs from what is expected.

    :param verdict: ``wrong``: something else than expected; ``absent``: nothing; ``unreachable``: no usable answer;
        ``warning``: the relay service may refuse mail;
        ``cached``: a resolver still has an old or negative answer; ``unchecked``: the check did not run.
    :param server: its name and address, such as ``ns2.example.com (192.0.2.53)``; empty if it is not about a server.
    :param expected: the expected answer.
    :param seen: the answer.
    :param cure: the fix. If this machine is short of a resource, that replaces the given one.
    :param effect: what an application meets at the relay service; empty if the service does not look for it.
    """

    verdict: Verdict
    server: str
    expected: str
    seen: str
    cure: str
    effect: str = ""

    def __post_init__(self) -> None:
        if self.verdict in ("unreachable", "unchecked"):
            object.__setattr__(self, "cure", descriptors.cure(self.seen, self.cure))


@dataclass(frozen=True)
class Outcome:
    """One check of one sender domain.

    :param domain: the sender domain, as lower-case A-labels.
    :param check: its name; that of a record is its kind, such as ``spf`` or ``challenge-f7ee5ec73121``.
    :param name: the owner name that it is about.
    :param details: the problems; empty if the check passes.
    :param seen: what was seen if the check passes, in a few words.
    :param notices: good to know; they do not fail the check.
    :param hopeless: why waiting cannot help; empty if it can.
    :param again: seconds after which another look at a ``cached`` answer helps; None if it does not.
    :param right: the servers with the right answer, for checks that query each server.
    :param tree: the whole SPF tree, for the check ``spf-tree``.
    """

    domain: str
    check: str
    name: str
    details: tuple[Detail, ...] = ()
    seen: str = ""
    notices: tuple[str, ...] = ()
    hopeless: str = ""
    again: float | None = None
    right: tuple[Server, ...] = field(default=(), compare=False)
    tree: Tree | None = field(default=None, compare=False, repr=False)

    @cached_property
    def verdict(self) -> Verdict:
        """The worst verdict of the details; ``pass`` without any."""
        return worst([detail.verdict for detail in self.details])


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the worst verdict; ``pass`` if there is none."""
    return min(verdicts, key=WORST_FIRST.index, default="pass")
