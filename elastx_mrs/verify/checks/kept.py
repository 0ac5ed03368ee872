"""Is a resolver's old answer a cached one? A cache counts down to when it forgets, and then it asks again.

What outlives its own TTL after every name server has the new records is no cached answer: the resolver has a zone, a
view or a policy of its own, and never comes right by itself. A verdict needs several looks, some seconds apart:

- An answer with AA is the resolver's own at once (RFC 1035 §4.1.1).
- An answer whose TTL stands still, or that is still there when the TTL has run out, is no cached one. Two looks must
  say so, for a resolver that serves stale answers gives one more while it fetches the new one (RFC 8767 §5).
- Some resolvers' TTLs do not tell: several caches behind one address, or a forwarder that shortens TTLs and gets the
  old answer from the next cache again. The root's NS records show which: nobody has a view of these.
"""

from collections.abc import Sequence
from dataclasses import dataclass

PAUSE = 2.0
"""Seconds between two looks at an answer whose TTL has run out, or is not known to count down."""

_SLACK = 1.0
"""Seconds that a cache may be late: TTLs are whole seconds."""

_DRIFT = 2.0
"""Seconds by which one cache may differ with itself on when it forgets."""


@dataclass(frozen=True)
class Look:
    """One look at a resolver's answer that is not what the name servers have.

    :param at: seconds on the event loop's clock.
    :param ttl: seconds for which it may still be kept; None where it does not say.
    :param authority: whether it came with AA.
    :param root: the TTL of the root's NS records there; None where it gave none.
    """

    at: float
    ttl: int | None
    authority: bool = False
    root: int | None = None


Memory = dict[tuple[str, str], list[Look]]
"""All looks of a run, by resolver and name."""


@dataclass(frozen=True)
class Finding:
    """What looks come to.

    :param own: why it is the resolver's own answer, reading on after it; empty where it may be a cached one.
    :param left: seconds after which a cache must have forgotten it; None where that is not known.
    :param again: seconds after which another look tells more; None where it does not.
    """

    own: str = ""
    left: int | None = None
    again: float | None = None


def finding(looks: Sequence[Look]) -> Finding:
    """Return what the looks at one answer come to, the last of which was just now."""
    first, last = looks[0], looks[-1]
    if last.authority:
        return Finding("it answers with authority (AA), from a zone or a view of its own")
    if first.ttl is None or last.ttl is None:
        return Finding()
    if not _counts_down(looks):
        return Finding()
    end = first.at + first.ttl
    past = [look for look in looks if look.at >= end + _SLACK]
    if len(past) > 1 and not _shortened(looks):
        return Finding(f"it had {first.ttl} s left to live, {last.at - first.at:.0f} s ago")
    if past:
        return Finding(left=last.ttl, again=None if len(past) > 1 else PAUSE)
    still = _still(looks)
    if len(still) > 1 and all(still[-2:]):
        return Finding(f"its TTL stands still at {last.ttl} s, {last.at - first.at:.0f} s later")
    if not still or still[-1]:
        return Finding(left=last.ttl, again=PAUSE)
    return Finding(left=last.ttl, again=max(end + _SLACK - last.at, 0.1))


def _still(looks: Sequence[Look]) -> list[bool]:
    """Return from look to look whether the TTL stood still, leaving out looks too close to tell.

    It may go up once in a cache: unbound takes the SOA of "there is none" from any newer answer of the zone.
    """
    apart = [looks[0]]
    found = []
    for look in looks[1:]:
        if look.at - apart[-1].at >= PAUSE - 0.5:
            found.append((look.ttl or 0) >= (apart[-1].ttl or 0))
            apart.append(look)
    return found


def _counts_down(looks: Sequence[Look]) -> bool:
    """Whether the resolver's TTLs tell when it forgets, as far as is known: the root's do."""
    ends = [look.at + look.root for look in looks if look.root is not None]
    return not ends or max(ends) - min(ends) <= _DRIFT


def _shortened(looks: Sequence[Look]) -> bool:
    """Whether TTLs may be cut to some seconds there: the root's, which has days, is no longer than this answer's."""
    longest = max((look.root for look in looks if look.root is not None), default=None)
    return longest is not None and longest <= 2 * max(look.ttl or 0 for look in looks) + 10
