"""Whether Cloudflare has room for a name's TXT records. It limits each record, and the text of all at a name."""

from collections.abc import Iterable, Sequence

from elastx_mrs.records.kinds import unique_kind
from elastx_mrs.records.text import cut, presentation

MAX_RECORD = 4_096
"""Octets of one record: its character-strings, and a length octet of each."""

MAX_NAME = 8_192
"""Characters of all TXT records of a name, with quotes and escapes."""


def excess(owner: str, there: Iterable[bytes], declared: Sequence[str]) -> str:
    """Return what is too large once a stack's records are at a name, and what to do; empty if all fit.

    :param there: the values at the name. A declared one of the same kind (SPF, DKIM, DMARC) replaces one.
    :param declared: the values that the stack declares at the name.
    """
    for value in declared:
        octets = sum(1 + len(string) for string in cut(value.encode("ascii")))
        if octets > MAX_RECORD:
            what = f"{owner}: a TXT record of {octets:,} octets is declared, and Cloudflare takes {MAX_RECORD:,}"
            return f"{what}; publish a shorter value"
    replaced = {unique_kind(value) for value in declared} - {None}
    kept = {value for value in there if unique_kind(value) not in replaced}
    values = kept | {value.encode("ascii") for value in declared}
    size = sum(len(presentation(value)) for value in values)
    if size <= MAX_NAME:
        return ""
    has = f"{owner}: the TXT records there and the declared ones have {size:,} characters"
    cure = "remove strings that nobody needs, or give each domain only the accounts that send from it"
    return f"{has}, and Cloudflare takes {MAX_NAME:,} at a name; {cure}"
