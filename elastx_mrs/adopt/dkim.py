"""Write the config that keeps the DKIM keys of a domain, at the service's selector and at others."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from elastx_mrs.adopt.adopted import Adopted
from elastx_mrs.adopt.place import Place
from elastx_mrs.display import all_quoted, show
from elastx_mrs.records import RecordError, compare, dkim, dkim_key
from elastx_mrs.records.near_miss import oddity, plain
from elastx_mrs.records.text import as_text
from elastx_mrs.service import Service
from elastx_mrs.verify.checks.published import usable_key


class Entry(NamedTuple):
    """One key of a domain's config.

    :param of_the_stack: whether it is the stack's own key, which a domain need not repeat.
    """

    config: dict[str, Any]
    of_the_stack: bool = False


def keep_all(adopted: Adopted, places: Mapping[str, Place], service: Service, own_key: str = "") -> None:
    """Keep the keys, whoever publishes them.

    :param places: by selector.
    :param own_key: the stack's key, which domains do not repeat; empty if unknown.
    """
    kept = [keep(adopted, place, selector, service, own_key) for selector, place in places.items()]
    entries = [entry for entry in kept if entry is not None]
    if len(entries) == 1 and not entries[0].of_the_stack:
        adopted.config["dkim"] = entries[0].config
    elif len(entries) > 1:
        adopted.config["dkim"] = [
            entry.config | ({} if entry.config["selector"] == service.dkim_selector else {"own": True})
            for entry in entries
        ]
        if all(entry.config["selector"] != service.dkim_selector for entry in entries):
            cure = f"if you do not sign all mail yourself, add the key that {service.name} provides to dkim"
            adopted.changes.append(f"{adopted.domain} has no key at the selector {service.dkim_selector}: {cure}")


def keep(adopted: Adopted, place: Place, selector: str, service: Service, own_key: str = "") -> Entry | None:
    """Return the config that keeps a key, whoever publishes it; None if there is none, or none that can be kept."""
    values = place.answer.texts()
    if place.elsewhere:
        return _elsewhere(adopted, place, selector, service)
    if place.wildcard:
        listed = all_quoted(values) or "an alias"
        adopted.changes.append(f"{place.owner}: a wildcard answers {listed} there, and that ends with the key's record")
    elif len(values) > 1:
        text = f"{place.owner} has {len(values)} TXT records, but only one is allowed (RFC 6376 §3.6.2.2); keep the key"
        adopted.faults.append(f"{text}, and run this again")
    elif values:
        return _one(adopted, place, values[0], selector, service, own_key)
    return None


def _elsewhere(adopted: Adopted, place: Place, selector: str, service: Service) -> Entry:
    """Leave the key to its current publisher, if it exists and is usable."""
    entry = Entry({"selector": selector, "external": True})
    where = f"{place.owner} {place.elsewhere}"
    cure = f"publish the key that {service.name} provides there"
    cure += ", or remove the CNAME" if place.alias else ""
    if place.circle:
        adopted.faults.append(f"{where}, and its CNAMEs lead in a circle; remove the CNAME")
        return entry
    adopted.changes.append(f"{where}: the key is published there (external: true); check that it is {service.name}'s")
    if place.answer.status == "failed":
        adopted.unasked.append(f"{where}: {place.answer.problem}")
    elif (fault := usable_key(service)(place.answer)) is not None:
        adopted.faults.append(f"{where}, where there is no usable key ({fault[1]}); {cure}")
    return entry


def _one(adopted: Adopted, place: Place, value: bytes, selector: str, service: Service, own_key: str) -> Entry | None:
    """Keep the one TXT at the selector, if it is a key that receivers can use."""
    owner, text = place.owner, as_text(value)
    try:
        key = str(dkim.from_paste(text, selector, service))
    except RecordError as error:
        key, problems = "", error.problems
    if key and compare.same_key(text, key):
        adopted.own(owner)
        kept = "stays as it is" if key == text else "keeps its key, in another spelling"
        if own_key and compare.same_key(own_key, key):
            adopted.changes.append(f"{owner} {kept}; it is the stack's own dkim")
            return Entry({"selector": selector, "record": key}, of_the_stack=True)
        if own_key and selector == service.dkim_selector:
            cure = f"ask {service.name} which one is right; to publish the stack's, remove dkim from this domain"
            adopted.faults.append(f"{owner} has another key than the stack's dkim, and the config keeps it; {cure}")
        else:
            adopted.changes.append(f"{owner} {kept}; remove it here if it is the stack's own dkim")
        return Entry({"selector": selector, "record": key})
    meant = _meant(value, selector, service)
    found = f"{owner} has '{_cut(show(value))}', which receivers cannot use"
    if meant:
        why = oddity(value.decode("utf-8", "surrogateescape")) or "is not written as a key record is"
        adopted.faults.append(f"{found}: it {why}; remove it, and the config above publishes the key as it should be")
        return Entry({"selector": selector, "record": meant})
    why = "; it ".join(problems) if not key else "is not written as a key record is"
    cure = f"Remove it to make room for the key that {service.name} provides"
    cure = cure if selector == service.dkim_selector else "Remove it, or leave its selector out"
    adopted.faults.append(f"{found}: it {why}. {cure}")
    return None


def _meant(value: bytes, selector: str, service: Service) -> str:
    """Return the key that a value was meant to be, without additions of a zone file or an editor; empty if none."""
    for text in (as_text(value), plain(value.decode("utf-8", "surrogateescape"))):
        try:
            key = str(dkim.from_paste(text, selector, service))
            dkim_key.parse(key)
        except RecordError:
            continue
        return key
    return ""


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


_SHOWN = 80
"""Characters of a key that a line shows."""
