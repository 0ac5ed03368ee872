"""The records of one zone as the API has them, kept in step with what the lab's DNS serves."""

import datetime
import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.zone

from elastx_mrs.lab.cloudflare.refused import RefusedError, invalid
from elastx_mrs.lab.cloudflare.rules import AUTOMATIC, MAX_CONTENT, Fields, Plan, fields
from elastx_mrs.lab.zones import ZoneStore
from elastx_mrs.records.text import quote

AUTOMATIC_SECONDS = 300
_ADDRESSES = {"A", "AAAA", "CNAME"}
_Key = tuple[str, str]
"""Owner name and type."""


@dataclass(frozen=True)
class Record:
    """One record of the API, with when it was made and changed (RFC 3339)."""

    id: str
    fields: Fields
    created_on: str
    modified_on: str

    @property
    def key(self) -> _Key:
        """Its name and type."""
        return self.fields.name, self.fields.type

    def answer(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        own = self.fields
        priority = {"priority": own.priority} if own.priority is not None else {}
        return {
            "id": self.id, "name": own.name, "type": own.type, "content": own.content,
            "proxiable": own.type in ("A", "AAAA", "CNAME"), "proxied": own.proxied, "ttl": own.ttl, "settings": {},
            "meta": {}, "comment": own.comment, "tags": list(own.tags), "created_on": self.created_on,
            "modified_on": self.modified_on, **priority,
        }  # fmt: skip


class Book:
    """The records of a zone.

    :param store: the zones that the lab serves; None for a zone that only the API has, as one not delegated to it.
    :param path: the file that identifiers and comments are kept in; None to forget them.
    :param later: runs a function once DNS is to have a change.
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
        self._records: dict[str, Record] = {}
        self._seen: dns.zone.Zone | None = None
        self._served: dict[_Key, frozenset[dns.rdata.Rdata]] = {}
        if path is not None and path.exists():
            for kept in json.loads(path.read_text(encoding="utf-8")):
                self._put(Record(kept["id"], fields(kept, name, plan), kept["created_on"], kept["modified_on"]))
            self._served = {key: self._wanted(key) for key in {record.key for record in self._records.values()}}

    def all(self) -> list[Record]:
        """Return every record, after taking over what was changed in DNS by another way."""
        self._take_over()
        return list(self._records.values())

    def get(self, number: str) -> Record:
        """Return one record; :raises RefusedError: 81044."""
        self._take_over()
        if number not in self._records:
            raise RefusedError(404, 81044, "Record does not exist.")
        return self._records[number]

    def add(self, body: Mapping[str, Any]) -> Record:
        """Make a record."""
        self._take_over()
        now = _now()
        return self._change(Record(uuid.uuid4().hex, fields(body, self.name, self.plan), now, now))

    def replace(self, number: str, body: Mapping[str, Any]) -> Record:
        """Give a record all new fields."""
        old = self.get(number)
        return self._change(replace(old, fields=fields(body, self.name, self.plan), modified_on=_now()), old)

    def patch(self, number: str, body: Mapping[str, Any]) -> Record:
        """Give a record some new fields."""
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
        """Refuse what the zone's other records exclude."""
        others = [
            one for one in self._records.values() if one.id != record.id and one.fields.name == record.fields.name
        ]
        same = [one for one in others if one.fields.type == record.fields.type]
        if any(one.fields.rdata == record.fields.rdata for one in same):
            raise invalid(81058, "An identical record already exists.")
        types = [one.fields.type for one in others]
        if record.fields.name == self.name:
            # A CNAME at the apex is flattened: it answers with addresses, and stands beside what is none.
            types = [kind for kind in types if {kind, record.fields.type} <= _ADDRESSES]
        if types and "CNAME" in (*types, record.fields.type):
            raise invalid(81053, "An A, AAAA, or CNAME record with that host already exists.")
        if sum(len(one.fields.content) for one in [*same, record]) > MAX_CONTENT:
            text = (
                f"Combined content length of records with this name and type must not exceed {MAX_CONTENT} characters."
            )
            raise invalid(83011, text)

    def _wanted(self, key: _Key) -> frozenset[dns.rdata.Rdata]:
        return frozenset(one.fields.rdata for one in self._records.values() if one.key == key)

    def _publish(self, keys: Iterable[_Key]) -> None:
        """Let DNS serve what the records are now at some names."""
        if self._store is None:
            return
        self._take_over()
        served = self._store.zone(self._origin)
        assert served is not None  # noqa: S101  the store has it as long as the lab runs
        zone = dns.zone.Zone(served.origin, relativize=False)
        zone.nodes = dict(served.nodes)  # a writer copies the nodes that it changes
        with zone.writer() as transaction:
            for name, kind in keys:
                if kind == "CNAME" and name == self.name:
                    continue  # flattened: the lab knows no addresses to answer with
                owner = dns.name.from_text(name)
                rdatas = self._wanted((name, kind))
                ttls = [one.fields.ttl for one in self._records.values() if one.key == (name, kind)]
                if rdatas:
                    ttl = min(AUTOMATIC_SECONDS if ttl == AUTOMATIC else ttl for ttl in ttls)
                    transaction.replace(owner, dns.rdataset.from_rdata_list(ttl, sorted(rdatas)))
                elif transaction.get(owner, kind) is not None:
                    transaction.delete(owner, kind)
                self._served[name, kind] = rdatas
            if transaction.changed():
                transaction.update_serial(name=zone.origin)
        self._store.keep(zone)
        self._seen = zone

    def _take_over(self) -> None:
        """Note what was added or deleted in DNS since the last look, as by a dynamic update."""
        zone = self._store.zone(self._origin) if self._store is not None else None
        if zone is None or zone is self._seen:
            return
        self._seen = zone
        now = {
            (name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(found.rdtype)): found
            for name, found in zone.iterate_rdatasets()
            if found.rdtype != dns.rdatatype.SOA and (found.rdtype, name) != (dns.rdatatype.NS, self._origin)
        }
        for key in self._served.keys() | now.keys():
            if key[1] == "CNAME" and key[0] == self.name:
                continue
            before, after = self._served.get(key, frozenset()), frozenset(now.get(key, ()))
            for record in [one for one in self._records.values() if one.key == key]:
                if record.fields.rdata in before - after:
                    del self._records[record.id]
            for rdata in sorted(after - before):
                self._put(_found(key, rdata, now[key].ttl))
            self._served[key] = after
        self._keep()

    def _keep(self) -> None:
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            unfinished = self._path.with_suffix(".unfinished")
            kept = [record.answer() for record in self._records.values()]
            unfinished.write_text(json.dumps(kept, indent=1), encoding="utf-8")
            unfinished.replace(self._path)


def _found(key: _Key, rdata: dns.rdata.Rdata, ttl: int) -> Record:
    """Return the record of what DNS has and the API has not."""
    name, kind = key
    priority = getattr(rdata, "preference", None)
    if kind == "TXT":
        content = " ".join(quote(string) for string in rdata.strings)  # type: ignore[attr-defined]
    else:
        content = rdata.to_text().removeprefix(f"{priority} ").removesuffix(".")
    now = _now()
    own = Fields(name, kind, content, rdata, ttl, None, (), proxied=False, priority=priority)
    return Record(uuid.uuid4().hex, own, now, now)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
