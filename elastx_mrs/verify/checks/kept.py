"""Does a resolver's old answer come from a cache? A cached TTL counts down, and at zero the resolver asks again.

If an answer outlives its TTL although every name server has the new records, it is not cached: the resolver has a zone,
a view or a policy of its own, and waiting does not help. A verdict needs several looks, some seconds apart:

- An answer with AA is the resolver's own (RFC 1035 §4.1.1).
- An answer is not cached if its TTL does not change, or if it stays when its TTL is over. This must be seen twice,
  because a resolver that serves stale answers gives one more while it fetches the new one (RFC 8767 §5).
- Some TTLs tell nothing: several caches behind one address, or a forwarder that shortens TTLs and gets the old answer
  from the next cache. The root's NS records reveal these resolvers, because nobody has a private view of the root.
"""

from collections.abc import Sequence
from dataclasses import dataclass

PAUSE = 2.0
"""Seconds between two looks at an answer whose TTL is over, or may not count down."""

_SLACK = 1.0
"""Seconds by which a cache may be late, because TTLs are whole seconds."""

_DRIFT = 2.0
"""Seconds by which two answers of one cache may differ about when it expires."""


@dataclass(frozen=True)
class Look:
    """One look at a resolver's answer that differs from the name servers'.

    :param at: seconds on the event loop's clock.
    :param ttl: seconds for which it may still be cached; None if not known.
    :param authority: whether it came with AA.
    :param root: the TTL of the root's NS records there; None if it gave none.
    """

    at: float
    ttl: int | None
    authority: bool = False
    root: int | None = None


Memory = dict[tuple[str, str], list[Look]]
"""All looks of a run, by resolver and name."""


@dataclass(frozen=True)
class Finding:
    """The conclusion from all looks at an answer.

    :param own: why it is the resolver's own answer, as a phrase that follows it; empty if it may be cached.
    :param left: seconds after which a cache must have dropped it; None if not known.
    :param again: seconds after which another look helps; None if it does not.
    """

    own: str = ""
    left: int | None = None
    again: float | None = None


def finding(looks: Sequence[Look]) -> Finding:
    """Return the conclusion from the looks at one answer. The last look was just now."""
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
    """Return for each pair of looks whether the TTL stood still; pairs that are too close together are left out.

    The TTL may go up once in a cache: unbound takes the SOA of a negative answer from any newer answer of the zone.
    """
    apart = [looks[0]]
    found = []
    for look in looks[1:]:
        if look.at - apart[-1].at >= PAUSE - 0.5:
            found.append((look.ttl or 0) >= (apart[-1].ttl or 0))
            apart.append(look)
    return found


def _counts_down(looks: Sequence[Look]) -> bool:
    """Whether the resolver's TTLs count down, judged by those of the root's NS records."""
    ends = [look.at + look.root for look in looks if look.root is not None]
    return not ends or max(ends) - min(ends) <= _DRIFT


def _shortened(looks: Sequence[Look]) -> bool:
    """Whether the resolver may shorten TTLs: the root's, which is days long, is not longer than this answer's."""
    longest = max((look.root for look in looks if look.root is not None), default=None)
    return longest is not None and longest <= 2 * max(look.ttl or 0 for look in looks) + 10
