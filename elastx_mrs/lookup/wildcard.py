"""Does a name exist, or does a wildcard answer for it? No server says so, so it compares answers (RFC 4592)."""

import secrets

from elastx_mrs.lookup.answer import Answer, Ask

TYPES = ("TXT", "MX", "A", "AAAA")
"""The compared types: those that matter to mail, and to a host at the name."""


def strangers(owner: str) -> tuple[str, str, str]:
    """Return names that do not exist: next to a name, below it, and below its own wildcard.

    If all of them have the name's answer, it comes from a wildcard, and the name does not exist (RFC 4592 §3.3.1). A
    name that exists ends the wildcard for all names below it. One with its own wildcard (``*.owner``) ends that for the
    names below the asterisk (§2.2.2).
    """
    nobody = f"elastx-mrs-{secrets.token_hex(8)}"
    return f"{nobody}.{owner.partition('.')[2]}", f"{nobody}.{owner}", f"{nobody}.*.{owner}"


async def synthesised(ask: Ask, owner: str) -> bool:
    """Whether a wildcard answers for a name; the wildcard ends there when the name gets a record.

    False if there are no records, or if a query failed.
    """
    beside, below, below_wildcard = strangers(owner)
    answered = False
    # The name below first: below an existing name there is usually nothing, so this ends early.
    for other in (below, below_wildcard, beside):
        for rdtype in TYPES:
            here, there = await ask(owner, rdtype), await ask(other, rdtype)
            if "failed" in (here.status, there.status) or _said(here) != _said(there):
                return False
            answered = answered or any(_said(here))
    return answered


def _said(answer: Answer) -> tuple[str, frozenset[str]]:
    """Return the target of an answer's aliases, and its records."""
    alias = answer.canonical if answer.canonical not in ("", answer.name) else ""
    return alias, frozenset(map(str, answer.rdatas))
