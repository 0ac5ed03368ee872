"""Which kind of record a TXT value is, and which values at a name are of one kind.

A name may have one SPF, one DKIM and one DMARC record, beside any number of foreign strings. Each kind's own module
has the predicate. No other module decides by the beginning of a string: ``v=spf1-validator=…`` is no SPF.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from elastx_mrs.display import show
from elastx_mrs.records.dkim_key import is_dkim
from elastx_mrs.records.dmarc_policy import is_dmarc
from elastx_mrs.records.record import Kind
from elastx_mrs.records.spf_terms import is_spf

UniqueKind = Literal["spf", "dkim", "dmarc"]
"""The kinds of which a name has one record at most (RFC 7208 §3.2, RFC 6376 §3.6.2.2, RFC 9989 §4.10)."""

_PREDICATES: Mapping[UniqueKind, Callable[[bytes | str], bool]] = {"spf": is_spf, "dmarc": is_dmarc, "dkim": is_dkim}


def unique_kind(value: bytes | str) -> UniqueKind | None:
    """Return the kind of a value of which a name has one record at most; None for every other string."""
    return next((kind for kind, is_kind in _PREDICATES.items() if is_kind(value)), None)


def is_for_service_name(value: bytes | str) -> bool:
    """Tell whether a TXT value is of use below a label that begins with ``_`` alone: nobody looks for it at a host."""
    return is_dkim(value) or is_dmarc(value)


def replaces(kind: Kind, value: str, there: bytes | str) -> bool:
    """Tell whether a record that we declare takes the place of a TXT value at its name.

    A challenge takes the place of itself alone, since a name has as many as it has accounts. A report authorisation
    is a DMARC record (RFC 9990 §4).

    :param kind: of the declared record.
    :param value: of the declared record.
    :param there: the TXT value, its character-strings joined.
    """
    if kind == "challenge":
        return there in (value, value.encode("ascii"))
    return _PREDICATES["dmarc" if kind == "report" else kind](there)


def same_value(there: bytes, value: str) -> bool:
    r"""Tell whether a TXT value is one that we know: as it was declared, or as a refresh showed it to people.

    A state holds what :func:`current_value` returned after somebody changed the record, with octets as ``\DDD``.
    """
    return value in (there.decode("latin-1"), show(there))


def not_ours(values: Iterable[bytes], *ours: str | None) -> list[bytes]:
    """Return the values that are none of ``ours``, in their order."""
    known = [value for value in ours if value is not None]
    return [there for there in values if not any(same_value(there, value) for value in known)]


def rivals(values: Iterable[bytes], value: str, *ours: str) -> list[str]:
    """Return the values of the same unique kind as ``value``, other than it and ``ours``, as people read them."""
    kind = unique_kind(value)
    if kind is None:
        return []
    return [show(there) for there in not_ours(values, value, *ours) if _PREDICATES[kind](there)]


def current_value(values: Iterable[bytes], published: str) -> str | None:
    """Return the value that stands today where ``published`` was put, as people read it; None where none does.

    Our string is known by its value. Where that is gone, and exactly one record of the same unique kind is there,
    somebody changed it. A foreign string is never taken for ours.
    """
    listed = list(values)
    if published.encode("ascii") in listed:
        return published
    same = rivals(listed, published)
    return same[0] if len(same) == 1 else None
