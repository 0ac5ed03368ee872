"""The changes of a preview as changes of TXT records, by domain.

The kind of a record follows from its owner name and value, not from the name of its resource. So it reads custom
publishers, too, if their resources have ``owner`` or ``name``, and ``value`` or ``content`` (``docs/publishers.md``).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any, Literal, NamedTuple

from elastx_mrs.display import show
from elastx_mrs.identity import COMPONENT_TYPE, publisher_of
from elastx_mrs.records import RecordError
from elastx_mrs.records.challenge import is_challenge
from elastx_mrs.records.record import AUTOMATIC_TTL, DEFAULT_TTL, Kind
from elastx_mrs.records.spf_terms import is_spf
from elastx_mrs.records.text import join, parse
from elastx_mrs.review.preview import Preview, Resource
from elastx_mrs.service import Service

Op = Literal["add", "change", "remove", "release", "stopped"]

MOST_SECONDS = 2**31
"""Above any TTL (RFC 2181 §8); JSON numbers can be larger."""

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Pulumi's placeholder for a value that is not known yet."""

SECRET = "[secret]"  # noqa: S105
"""Pulumi's placeholder for a secret value."""

_IN_NAME = re.compile(r"-(?:(challenge)-[0-9a-f]{12}|(spf|dkim|dmarc)|(report)-.+)$", re.DOTALL)
_ORDER: Mapping[str, int] = {"challenge": 0, "spf": 1, "dkim": 2, "dmarc": 3, "report": 4, "other": 5}


class Content(NamedTuple):
    """A TXT record before or after a change.

    :param value: its character-strings, joined; None if it is secret or not known.
    :param ttl: seconds; 1 for Cloudflare's automatic TTL, None if not set.
    """

    owner: str
    value: str | None
    ttl: int | None


class Change(NamedTuple):
    """One record that would change.

    :param op: ``release`` removes it from the state and leaves it in DNS; ``stopped``: an error stops it.
    :param domain: the sender domain; for a report authorisation, the domain that accepts the reports.
    :param content: the record after the change, or before it if it will be removed.
    :param keys: the inputs of the resource that differ.
    :param again: the other resource, if the same record moves from one to another.
    :param publisher: its key in the config, if records of several publishers would change.
    """

    op: Op
    kind: Kind | Literal["other"]
    domain: str
    resource: Resource
    content: Content
    old: Content | None
    new: Content | None
    keys: tuple[str, ...] = ()
    again: str = ""
    publisher: str = ""


def changes(preview: Preview) -> list[Change]:
    """Return the records that would change, ordered by domain and kind."""
    stopped = {one.urn for one in preview.diagnostics if one.level == "error"}
    found = [_change(one, preview.service, stopped) for one in preview.resources if one.component is not None]
    return sorted(_attributed(_paired([one for one in found if one is not None])), key=_place)


def _attributed(found: Iterable[Change]) -> Iterator[Change]:
    """Yield the changes, each with its publisher if there are several: a zone at two of them has each record twice."""
    listed = [(one, publisher_of(one.resource.type, one.resource.new or one.resource.old or {})) for one in found]
    several = len({publisher for _, publisher in listed}) > 1
    for one, publisher in listed:
        yield one._replace(publisher=publisher) if several else one


def others(preview: Preview) -> list[Resource]:
    """Return the resources that would change outside any ``MailRelay``."""
    return [one for one in preview.resources if one.component is None and one.type != COMPONENT_TYPE]


def _place(change: Change) -> tuple[list[str], int, str]:
    return change.domain.split(".")[::-1], _ORDER[change.kind], change.resource.urn


def _change(resource: Resource, service: Service, stopped: Set[str]) -> Change | None:
    old, new = _content(resource.old), _content(resource.new)
    content = new or old
    if content is None:
        return None
    kind, domain = kind_of(content, resource.name, service)
    op: Op = "change" if old and new else "add" if new else "release" if resource.retained else "remove"
    if resource.urn in stopped:
        op = "stopped"
    if old and new and resource.old is not None and resource.new is not None:
        keys = tuple(key for key in _keys(resource.old, resource.new) if not key.startswith("__"))
        return Change(op, kind, domain, resource, content, old, new, keys)
    return Change(op, kind, domain, resource, content, old, new)


def _keys(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for key in dict.fromkeys([*old, *new]):
        if old.get(key) != new.get(key):
            yield key


def _content(inputs: Mapping[str, Any] | None) -> Content | None:
    if inputs is None:
        return None
    owner = _known(inputs.get("owner")) or _known(inputs.get("name"))
    if owner is None or inputs.get("type", "TXT") != "TXT":
        return None
    value = _known(inputs.get("value"))
    if value is None and (content := _known(inputs.get("content"))) is not None:
        value = _joined(content)
    ttl = inputs.get("ttl")
    is_number = isinstance(ttl, (int, float)) and not isinstance(ttl, bool) and abs(ttl) < MOST_SECONDS
    return Content(owner.lower().removesuffix("."), value, int(ttl) if is_number else None)  # type: ignore[arg-type]


def _known(value: object) -> str | None:
    return value if isinstance(value, str) and value not in (UNKNOWN, SECRET) else None


def _joined(content: str) -> str:
    try:
        value = join(parse(content))
    except (RecordError, UnicodeEncodeError):
        return content
    return value.decode() if value.isascii() else show(value)


def kind_of(content: Content, resource: str, service: Service) -> tuple[Kind | Literal["other"], str]:
    """Return the kind of a record, and its domain.

    :param resource: the resource's name, which shows the kind if the value is not known.
    """
    owner, value = content.owner, content.value or ""
    sender, authorises, host = owner.partition("._report._dmarc.")
    if authorises and sender:
        return "report", host
    if owner.startswith("_dmarc."):
        return "dmarc", owner.removeprefix("_dmarc.")
    selector, is_key, domain = owner.partition("._domainkey.")
    if is_key and selector:
        return "dkim", domain
    if is_challenge(value, service):
        return "challenge", owner
    if is_spf(value):
        return "spf", owner
    named = _IN_NAME.search(resource)
    if content.value is None and named and (named[1] or named[2] == "spf"):
        return ("challenge" if named[1] else "spf"), owner
    return "other", owner


def ttl_of(content: Content) -> str:
    """Return a TTL for people."""
    ttl = DEFAULT_TTL if content.ttl is None else content.ttl
    return "automatic" if ttl == AUTOMATIC_TTL else f"{ttl} s"


def _paired(found: Iterable[Change]) -> Iterator[Change]:
    """Yield the changes, and mark records that move from one resource to another."""
    listed = list(found)
    gone = {(one.content.owner, one.content.value): one for one in listed if one.op == "remove"}
    there = {(one.content.owner, one.content.value): one for one in listed if one.op == "add"}
    for one in listed:
        key = (one.content.owner, one.content.value)
        other = gone.get(key) if one.op == "add" else there.get(key) if one.op == "remove" else None
        yield one._replace(again=other.resource.name) if other is not None and key[1] is not None else one
