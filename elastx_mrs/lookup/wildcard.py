"""Does a name exist, or does a wildcard answer for it? Asked of any server, which never says so itself (RFC 4592)."""

import secrets

from elastx_mrs.lookup.answer import Answer, Ask

TYPES = ("TXT", "MX", "A", "AAAA")
"""What is compared: the types that matter to mail, and to a host at the name."""


def strangers(owner: str) -> tuple[str, str, str]:
    """Return names that nobody has, beside a name, below it, and below its own wildcard.

    What all of them answer is the answer of a wildcard that reaches the name, which does not exist (RFC 4592 §3.3.1): a
    name that is there ends the wildcard for all names below it, and one with a wildcard of its own (``*.owner``) ends
    that for the names below the asterisk (§2.2.2).
    """
    nobody = f"elastx-mrs-{secrets.token_hex(8)}"
    return f"{nobody}.{owner.partition('.')[2]}", f"{nobody}.{owner}", f"{nobody}.*.{owner}"


async def synthesised(ask: Ask, owner: str) -> bool:
    """Tell whether all that is answered at a name is a wildcard's, which ends as soon as the name gets a record.

    False where nothing is answered, or a question could not be asked.
    """
    beside, below, below_wildcard = strangers(owner)
    answered = False
    # The name below first: below a name that exists nearly always nothing is answered, which ends this early.
    for other in (below, below_wildcard, beside):
        for rdtype in TYPES:
            here, there = await ask(owner, rdtype), await ask(other, rdtype)
            if "failed" in (here.status, there.status) or _said(here) != _said(there):
                return False
            answered = answered or any(_said(here))
    return answered


def _said(answer: Answer) -> tuple[str, frozenset[str]]:
    """Return where an answer's aliases lead, and its records."""
    alias = answer.canonical if answer.canonical not in ("", answer.name) else ""
    return alias, frozenset(map(str, answer.rdatas))
