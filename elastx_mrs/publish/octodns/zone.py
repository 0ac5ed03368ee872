r"""A zone as octoDNS has it: its record sets, what its TXT values stand for, and one change of it.

In octoDNS a TXT value is its strings joined, in the presentation format of RFC 1035 §5.1, and with ``\;`` for each
semicolon.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from elastx_mrs.display import quoted
from elastx_mrs.publish.rrset.record_sets import RecordSet

TRUE_TO_ESCAPES = frozenset({"octodns_powerdns"})
r"""Packages that keep a ``\`` and a ``"`` in others' strings: tried. Other packages read or write them wrong."""

_ESCAPE = re.compile(r"\\(?:([0-9]{3})|(.))", re.DOTALL)
_PLAIN = re.compile(r"(?:[ !#-\[\]-~]|\\;)*")
r"""A value without ``"``, and without ``\`` but in ``\;``."""


@dataclass(frozen=True)
class Reading:
    """A zone, as a provider has it.

    :param zone: octoDNS's object of it.
    :param began: when it was read, in seconds of the monotonic clock.
    """

    zone: Any
    sets: Sequence[RecordSet]
    began: float

    @classmethod
    def of(cls, zone: Any, package: str, began: float) -> "Reading":
        """Return the reading of a zone.

        :param package: the provider's, such as ``octodns_powerdns``.
        """
        # octoDNS leaves the SOA out, which tells the apex from a delegation.
        soa = RecordSet(zone.name.removesuffix("."), "SOA", (), None)
        return cls(zone, [soa, *(_record_set(one, package) for one in sorted(zone.records))], began)

    def at(self, owner: str) -> Sequence[RecordSet]:
        """Return the record sets of a name."""
        return [one for one in self.sets if one.name == owner]

    def txt(self, owner: str) -> RecordSet | None:
        """Return the TXT set of a name."""
        return next((one for one in self.at(owner) if one.type == "TXT"), None)

    @property
    def wildcards(self) -> Sequence[str]:
        """The suffixes of the names that a wildcard may answer for, such as ``.example.com``."""
        return [one.name.removeprefix("*") for one in self.sets if one.name.startswith("*.")]

    @cached_property
    def delegated(self) -> Mapping[str, RecordSet]:
        """The NS sets by their names."""
        return {one.name: one for one in self.sets if one.type == "NS"}


def octets(value: str) -> bytes:
    """Return a TXT value's octets. A quote that has no backslash stands for itself."""
    found, last = [], 0
    for one in _ESCAPE.finditer(value):
        found.append(value[last : one.start()].encode())
        number = int(one[1]) if one[1] else -1
        found.append(bytes([number]) if 0 <= number < 256 else (one[2] or one[0]).encode())
        last = one.end()
    return b"".join([*found, value[last:].encode()])


def all_octets(txt: RecordSet | None) -> list[bytes]:
    """Return the octets of each value of a TXT set, sorted."""
    return sorted(map(octets, txt.values if txt is not None else ()))


def txt_record(zone: Any, txt: RecordSet) -> Any:
    """Return octoDNS's record of a TXT set."""
    from octodns.record import Record

    name = zone.hostname_from_fqdn(f"{txt.name}.")
    return Record.new(zone, name, {"type": "TXT", "ttl": txt.ttl, "values": list(txt.values)}, lenient=True)


def change(zone: Any, owner: str, new: RecordSet | None) -> Any:
    """Return octoDNS's change of a zone that puts a TXT set at a name; None removes the set."""
    from octodns.record import Create, Delete, Update

    name = zone.hostname_from_fqdn(f"{owner}.")
    there = next((one for one in zone.records if one._type == "TXT" and one.name == name), None)
    if new is None:
        return Delete(there)
    return Create(txt_record(zone, new)) if there is None else Update(there, txt_record(zone, new))


def _record_set(record: Any, package: str) -> RecordSet:
    """Return a record of octoDNS as a record set. A TXT set that its package may damage has a problem."""
    given = getattr(record, "values", None)
    text = str if record._type == "TXT" else _text
    values = [text(one) for one in (given if given is not None else [record.value])]
    problem = ""
    if record._type == "TXT" and package not in TRUE_TO_ESCAPES:
        odd = next((one for one in values if not _PLAIN.fullmatch(one)), None)
        what = "in which octoDNS's provider may lose quotes and backslashes"
        cure = "remove it at the provider first, or use another publisher"
        problem = f"has {quoted(odd, 60)}, {what}; {cure}" if odd is not None else ""
    name = record.fqdn.lower().removesuffix(".")
    return RecordSet(name, record._type, tuple(values), record.ttl, problem)


def _text(value: Any) -> str:
    """Return a record's value as in a zone file, without a final dot."""
    if hasattr(value, "exchange"):
        return f"{value.preference} {value.exchange}".removesuffix(".")
    text = str(value)
    return text.removesuffix(".") if text.count(" ") == 0 else text
