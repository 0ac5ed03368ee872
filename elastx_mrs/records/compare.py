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
    """Tell whether two DKIM values hold the same public key; False where either is no key that receivers can read."""
    try:
        return fingerprint(one) == fingerprint(other)
    except RecordError:
        return False


@dataclass(frozen=True)
class Senders:
    """Who may send by one SPF record and not by another.

    :param gained: terms by which mail passes after the change, and did not pass before.
    :param lost: terms that saved mail from failing, and do so less now: gone, or with a weaker qualifier.
    :param unreadable: words of the record before that are no term, so that receivers answer permerror (RFC 7208 §4.6).
    """

    gained: tuple[Term, ...]
    lost: tuple[Term, ...]
    unreadable: tuple[str, ...]


@lru_cache(maxsize=256)  # most domains of a stack change in the same way
def senders(before: str, after: str) -> Senders:
    """Compare who may send by two SPF records.

    Terms are compared by what they mean: case, a final dot, host bits of a network and the order make no difference,
    and ``redirect=`` lets the same servers pass as ``include:`` of the same name.

    :param before: a published record; what cannot be read in it is named.
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

    :param before: how much it asked for; comparable with ``after`` alone.
    """

    tag: str
    before: int
    after: int

    @property
    def looser(self) -> bool:
        """Whether it asks for less now."""
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
    """Tell whether a DMARC value asks for less than another one in any tag; no policy asks for nothing."""
    was, now = (policy if isinstance(policy := read(value), Policy) else Policy() for value in (before, after))
    return any(shift.looser for shift in policy_shifts(was, now))


def rest(record: Record) -> str:
    """Return the qualifier of mail that no other term of an SPF record matches (RFC 7208 §4.7, §5.1).

    Empty where ``redirect=`` decides.
    """
    for term in record.mechanisms:
        if term.name == "all":
            return term.qualifier
    return "" if record.modifier("redirect") is not None else "?"


def rest_shift(before: Record, after: Record) -> int:
    """Return how many steps looser ``all`` got in an SPF record; negative where stricter.

    It is 0 where ``redirect=`` decides in either record.
    """
    was, now = rest(before), rest(after)
    return LOOSER.index(now) - LOOSER.index(was) if was and now else 0


_PASS = LOOSER.index("+")
_Key = tuple[object, ...]


def _ranks(record: Record) -> dict[_Key, tuple[int, Term]]:
    """Return how much each term lets through, with the term. The first match decides, so later repeats do not count."""
    found: dict[_Key, tuple[int, Term]] = {}
    for term in record.evaluated():
        if term.name != "all":
            qualifier = term.qualifier if isinstance(term, Mechanism) else "+"
            found.setdefault(_key(term), (LOOSER.index(qualifier), term))
    return found


def _rank(ranks: dict[_Key, tuple[int, Term]], key: _Key) -> int:
    """Return how much a term lets through; nothing where it is not there."""
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
