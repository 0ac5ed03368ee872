"""Find records that two components of one deployment declare: each would overwrite the other.

Each deployment has its own list. Several updates may run in one process, as with the Automation API. The plugin
creates the components of a program one by one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import NamedTuple
from weakref import WeakKeyDictionary

from elastx_mrs.config.modes import Mode
from elastx_mrs.publish.sdk import deployment
from elastx_mrs.records import TxtRecord

LISTED = 10
"""Records that a message lists."""

_WHY = {
    "challenge": ("the same challenge at", "if one is destroyed, the record is gone for both"),
    "spf": ("the SPF record of", "with two of them, all its mail gets permerror (RFC 7208 §4.5)"),
    "dkim": ("the DKIM key at", "with two of them, a key may not be found (RFC 6376 §3.6.2.2)"),
    "dmarc": ("the DMARC record at", "with two of them, receivers discard both (RFC 9989 §4.10)"),
    "report": ("the report authorisation at", "if one is destroyed, the record is gone for both"),
}


class _Key(NamedTuple):
    """A record that only one component may publish: one kind at a name, or one challenge.

    :param place: the provider, and where it publishes the domain.
    """

    place: tuple[object, ...]
    name: str
    kind: str
    value: str


Declared = dict[_Key, str]
"""The component of each record, of one deployment."""

_BY_DEPLOYMENT: WeakKeyDictionary[object, Declared] = WeakKeyDictionary()
"""The declared records, for as long as the SDK keeps the deployment's connection to the engine."""

GIVEN: ContextVar[Declared | None] = ContextVar("elastx_mrs_declared", default=None)
"""Set by the plugin to the records of the current deployment. There, each component has its own connection."""


def rivals(
    component: str,
    records: Iterable[TxtRecord],
    places: Mapping[str, Sequence[tuple[object, ...]]],
    modes: Mapping[str, Mode],
) -> dict[Mode, list[str]]:
    """Note a component's records; return those that another component also declares, by the guard's mode.

    :param places: where each domain is published, maybe in several places. Records in different places do not
        conflict, as in two views.
    :param modes: the guard's, by domain; ``off`` reports nothing.
    """
    declared = _of_deployment()
    found: dict[Mode, list[str]] = {}
    for record in records:
        value = record.value if record.kind == "challenge" else ""
        mode = modes.get(record.domain, "require")
        keys = [_Key(place, record.name, record.kind, value) for place in places[record.domain]]
        others = dict.fromkeys(declared.setdefault(key, component) for key in keys)
        for other in others if mode != "off" else ():
            if other != component:
                found.setdefault(mode, []).append(_said(component, other, record))
    return found


def _of_deployment() -> Declared:
    given = GIVEN.get()
    if given is not None:
        return given
    engine = deployment()
    return _BY_DEPLOYMENT.setdefault(engine, {}) if engine is not None else {}


def _said(component: str, other: str, record: TxtRecord) -> str:
    what, why = _WHY[record.kind]
    said = f"{' and '.join(sorted((component, other)))} both declare {what} {record.name}: {why}"
    if record.kind in ("spf", "dkim", "dmarc"):
        external = f"selector: {record.selector}, external: true" if record.selector else "external: true"
        cure = f"write {record.kind}: {{{external}}} for {record.domain} in one of them"
        return f"{said}; {cure}, or remove the domain there"
    if record.kind == "challenge":
        return f"{said}; name the account for {record.domain} in only one of them"
    return f"{said}; remove {record.domain} from one of them"


def listed(said: list[str]) -> Iterator[str]:
    """Yield the first lines, and the number of the others."""
    yield from said[:LISTED]
    if len(said) > LISTED:
        yield f"and {len(said) - LISTED} more"
