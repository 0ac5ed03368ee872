"""What a case may do and see: what others write, what the publisher's resource does, and what is served then."""

import asyncio
import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar, Literal

from elastx_mrs.publish.existing import Existing
from elastx_mrs.publish.guard.checks import Case, Check, Finding
from elastx_mrs.publish.publisher import Publisher
from elastx_mrs.records import TxtRecord
from elastx_mrs.records.record import Kind
from tests import secrecy

APEX = "example.com"

Text = bytes | tuple[bytes, ...]
"""A TXT record: one value, which is cut as anybody would, or its character-strings."""

Lost = Literal["before", "after"]
"""An answer that gets lost: the work was not done, or it was."""


class Refused(Exception):  # noqa: N818  what happened, not a class of errors of the product
    """What the user is told where the resource could not do its work."""


@dataclass(frozen=True)
class Made:
    """A resource, as the state has it."""

    id: str
    outputs: Mapping[str, Any]


class World(ABC):
    """A publisher, with a server of its own for all of its cases. Each case has names of its own.

    :ivar secrets: which no message may have.
    :cvar own_ttl: the TTL of a record that names none, at a name that has none.
    :cvar shares_ttl: whether all records of a name have one TTL, and one of ours takes that of others.
    """

    secrets: tuple[str, ...] = ()
    own_ttl: ClassVar[int] = 1800
    shares_ttl: ClassVar[bool] = True

    _numbers = itertools.count()

    def owner(self) -> str:
        """Return a name that nobody has used."""
        return f"n{next(self._numbers)}.{APEX}"

    @abstractmethod
    def put(self, owner: str, *texts: Text, ttl: int = 3600) -> None:
        """Let somebody else replace all TXT records of a name."""

    @abstractmethod
    def served(self, owner: str) -> dict[bytes, int]:
        """Return the TTLs of a name's TXT records by their octets, past our code."""

    @abstractmethod
    def alias(self, owner: str) -> None:
        """Let somebody else make a name a CNAME."""

    @abstractmethod
    def delegate(self, owner: str) -> None:
        """Let somebody else delegate a name."""

    @abstractmethod
    def publisher(self) -> Publisher:
        """Return the publisher, as a new run has it."""

    @abstractmethod
    def create(
        self, owner: str, value: str, *, ttl: int | None = None, guard: str | None = None, zone: str = ""
    ) -> Made:
        """Create a record, as a new run does.

        :param guard: the guard's mode, where it is not ``require``.
        :param zone: the id of another zone.
        :raises Refused: where that fails.
        """

    @abstractmethod
    def adopt(self, owner: str, value: str) -> Made:
        """Take over what is there, as the user is told to do it."""

    @abstractmethod
    def read(self, made: Made) -> Made | None:
        """Return what ``refresh`` finds; None where the record is gone."""

    @abstractmethod
    def update(self, made: Made, value: str = "", *, ttl: int | None = None) -> Made:
        """Change a record."""

    @abstractmethod
    def delete(self, made: Made) -> None:
        """Withdraw a record."""

    @property
    @abstractmethod
    def sent(self) -> int:
        """How many changes of ours have reached the server."""

    @abstractmethod
    def lose(self, when: Lost, times: int = 1) -> None:
        """Let the answers to the next changes get lost."""

    @abstractmethod
    def interrupt(self) -> None:
        """Let the next question get no answer."""

    @abstractmethod
    def silence(self) -> None:
        """Let nothing get an answer any more."""

    @abstractmethod
    def meanwhile(self, others: Callable[[], None]) -> None:
        """Let others do something once, after the next change has read what there is, and before it is made."""

    @abstractmethod
    def throttle(self, times: int) -> None:
        """Let the server refuse the next changes, for there are too many."""

    @abstractmethod
    def forbid(self) -> None:
        """Use credentials which may read, and change nothing."""

    @abstractmethod
    def unknown(self) -> None:
        """Use credentials that the server does not know."""

    @abstractmethod
    def nowhere(self) -> str:
        """Return the id of a zone that the server does not have."""

    @abstractmethod
    def reset(self) -> None:
        """Undo what a case did to credentials and answers."""

    @abstractmethod
    def largest(self) -> Sequence[bytes]:
        """Return values to which one challenge can be added, and not a second one."""

    def existing(self, owner: str) -> Existing:
        """Return what the guard is told of a name."""

        async def ask() -> Existing:
            return await self.publisher().existing(owner)

        return asyncio.run(ask())

    def findings(self, check: Check, owner: str, kind: Kind, value: str) -> list[Finding]:
        """Return what a check of the guard finds before a record is created, in a preview."""
        publisher, record = self.publisher(), TxtRecord(APEX, kind, owner, value)
        asked: Any = SimpleNamespace(existing=publisher.existing, adoption=publisher.adoption)

        async def run() -> list[Finding]:
            return await check(Case(record, None, True, asked))

        return asyncio.run(run())

    def value(self, made: Made) -> str:
        """Return a record's value, as guard and verification read it."""
        return self.publisher().value_of(made.outputs)

    def refused(self, work: Callable[[], object]) -> str:
        """Return what the user is told of work that fails: one line, with what to do, and no secret."""
        try:
            done = work()
        except Refused as refused:
            said = str(refused)
        else:
            raise AssertionError(f"it was done: {done}")
        assert "\n" not in said
        assert "Traceback" not in said
        assert secrecy.shown(said, self.secrets) == []
        return said
