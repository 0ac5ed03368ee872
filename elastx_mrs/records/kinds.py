"""Finds the kind of record that a TXT value is, and the values of one kind at a name.

A name may have one SPF, one DKIM and one DMARC record, and any number of foreign strings. Each kind's own module has
the predicate. No other module looks at the beginning of a string: ``v=spf1-validator=…`` is not SPF.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from elastx_mrs.display import show
from elastx_mrs.records.dkim_key import is_dkim
from elastx_mrs.records.dmarc_policy import is_dmarc
from elastx_mrs.records.record import Kind
from elastx_mrs.records.spf_terms import is_spf

UniqueKind = Literal["spf", "dkim", "dmarc"]
"""The kinds with at most one record at a name (RFC 7208 §3.2, RFC 6376 §3.6.2.2, RFC 9989 §4.10)."""

_PREDICATES: Mapping[UniqueKind, Callable[[bytes | str], bool]] = {"spf": is_spf, "dmarc": is_dmarc, "dkim": is_dkim}


def unique_kind(value: bytes | str) -> UniqueKind | None:
    """Return the kind of a value, if a name has at most one record of it; None for every other string."""
    return next((kind for kind, is_kind in _PREDICATES.items() if is_kind(value)), None)


def is_for_service_name(value: bytes | str) -> bool:
    """Return whether a TXT value is used only below a label that begins with ``_``, never at a host."""
    return is_dkim(value) or is_dmarc(value)


def replaces(kind: Kind, value: str, there: bytes | str) -> bool:
    """Return whether a record that we declare replaces a TXT value at its name.

    A challenge replaces only itself, because a name has one for each account. A report authorisation is a DMARC
    record (RFC 9990 §4).

    :param kind: of the declared record.
    :param value: of the declared record.
    :param there: the TXT value, its character-strings joined.
    """
    if kind == "challenge":
        return there in (value, value.encode("ascii"))
    return _PREDICATES["dmarc" if kind == "report" else kind](there)


def same_value(there: bytes, value: str) -> bool:
    r"""Return whether a TXT value equals a known one, as it was declared or as a refresh showed it.

    After somebody changed a record, the state has the value of :func:`current_value`, with octets as ``\DDD``.
    """
    return value in (there.decode("latin-1"), show(there))


def not_ours(values: Iterable[bytes], *ours: str | None) -> list[bytes]:
    """Return the values that are not in ``ours``, in their order."""
    known = [value for value in ours if value is not None]
    return [there for there in values if not any(same_value(there, value) for value in known)]


def rivals(values: Iterable[bytes], value: str, *ours: str) -> list[str]:
    """Return the values of the same unique kind as ``value``, other than it and ``ours``, as people read them."""
    kind = unique_kind(value)
    if kind is None:
        return []
    return [show(there) for there in not_ours(values, value, *ours) if _PREDICATES[kind](there)]


def current_value(values: Iterable[bytes], published: str) -> str | None:
    """Return today's value of the record that was published as ``published``; None if it is gone.

    Our string is known by its value. If it is gone, and the name has exactly one record of the same unique kind,
    somebody changed it. A foreign string is never mistaken for ours.
    """
    listed = list(values)
    if published.encode("ascii") in listed:
        return published
    same = rivals(listed, published)
    return same[0] if len(same) == 1 else None
