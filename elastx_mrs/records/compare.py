"""Compares two values of one kind: the same key? which senders are gained or lost? stricter or looser?"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from elastx_mrs.records.dkim import fingerprint
from elastx_mrs.records.dmarc_policy import ALIGNMENT_TAGS, POLICY_TAGS, Policy, read, strength
from elastx_mrs.records.record import RecordError
from elastx_mrs.records.spf_terms import Mechanism, Record, Term, read_terms

LOOSER = "-~?+"
"""SPF's qualifiers, from the strictest: fail, softfail, neutral, pass (RFC 7208 §4.6.2)."""


def same_key(one: bytes | str, other: bytes | str) -> bool:
    """Return whether two DKIM values hold the same public key; False if receivers cannot read one of them."""
    try:
        return fingerprint(one) == fingerprint(other)
    except RecordError:
        return False


@dataclass(frozen=True)
class Senders:
    """The senders that differ between two SPF records.

    :param gained: terms that let mail pass only after the change.
    :param lost: terms that are gone, or have a weaker qualifier, after the change.
    :param unreadable: words of the old record that are not terms; receivers answer permerror (RFC 7208 §4.6).
    """

    gained: tuple[Term, ...]
    lost: tuple[Term, ...]
    unreadable: tuple[str, ...]


@lru_cache(maxsize=256)  # most domains of a stack change in the same way
def senders(before: str, after: str) -> Senders:
    """Compare who may send by two SPF records.

    Terms are compared by their meaning. Case, a final dot, host bits of a network and the order make no difference.
    ``redirect=`` lets the same servers pass as ``include:`` of the same name.

    :param before: a published record, which may have unreadable words.
    """
    old, unreadable = read_terms(before)
    new, _ = read_terms(after)
    was, now = _ranks(old), _ranks(new)
    return Senders(
        gained=tuple(term for key, (rank, term) in now.items() if rank == _PASS and _rank(was, key) < _PASS),
        lost=tuple(term for key, (rank, term) in was.items() if _rank(now, key) < rank),
        unreadable=unreadable,
    )


class Shift(NamedTuple):
    """One DMARC tag whose meaning changed.

    :param before: its old strictness; comparable only with ``after``.
    """

    tag: str
    before: int
    after: int

    @property
    def looser(self) -> bool:
        """Whether the tag is less strict now."""
        return self.after < self.before


def policy_shifts(before: Policy, after: Policy) -> Iterator[Shift]:
    """Yield each tag that got stricter or looser, ``p`` first; ``sp`` and ``np`` where either policy sets them."""
    for tag in POLICY_TAGS:
        was, now = strength(before.effective(tag), before.t), strength(after.effective(tag), after.t)
        own = getattr(before, tag) is not None or getattr(after, tag) is not None
        if own and was != now:
            yield Shift(tag, was, now)
    for tag in ALIGNMENT_TAGS:
        was, now = (int(policy.effective(tag) == "s") for policy in (before, after))
        if was != now:
            yield Shift(tag, was, now)


def loosened(before: bytes | str, after: bytes | str) -> bool:
    """Return whether a DMARC value is less strict than another in any tag; no policy is the least strict."""
    was, now = (policy if isinstance(policy := read(value), Policy) else Policy() for value in (before, after))
    return any(shift.looser for shift in policy_shifts(was, now))


def rest(record: Record) -> str:
    """Return the qualifier of mail that no other term of an SPF record matches (RFC 7208 §4.7, §5.1).

    Empty if ``redirect=`` decides.
    """
    for term in record.mechanisms:
        if term.name == "all":
            return term.qualifier
    return "" if record.modifier("redirect") is not None else "?"


def rest_shift(before: Record, after: Record) -> int:
    """Return how many steps looser ``all`` got in an SPF record; negative where stricter.

    It is 0 if ``redirect=`` decides in either record.
    """
    was, now = rest(before), rest(after)
    return LOOSER.index(now) - LOOSER.index(was) if was and now else 0


_PASS = LOOSER.index("+")
_Key = tuple[object, ...]


def _ranks(record: Record) -> dict[_Key, tuple[int, Term]]:
    """Return each term with the rank of its qualifier. The first match decides, so later repeats do not count."""
    found: dict[_Key, tuple[int, Term]] = {}
    for term in record.evaluated():
        if term.name != "all":
            qualifier = term.qualifier if isinstance(term, Mechanism) else "+"
            found.setdefault(_key(term), (LOOSER.index(qualifier), term))
    return found


def _rank(ranks: dict[_Key, tuple[int, Term]], key: _Key) -> int:
    """Return the rank of a term's qualifier, the lowest one if the term is missing."""
    return ranks[key][0] if key in ranks else 0


def _key(term: Term) -> _Key:
    """Return what a term matches, whatever its qualifier."""
    if not isinstance(term, Mechanism):
        return "include", _name(term.value), 32, 128
    if (network := term.network) is not None:
        return (network,)
    domain = None if term.domain is None else _name(term.domain)
    return term.name, domain, term.ip4_length, term.ip6_length


def _name(domain_spec: str) -> str:
    """Return a name for comparison; the case of a macro's letter has a meaning (RFC 7208 §7.3)."""
    return domain_spec if "%" in domain_spec else domain_spec.lower().removesuffix(".")
