"""The guard's checks of the RRset that a record joins: its shared TTL, and the size of its answer."""

from elastx_mrs import notices
from elastx_mrs.display import show
from elastx_mrs.publish.guard.checks import Case, Finding, noticed
from elastx_mrs.records import DEFAULT_TTL
from elastx_mrs.records.kinds import not_ours
from elastx_mrs.records.text import cut

PAYLOAD = 1232
"""Octets of a UDP answer that pass everywhere in one piece: IPv6's smallest MTU, without the IPv6 and UDP headers."""

HEADER, QUESTION, RECORD, OPT = 12, 4, 12, 11
"""Octets of a message's parts without names and data (RFC 1035 §4.1, RFC 6891 §6.1.2). A record's name is a pointer."""

COOKIE = 4 + 8 + 16
"""Octets of a client's and a server's cookie (RFC 7873 §4), which servers send on request."""

LISTED = 4
"""Strings that a message lists."""


async def shared_ttl(case: Case) -> list[Finding]:
    """The records of an RRset share one TTL (RFC 2181 §5.2), so a configured one also changes that of others, and of
    adopted records.
    """
    found = await case.world.existing(case.owner)
    others = not_ours(found.txt, case.before, case.record.value, *case.world.values.get(case.owner, ()))
    shown = sorted(map(show, others))  # servers rotate their order
    wanted = case.record.configured_ttl
    adopted = wanted is not None and case.before is None and case.owner in case.world.adoption.names
    if found.ttl is None or not (others or adopted) or found.ttl == (DEFAULT_TTL if wanted is None else wanted):
        return []
    listed = ", ".join(f"'{text[:60]}'" for text in shown[:LISTED])
    listed += f" and {len(others) - LISTED} more" if len(others) > LISTED else ""
    if wanted is None:
        what = f"{case.owner}: the new record gets the TTL of the existing TXT records, {found.ttl} s"
        return [noticed(notices.SHARED_TTL, f"{what} (RFC 2181 §5.2): {listed}")]
    what = f"{case.owner}: ttl {wanted} becomes the TTL of all TXT records there, instead of {found.ttl}"
    also = f", also of {listed}" if others else ""
    return [Finding("warning", f"{what} (RFC 2181 §5.2){also}; leave ttl out to keep theirs")]


async def answer_size(case: Case) -> list[Finding]:
    """A larger answer is truncated over UDP, and resolvers query again over TCP (RFC 7766 §5)."""
    found = await case.world.existing(case.owner)
    there = not_ours(found.txt, case.before)
    new = [value.encode("ascii") for value in (*case.world.values.get(case.owner, ()), case.record.value)]
    values = list(dict.fromkeys([*there, *new]))
    size = answer_octets(case.owner, values)
    if size <= PAYLOAD:
        return []
    what = f"the TXT answer of {case.owner} has {size} octets with its {len(values)} records. Over UDP, only {PAYLOAD} "
    cure = "let TCP port 53 through to every name server (RFC 7766 §5), or name accounts per domain"
    return [noticed(notices.LARGE_ANSWER, f"{what}pass everywhere, so resolvers fetch it over TCP; {cure}")]


def answer_octets(owner: str, values: list[bytes]) -> int:
    """Return the octets of a TXT answer as a resolver gets it: with the question, EDNS and a cookie.

    The name is written once, and pointers refer to it (RFC 1035 §4.1.4). Each character-string has a length octet.
    """
    rdata = sum(1 + len(string) for value in values for string in cut(value))
    return HEADER + len(owner) + 2 + QUESTION + RECORD * len(values) + rdata + OPT + COOKIE
