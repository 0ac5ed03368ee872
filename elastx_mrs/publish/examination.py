"""The checks that a provider adds to ``elastx-mrs doctor``: their input, and the work that yields the verdicts.

A provider names its function as :attr:`elastx_mrs.registry.Provider.examine`: it takes a :class:`Subject` and returns
:class:`Examination` objects. None of them may change DNS.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from elastx_mrs.check import Check, Verdict
from elastx_mrs.config.model import Arguments
from elastx_mrs.config.parse import all_values
from elastx_mrs.publish.adoption import Get

READABLE = f"run: {all_values('elastx-mrs doctor')}"
"""The fix for a value that is encrypted in the stack's file."""

NONE_HERE = "no domain has its zone here, so other publishers have them all"
"""The finding about a publisher that no domain of the stack needs."""


@dataclass(frozen=True)
class Subject:
    """The examined stack, as one of its providers sees it.

    :param settings: the provider's settings, of its model's type.
    :param arguments: the stack's, without the domains that name other publishers.
    :param get: reads a key of the stack's config, with its namespace; returns None for an encrypted one.
    :param hidden: returns whether a key exists whose value only Pulumi can read.
    :param site: the folders in which the program's Python finds packages.
    :param elsewhere: the domains that may be another publisher's; that their zone is missing here is no fault.
    """

    settings: Any
    arguments: Arguments
    get: Get = field(repr=False)
    hidden: Callable[[str], bool]
    environment: Mapping[str, str] = field(repr=False)
    site: Sequence[str] = ()
    elsewhere: frozenset[str] = frozenset()


class Examination(NamedTuple):
    """Work that runs in its own thread, in parallel with the others.

    :param name: the name of the check that reports a time-out.
    :param work: yields each check as soon as it is known.
    :param late: the fix for a time-out.
    """

    name: str
    work: Callable[[], Iterable[Check]]
    late: str


def of_message(name: str, verdict: Verdict, expected: str, message: str) -> Check:
    """Return a check for a message that names the fault and then, after a semicolon, the fix."""
    seen, _, cure = message.partition("; ")
    return Check(name, verdict, expected, seen, cure)
