"""Records as a ticket for the team that runs the DNS: plain text, complete without any other page."""

import shlex
from collections.abc import Iterator, Mapping, Sequence

from elastx_mrs.display import visible
from elastx_mrs.records import TxtRecord, names
from elastx_mrs.records.text import MAX_STRING, cut, quote
from elastx_mrs.service import ELASTX
from elastx_mrs.verify.expected import by_domain

_HEAD = f"""Please publish these TXT records. Mail that is sent through {ELASTX.name} Mail Relay needs them.

- Names have no final dot. Some forms accept only the part before the zone's name, and @ for the zone itself.
- Enter each value without a line break. dig prints a value in quotes, and a long value as several strings in quotes.
- Keep all other records.
"""

_CHANGES: Mapping[str, str] = {
    "challenge": "add it; a name may have several of these, and other TXT records",
    "spf": "if the name has a TXT record that begins with v=spf1, replace that record; only one is allowed",
    "dkim": "if the name has a TXT record, replace it; only one is allowed",
    "dmarc": "if the name has a TXT record that begins with v=DMARC1, replace that record; only one is allowed",
    "report": "if the name has this record already, keep it",
}
"""What to do at the name, by the record's kind."""


def ticket(records: Sequence[TxtRecord]) -> str:
    """Return the text: each domain's records with all that a form asks for, and how to check them."""
    number = 0
    parts = [_HEAD]
    for domain, own in by_domain(records).items():
        heading = _heading(domain)
        parts.append(f"\n{heading}\n{'=' * len(heading)}\n")
        for record in own:
            number += 1
            parts.append("".join(f"{line}\n" for line in _lines(number, record)))
        parts.append(f"\nTo check everything for {domain}: elastx-mrs verify {shlex.quote(domain)}\n")
    return "".join(parts)


def _heading(domain: str) -> str:
    readable = visible(names.to_unicode(domain))
    return domain if readable == domain else f"{domain} ({readable})"


def _lines(number: int, record: TxtRecord) -> Iterator[str]:
    yield ""
    yield f"Record {number}"
    yield f"  Name:   {record.name}"
    yield "  Type:   TXT"
    yield f"  TTL:    {record.ttl} seconds"
    yield f"  Value:  {record.value}"
    strings = cut(record.value.encode("ascii"))
    if len(strings) > 1:
        most = f"at most {MAX_STRING} characters in a string"
        yield f"  If the form takes {most}, enter these {len(strings)} strings, in this order:"
        yield from (f"          {quote(string)}" for string in strings)
    yield f"  Change: {_CHANGES[record.kind]}"
    yield f"  Check:  dig +short {shlex.quote(record.name)} TXT"
