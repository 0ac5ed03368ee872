"""Match a stack's records with Cloudflare's existing ones, and write the file for ``pulumi import``; offline.

An import changes nothing in DNS. The plan lists what the next ``up`` will change, and what would be lost.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from elastx_mrs import limits
from elastx_mrs.adopt.state import State
from elastx_mrs.display import all_quoted, quoted, show, visible
from elastx_mrs.identity import CLOUDFLARE_TYPE, COMPONENT_TYPE
from elastx_mrs.publish.cloudflare.zone import txt_value
from elastx_mrs.records import TxtRecord, compare
from elastx_mrs.records.kinds import replaces
from elastx_mrs.records.record import AUTOMATIC_TTL, SHOWN_DIGITS, TOKEN_DIGITS
from elastx_mrs.records.text import as_text, presentation

_TITLES = {"spf": "SPF", "dkim": "DKIM key", "dmarc": "DMARC", "report": "report authorisation"}
_TOO_MANY = {
    "challenge": ("identical challenges", "remove all but one of them"),
    "spf": ("SPF records", "that is permerror (RFC 7208 §4.5): merge them into one by hand"),
    "dkim": ("TXT records", "only one is allowed (RFC 6376 §3.6.2.2): keep only the key"),
    "dmarc": ("DMARC records", "receivers use none of them (RFC 9989 §4.10): keep one"),
    "report": ("DMARC records", "receivers use none of them (RFC 9989 §4.10): keep one"),
}


IMPORT_REQUESTS = 4
"""Requests of ``pulumi import`` for each record: its preview reads it twice, and so does the import."""


@dataclass(frozen=True)
class Found:
    """One record as Cloudflare lists it.

    :param name: as lower-case A-labels without a final dot.
    :param ttl: seconds, or 1 for automatic.
    """

    id: str
    name: str
    type: str
    content: str
    ttl: int = AUTOMATIC_TTL
    comment: str = ""

    @property
    def value(self) -> bytes:
        """A TXT's character-strings, joined."""
        return txt_value(self.content)


@dataclass(frozen=True)
class Zone:
    """A zone and its records, by their names.

    :param name: its apex; empty if the config names only the zone's id.
    """

    id: str
    name: str
    records: Mapping[str, Sequence[Found]]

    @classmethod
    def of(cls, id: str, name: str, records: Sequence[Found]) -> "Zone":
        """Sort the records by their names."""
        by_name: dict[str, list[Found]] = {}
        for record in records:
            by_name.setdefault(record.name, []).append(record)
        return cls(id, name, by_name)

    def at(self, owner: str, rdtype: str) -> list[Found]:
        """Return a name's records of one type, in a stable order."""
        return sorted((one for one in self.records.get(owner, ()) if one.type == rdtype), key=lambda one: one.id)

    def flattens(self, owner: str) -> bool:
        """Whether a name is the apex. Cloudflare flattens a CNAME there, so a TXT may exist next to it.

        If only the zone's id is known, the apex is the name that all records are at or below.
        """
        return owner == self.name or (not self.name and all(f".{name}".endswith(f".{owner}") for name in self.records))


@dataclass(frozen=True)
class Import:
    """One record to import: the resource's name, and its import ID."""

    name: str
    id: str


@dataclass
class Plan:
    """The records to import, the effects (a line each), and how many records are created or known.

    :ivar later: records left for the next file. One file stays within Cloudflare's rate limit.
    """

    imports: list[Import] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    absent: int = 0
    known: int = 0
    later: int = 0

    @property
    def requests(self) -> int:
        """The number of requests that the import sends to Cloudflare."""
        return len(self.imports) * IMPORT_REQUESTS


def plan(
    records: Sequence[TxtRecord], zones: Mapping[str, Zone], component: str, state: State, comment: str | None
) -> Plan:
    """Plan the import of ``records``.

    :param zones: by domain; a record of another domain is skipped.
    :param component: the component's name.
    :param comment: the config's comment with its placeholders; None without one.
    """
    made = Plan()
    for record in records:
        name = record.resource(component)
        if name in state.imported:
            made.known += 1
        elif record.domain in zones:
            _one(made, record, name, zones[record.domain], state, _pattern(comment, component))
    room = limits.CLOUDFLARE_IMPORT.most
    made.later = len(made.imports[room:])
    made.imports = made.imports[:room]
    return made


