"""What a DNS provider must bring: its zones, how to read record sets, and how to swap one for another."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from elastx_mrs.records import RecordError
from elastx_mrs.records.text import join, parse, presentation


class RecordSetError(Exception):
    """The provider refused or failed. The message names the problem and its place and, after a semicolon, the fix."""


class UnreachableError(RecordSetError):
    """The provider did not answer."""


class LoginError(RecordSetError):
    """There are no credentials, or the provider does not know them."""


class LostError(RecordSetError):
    """No answer to a change arrived. The provider may have made it."""


class ChangedError(RecordSetError):
    """The provider refused a change: the record set is no longer what was read, or the message says why."""


@dataclass(frozen=True)
class Zone:
    """A zone at the provider.

    :param name: as lower-case A-labels without a final dot.
    :param id: as the provider's API has it; the name, where it has no other.
    :param problem: why nothing can be published there, such as ``is private``; empty where something can.
    """

    name: str
    id: str
    problem: str = ""


@dataclass(frozen=True)
class RecordSet:
    """All records of one type at a name.

    :param name: as lower-case A-labels without a final dot.
    :param type: such as ``TXT``.
    :param values: of TXT, exactly as the API has them; of other types as in a zone file, without a final dot.
    :param ttl: in seconds; None where the set has none of its own.
    :param problem: why a TXT set cannot be changed here, and what to do, such as ``has a routing policy; remove it``.
    """

    name: str
    type: str
    values: tuple[str, ...]
    ttl: int | None
    problem: str = ""


class RecordSets(ABC):
    """A provider's API. Several threads call it at once; each method raises :class:`RecordSetError` where it fails.

    A provider needs :meth:`zones`, :meth:`read` and :meth:`swap`. The other methods have defaults for an API that
    stores TXT values in the presentation format of RFC 1035 §5.1, and has no limits below those of DNS.
    """

    title: ClassVar[str]
    """The provider's name, as people write it."""

    choice: ClassVar[str] = "write the one that the domain is delegated to into {key}.zones"
    """What to do where several zones have one name; ``{key}`` is the provider's, in a config."""

    @abstractmethod
    def zones(self) -> Sequence[Zone]:
        """Return the zones that the credentials see."""

    @abstractmethod
    def read(self, zone: str, owner: str = "") -> Sequence[RecordSet]:
        """Return the record sets of a zone or, with ``owner``, of that name, as they are now.

        :param zone: its id.
        """

    @abstractmethod
    def swap(self, zone: str, owner: str, old: RecordSet | None, new: RecordSet | None) -> str:
        """Put one TXT record set in the place of another, if that is still there; return the id of the change.

        The provider must make all of the change or nothing. An API that has no condition cannot promise this, and its
        class says so.

        :param old: what was read; None where there was no set.
        :param new: None removes the set.
        :raises ChangedError: where ``old`` is not there any more, or the provider refuses ``new``.
        :raises LostError: where no answer arrived.
        :returns: what :meth:`settled` asks for; empty where there is nothing to ask.
        """

    def zone(self, zone_id: str) -> Zone:
        """Return one zone by its id; for credentials that may not list zones."""
        found = next((zone for zone in self.zones() if zone.id == zone_id), None)
        if found is None:
            raise RecordSetError(f"{self.title} has no zone {zone_id}; correct the id")
        return found

    def octets(self, value: str) -> bytes:
        """Return the character-strings of a TXT value, joined. A value that cannot be read is returned as it is."""
        try:
            return join(parse(value))
        except RecordError:
            return value.encode()

    def written(self, value: str) -> str:
        """Return one of our values, which is printable ASCII, as the API wants it.

        :raises RecordError: where the provider cannot hold it.
        """
        return presentation(value)

    def excess(self, zone: str, old: RecordSet | None, new: RecordSet) -> str:
        """Return which limit of the provider a change would exceed, and what to do; empty for none.

        :param zone: its id.
        """
        return ""

    def settled(self, change: str) -> bool:
        """Return whether all of the provider's name servers have a change."""
        return True
