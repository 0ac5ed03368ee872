"""What a provider has ``elastx-mrs doctor`` examine: the stack it is given, and the work that gives the verdicts.

A provider names its function as :attr:`elastx_mrs.registry.Provider.examine`: it takes a :class:`Subject` and returns
:class:`Examination` objects. Nothing that one of them does may change DNS.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from elastx_mrs.check import Check, Verdict
from elastx_mrs.config.model import Arguments
from elastx_mrs.config.parse import all_values
from elastx_mrs.publish.adoption import Get

READABLE = f"run: {all_values('elastx-mrs doctor')}"
"""What to do where a value is encrypted in the stack's file."""


@dataclass(frozen=True)
class Subject:
    """The stack that is examined, as one of its providers sees it.

    :param settings: the provider's, of the type of its model.
    :param get: reads a key of the stack's config, with its namespace; None for one that is encrypted.
    :param hidden: whether a key is there, and only Pulumi can read its value.
    :param site: the folders in which the program's Python looks for packages.
    """

    settings: Any
    arguments: Arguments
    get: Get = field(repr=False)
    hidden: Callable[[str], bool]
    environment: Mapping[str, str] = field(repr=False)
    site: Sequence[str] = ()


class Examination(NamedTuple):
    """Work that runs in a thread of its own, beside all others.

    :param name: of the check that says that it took too long.
    :param work: yields each check as soon as it is known.
    :param late: what to do where it takes too long.
    """

    name: str
    work: Callable[[], Iterable[Check]]
    late: str


def of_message(name: str, verdict: Verdict, expected: str, message: str) -> Check:
    """Return the check of a message that says what is wrong and then, after a semicolon, what to do."""
    seen, _, cure = message.partition("; ")
    return Check(name, verdict, expected, seen, cure)
