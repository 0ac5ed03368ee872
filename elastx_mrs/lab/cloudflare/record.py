"""A record in the API, with its forms in a file and in DNS."""

import datetime
import functools
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import dns.rdata
import dns.rdataclass
import dns.rdatatype

from elastx_mrs.lab.cloudflare.rules import PROXIABLE, Fields
from elastx_mrs.records.text import quote

Key = tuple[str, str]
"""Owner name and type."""


@dataclass(frozen=True)
class Record:
    """One record of the API, with the times of its creation and changes (RFC 3339)."""

    id: str
    fields: Fields
    created_on: str
    modified_on: str
    comment_modified_on: str | None = None
    tags_modified_on: str | None = None

    @classmethod
    def new(cls, fields: Fields) -> Self:
        """Return a new record, created now."""
        now = _now()
        return cls(uuid.uuid4().hex, fields, now, now, now if fields.comment else None, now if fields.tags else None)

    @classmethod
    def found(cls, key: Key, rdata: dns.rdata.Rdata, ttl: int) -> Self:
        """Return a new record for data that DNS has and the API does not."""
        name, kind = key
        priority: int | None = getattr(rdata, "preference", None) if kind == "MX" else None
        if kind == "TXT":
            content = " ".join(quote(string) for string in rdata.strings)  # type: ignore[attr-defined]
        else:
            content = rdata.to_text().removeprefix(f"{priority} ").removesuffix(".")
        return cls.new(Fields(name, kind, content, rdata, ttl, None, (), proxied=False, priority=priority))

    @classmethod
    def load(cls, kept: Mapping[str, Any]) -> Self:
        """Return a record from the form of :attr:`kept`. The API would refuse some of them, such as a TTL of 5.

        :raises KeyError: and TypeError, ValueError, DNSException: for anything else.
        """
        rdata = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(kept["type"]), kept["rdata"])
        own = Fields(
            kept["name"], kept["type"], kept["content"], rdata, kept["ttl"], kept["comment"], tuple(kept["tags"]),
            kept["proxied"], kept.get("priority"),
        )  # fmt: skip
        times = (kept.get("comment_modified_on"), kept.get("tags_modified_on"))
        return cls(kept["id"], own, kept["created_on"], kept["modified_on"], *times)

    @property
    def key(self) -> Key:
        """Its name and type."""
        return self.fields.name, self.fields.type

    def changed(self, fields: Fields) -> Self:
        """Return it with other fields, changed now."""
        old, now = self.fields, _now()
        comment = self.comment_modified_on if fields.comment == old.comment else now
        tags = self.tags_modified_on if fields.tags == old.tags else now
        return replace(
            self, fields=fields, modified_on=now,
            comment_modified_on=comment if fields.comment else None, tags_modified_on=tags if fields.tags else None,
        )  # fmt: skip

    def answer(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        own = self.fields
        optional = {
            "priority": own.priority,
            "comment_modified_on": self.comment_modified_on,
            "tags_modified_on": self.tags_modified_on,
        }
        return {
            "id": self.id, "name": own.name, "type": own.type, "content": own.content,
            "proxiable": own.type in PROXIABLE, "proxied": own.proxied, "ttl": own.ttl, "settings": {},
            "meta": {}, "comment": own.comment, "tags": list(own.tags), "created_on": self.created_on,
            "modified_on": self.modified_on, **{name: value for name, value in optional.items() if value is not None},
        }  # fmt: skip

    @functools.cached_property
    def kept(self) -> str:
        """Its form in the file, as JSON; cached, because every change writes all records."""
        return json.dumps(self.answer() | {"rdata": self.fields.rdata.to_text()})


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
