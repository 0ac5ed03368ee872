"""Find a name's records in a zone's list, with child zones, wildcards and aliases, for publishers that can list."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from elastx_mrs.display import show
from elastx_mrs.publish.existing import Existing, ancestors

_TYPES = ("A", "AAAA", "MX", "CNAME")


@dataclass(frozen=True)
class Listed:
    """One record of a list.

    :param name: lower-case A-labels without a final dot.
    :param rdtype: such as ``TXT``.
    :param value: joined octets for TXT; text as in a zone file for other types.
    :param id: the provider's identifier.
    """

    name: str
    rdtype: str
    value: str | bytes
    id: str = ""


class Listing:
    """A zone's records, read once.

    :param zone: its name.
    :param records: all of its records.
    :param name_servers: the servers on which the provider serves it; empty if unknown.
    """

    def __init__(self, zone: str, records: Iterable[Listed], name_servers: tuple[str, ...] = ()) -> None:
        """Sort the records by name and type, and note which names exist, empty ones too (RFC 4592 §2.2.2)."""
        self._zone = zone
        self._name_servers = name_servers
        self._by_name: dict[str, dict[str, list[str | bytes]]] = defaultdict(lambda: defaultdict(list))
        self._names = {zone}
        for record in records:
            self._by_name[record.name][record.rdtype].append(record.value)
            self._names.update(ancestors(record.name, zone))

    def existing(self, owner: str) -> Existing:
        """Return the records at a name.

        A CNAME at the apex is left out: providers that allow one flatten it, and a TXT may exist next to it.
        """
        above = ancestors(owner, self._zone)
        child = next((name for name in reversed(above) if "NS" in self._at(name)), None)
        if child is not None:
            return Existing(owner, self._zone, child=child)
        dname = next((name for name in above[1:] if "DNAME" in self._at(name)), None)
        if dname is not None:
            return Existing(owner, self._zone, dname=(dname, str(self._at(dname)["DNAME"][0])))
        if owner not in self._names:
            encloser = next((name for name in above if name in self._names), self._zone)
            synthesised = self._texts(f"*.{encloser}", (*_TYPES, "TXT"))
            return Existing(owner, self._zone, synthesised=synthesised, name_servers=self._name_servers)
        kinds = tuple(kind for kind in _TYPES if kind != "CNAME" or owner != self._zone)
        txt = tuple(value for value in self._at(owner).get("TXT", ()) if isinstance(value, bytes))
        return Existing(owner, self._zone, txt, self._texts(owner, kinds), name_servers=self._name_servers)

    def _at(self, name: str) -> dict[str, list[str | bytes]]:
        return self._by_name.get(name, {})

    def _texts(self, name: str, kinds: tuple[str, ...]) -> dict[str, list[str]]:
        found = self._at(name)
        return {
            kind: sorted(show(value) if isinstance(value, bytes) else value for value in found[kind])
            for kind in kinds
            if kind in found
        }