def _one(made: Plan, record: TxtRecord, name: str, zone: Zone, state: State, comment: re.Pattern[str]) -> None:
    cname = zone.at(record.name, "CNAME")
    if cname and not zone.flattens(record.name):
        target = visible(cname[0].content)
        made.faults.append(
            f"{record.name} is a CNAME to {target}, so it can have no TXT (RFC 1034 §3.6.2). Remove it, "
            "or publish the record at its target and write external: true"
        )
        return
    there = zone.at(record.name, "TXT")
    found = [one for one in there if replaces(record.kind, record.value, one.value)]
    if record.kind == "dkim" and len(found) < len(there) == 1:
        made.faults.append(
            f"{record.name} has the TXT '{show(there[0].value)}', which is not a DKIM key. A key must be alone at "
            "its selector (RFC 6376 §3.6.2.2): remove the TXT, and run this again"
        )
        return
    found = there if record.kind == "dkim" else found
    if not found:
        made.absent += 1
        return
    if len(found) > 1:
        what, cure = _TOO_MANY[record.kind]
        listed = "" if record.kind == "challenge" else ": " + all_quoted(one.value for one in found)
        made.faults.append(f"{record.name} has {len(found)} {what}{listed}; {cure}, and run this again")
        return
    owner = state.owners.get(found[0].id)
    if owner is not None:
        made.faults.append(
            f"{_title(record)} is already in this stack, as the resource {owner}: give {name} an alias to it. "
            "Otherwise two resources have one record, and deleting either resource deletes it"
        )
        return
    made.imports.append(Import(name, f"{zone.id}/{found[0].id}"))
    changes = list(_changes(record, found[0], comment))
    if changes:
        made.changes.append(f"{_title(record)} {'; '.join(changes)}")
    made.lost += _lost(record, found[0].value)


def _title(record: TxtRecord) -> str:
    """Return the start of a line. A challenge is shortened."""
    if record.kind == "challenge":
        return f"{record.name} challenge {record.value[: SHOWN_DIGITS - TOKEN_DIGITS]}…"
    return f"{record.name} {_TITLES[record.kind]}"


def _changes(record: TxtRecord, found: Found, comment: re.Pattern[str]) -> Iterator[str]:
    """Yield the changes of the next ``up`` to an imported record."""
    if found.value != record.value.encode():
        yield f"'{show(found.value)}' becomes '{show(record.value.encode())}'"
    elif found.content != presentation(record.value):
        yield "is put in quotes, as Cloudflare requires; its value in DNS stays the same"
    if found.ttl != record.ttl:
        yield f"TTL {_ttl(found.ttl)} becomes {_ttl(record.ttl)}"
    if not comment.fullmatch(found.comment):
        before = f"comment {quoted(found.comment, 200)}" if found.comment else "no comment"
        yield f"{before} becomes {'the one of cloudflare.comment' if comment.pattern else 'none'}"


def _ttl(seconds: int) -> str:
    return "automatic" if seconds == AUTOMATIC_TTL else str(seconds)


def _pattern(comment: str | None, component: str) -> re.Pattern[str]:
    """Return a pattern for a record's comment, because only Pulumi knows the project and the stack."""
    texts = {"{project}": "[A-Za-z0-9_.-]+", "{stack}": "[A-Za-z0-9_./-]+", "{component}": re.escape(component)}
    parts = re.split(r"(\{(?:project|stack|component)\})", comment or "")
    return re.compile("".join(texts.get(part, re.escape(part)) for part in parts))


def _lost(record: TxtRecord, value: bytes) -> Iterator[str]:
    """Yield the losses of the next ``up``. The guard does not stop changes of the stack's own records."""
    where, declared = f"{record.name} {_TITLES.get(record.kind, '')}", record.value
    keep = f"add it to the config: elastx-mrs adopt {record.domain} prints it"
    if record.kind == "spf":
        found = compare.senders(as_text(value), declared)
        if terms := (*map(str, found.lost), *found.unreadable):
            yield f"{where} loses {visible(' '.join(terms))}, and mail sent through that fails; {keep}"
    elif record.kind == "dkim" and not compare.same_key(value, declared):
        why = "is a different key, and mail signed with it fails once it is replaced"
        yield f"{where} {why}; {keep}, or write external: true"
    elif record.kind == "dmarc" and compare.loosened(value, declared):
        yield f"{where} becomes weaker; {keep}"


def import_file(
    made: Plan, component: str, state: State, provider: tuple[str, str] | None, version: str | None
) -> dict[str, Any]:
    """Return the content of the file for ``pulumi import --file``.

    :param provider: name and URN of an explicit provider; None for the provider in the state, or else the default one.
    :param version: the plugin's, to select the program's own default provider; None to let Pulumi choose.
    """
    table = {component: state.component} if state.component else {}
    resources: list[dict[str, Any]] = []
    if not state.component:
        resources.append({"type": COMPONENT_TYPE, "name": component, "component": True})
    own: dict[str, str] = {"version": version} if version else {}
    name, urn = provider or ("", state.provider)
    if urn:
        # Names in this table exist only in the file, and must differ from the component's.
        own = {"provider": name if name and name != component else f"{component}-provider"}
        table[own["provider"]] = urn
    resources += [
        {"type": CLOUDFLARE_TYPE, "name": one.name, "id": one.id, "parent": component, **own} for one in made.imports
    ]
    return {**({"nameTable": table} if table else {}), "resources": resources}
