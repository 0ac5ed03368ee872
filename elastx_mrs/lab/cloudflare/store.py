"""The API's records of one zone, synchronized with the lab's DNS."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import dns.exception
import dns.name
import dns.rdata
import dns.rdataset
import dns.rdatatype

from elastx_mrs.lab.cloudflare.errors import RefusedError, invalid
from elastx_mrs.lab.cloudflare.record import Key, Record
from elastx_mrs.lab.cloudflare.rules import AUTOMATIC, MAX_CONTENT, PROXIABLE, Fields, Plan, fields
from elastx_mrs.lab.zones import LabError, LabZone, ZoneStore

__all__ = ["Book", "Record"]

AUTOMATIC_SECONDS = 300

_Served = tuple[frozenset[dns.rdata.Rdata], int]
"""The records and the TTL in DNS for a key."""

_NOTHING: _Served = (frozenset(), 0)


class Book:
    """The records of a zone.

    :param store: the zones of the lab's DNS; None for a zone that only the API has, because it is not delegated.
    :param path: the file for identifiers and comments; None to store nothing.
    :param later: runs a function at the time when DNS gets a change.
    :raises LabError: if the file cannot be read.
    """

    def __init__(
        self,
        name: str,
        plan: Plan,
        store: ZoneStore | None,
        path: Path | None,
        later: Callable[[Callable[[], None]], None],
    ) -> None:
        self.name = name
        self.plan = plan
        self._origin = dns.name.from_text(name)
        self._store = store
        self._path = path
        self._later = later
        self._records = {record.id: record for record in _load(path)}
        self._seen: LabZone | None = None
        self._served = {key: self._wanted(key) for key in {record.key for record in self._records.values()}}

    def all(self) -> list[Record]:
        """Return every record, including changes that were made in DNS directly."""
        self._take_over()
        return list(self._records.values())

    def get(self, number: str) -> Record:
        """Return one record; :raises RefusedError: 81044."""
        self._take_over()
        if number not in self._records:
            raise RefusedError(404, 81044, "Record does not exist.")
        return self._records[number]

    def add(self, body: Mapping[str, Any]) -> Record:
        """Add a record."""
        self._take_over()
        return self._change(Record.new(fields(body, self.name, self.plan)))

    def replace(self, number: str, body: Mapping[str, Any]) -> Record:
        """Replace all fields of a record."""
        old = self.get(number)
        return self._change(old.changed(fields(body, self.name, self.plan)), old)

    def patch(self, number: str, body: Mapping[str, Any]) -> Record:
        """Replace some fields of a record."""
        return self.replace(number, self.get(number).answer() | dict(body))

    def remove(self, number: str) -> None:
        """Delete a record."""
        old = self.get(number)
        del self._records[number]
        self._keep()
        self._later(lambda: self._publish([old.key]))

    def _change(self, record: Record, old: Record | None = None) -> Record:
        self._check(record)
        self._put(record)
        self._keep()
        keys = [record.key, *([old.key] if old is not None and old.key != record.key else [])]
        self._later(lambda: self._publish(keys))
        return record

    def _put(self, record: Record) -> None:
        self._records[record.id] = record

    def _check(self, record: Record) -> None:
        """Refuse a record that conflicts with the zone's other records."""
        others = [
            one for one in self._records.values() if one.id != record.id and one.fields.name == record.fields.name
        ]
        same = [one for one in others if one.fields.type == record.fields.type]
        if any(one.fields.rdata == record.fields.rdata for one in same):
            raise invalid(81058, "An identical record already exists.")
        types = [one.fields.type for one in others]
        if record.fields.name == self.name:
            # A CNAME at the apex is flattened: it answers with addresses, and conflicts only with those.
            types = [kind for kind in types if {kind, record.fields.type} <= PROXIABLE]
        if types and "CNAME" in (*types, record.fields.type):
            raise invalid(81053, "An A, AAAA, or CNAME record with that host already exists.")
        if sum(len(one.fields.content) for one in [*same, record]) > MAX_CONTENT:
            text = (
                f"Combined content length of records with this name and type must not exceed {MAX_CONTENT} characters."
            )
            raise invalid(83011, text)

    def _at(self, key: Key) -> list[Fields]:
        return [one.fields for one in self._records.values() if one.key == key]

    def _wanted(self, key: Key) -> _Served:
        """Return the records that DNS should have at a key, with the least TTL, because an RRset has only one."""
        found = self._at(key)
        ttls = [AUTOMATIC_SECONDS if one.ttl == AUTOMATIC else one.ttl for one in found]
        return frozenset(one.rdata for one in found), min(ttls, default=0)

    def _is_unserved(self, key: Key) -> bool:
        """Whether DNS does not serve these records: a flattened CNAME, or NS at the apex."""
        return key in ((self.name, "CNAME"), (self.name, "NS"))

    def _publish(self, keys: Iterable[Key]) -> None:
        """Publish the current records of some keys in DNS."""
        if self._store is None:
            return
        self._take_over()
        zone = self._store.zone(self._origin).copy()
        with zone.writer() as transaction:
            for key in keys:
                if self._is_unserved(key):
                    continue
                owner, (rdatas, ttl) = dns.name.from_text(key[0]), self._wanted(key)
                old = transaction.get(owner, key[1])
                if rdatas and (old is None or (frozenset(old), old.ttl) != (rdatas, ttl)):
                    transaction.replace(owner, dns.rdataset.from_rdata_list(ttl, sorted(rdatas)))
                elif not rdatas and old is not None:
                    transaction.delete(owner, key[1])
                self._served[key] = rdatas, ttl
            changed = transaction.changed()
            if changed:
                transaction.update_serial(name=zone.origin)
        if changed:
            self._store.keep(zone)
            self._seen = zone

    def _take_over(self) -> None:
        """Take over changes that were made in DNS since the last call, such as by a dynamic update."""
        if self._store is None:
            return
        zone = self._store.zone(self._origin)
        if zone is self._seen:
            return
        self._seen = zone
        now: dict[Key, _Served] = {
            (name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(found.rdtype)): (
                frozenset(found),
                found.ttl,
            )
            for name, found in zone.iterate_rdatasets()
            if found.rdtype != dns.rdatatype.SOA
        }
        changed = [
            self._follow(key, self._served.get(key, _NOTHING), now.get(key, _NOTHING))
            for key in self._served.keys() | now.keys()
            if not self._is_unserved(key)
        ]
        if any(changed):
            self._keep()

    def _follow(self, key: Key, before: _Served, after: _Served) -> bool:
        """Apply a change in DNS to the records of a key; return whether there was one."""
        if before == after:
            return False
        for record in [one for one in self._records.values() if one.key == key]:
            if record.fields.rdata in before[0] - after[0]:
                del self._records[record.id]
            elif record.fields.rdata in after[0] and after[1] != before[1]:
                self._put(record.changed(replace(record.fields, ttl=after[1])))
        known = {
            one.rdata for one in self._at(key)
        }  # such as records that are not served yet, but were added in DNS meanwhile
        for rdata in sorted(after[0] - before[0] - known):
            self._put(Record.found(key, rdata, after[1]))
        self._served[key] = after
        return True

    def _keep(self) -> None:
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            unfinished = self._path.with_suffix(".unfinished")
            kept = ",\n".join(record.kept for record in self._records.values())
            unfinished.write_text(f"[{kept}]\n", encoding="utf-8")
            unfinished.replace(self._path)


def _load(path: Path | None) -> list[Record]:
    if path is None or not path.exists():
        return []
    try:
        return [Record.load(kept) for kept in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, LookupError, TypeError, dns.exception.DNSException) as error:
        text = f"{path}: is not a list of records ({error}); remove it, and the records get new identifiers"
        raise LabError(text) from None
