"""What a check comes to. *Wrong*, *absent* and *could not ask* are never mixed up."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from elastx_mrs import descriptors
from elastx_mrs.lookup.question import Server
from elastx_mrs.receiver.spf_tree import Tree

Verdict = Literal["pass", "wrong", "absent", "unreachable", "cached", "unchecked"]

WORST_FIRST: tuple[Verdict, ...] = ("wrong", "absent", "unreachable", "cached", "unchecked", "pass")
"""The order in which one of several decides."""

FAILING: frozenset[Verdict] = frozenset(("wrong", "absent", "unreachable"))
"""What fails a run. ``cached`` and ``unchecked`` do not: nothing that is known speaks against them."""


@dataclass(frozen=True)
class Detail:
    """What one server says, where that is not what it should say.

    :param verdict: ``wrong``: something else than expected; ``absent``: nothing; ``unreachable``: no usable answer;
        ``cached``: a resolver that still holds an old or negative answer; ``unchecked``: not, or not to be, asked.
    :param server: its name and address, such as ``ns2.example.com (192.0.2.53)``; empty where it is about none.
    :param expected: what it should say.
    :param seen: what it says.
    :param cure: what to do. Where this machine is what it failed for, that is said here, whatever is given.
    """

    verdict: Verdict
    server: str
    expected: str
    seen: str
    cure: str

    def __post_init__(self) -> None:
        if self.verdict in ("unreachable", "unchecked"):
            object.__setattr__(self, "cure", descriptors.cure(self.seen, self.cure))


@dataclass(frozen=True)
class Outcome:
    """One check of one sender domain.

    :param domain: the sender domain, as lower-case A-labels.
    :param check: what is checked; a record's is its kind, such as ``spf`` or ``challenge-f7ee5ec73121``.
    :param name: the owner name that it is about.
    :param details: what is not as it should be; empty where all is well.
    :param seen: what was seen where all is well, in a few words.
    :param notices: what is good to know, and fails nothing.
    :param hopeless: why waiting cannot help; empty where it can.
    :param again: seconds after which another look tells more of what is ``cached``; None where it does not.
    :param right: the servers that answer what they should, for checks that ask each server.
    :param tree: the SPF record with all that it leads to, for the check of that.
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
        """The worst of the details; ``pass`` without any."""
        return worst([detail.verdict for detail in self.details])


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the one that decides; ``pass`` of none."""
    return min(verdicts, key=WORST_FIRST.index, default="pass")
