"""The existing records at a name, as every publisher reports them to the guard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from elastx_mrs.display import quoted, show, some


@dataclass(frozen=True)
class Existing:
    """The records of one owner name at a publisher. TXT values are joined octets, others are text as in a zone file.

    :param owner: the name, as lower-case A-labels without a final dot.
    :param zone: the zone that the publisher writes the name to.
    :param txt: the values of the name's own TXT records; the character-strings of each are joined.
    :param others: the name's own records of the types A, AAAA, MX and CNAME, by type.
    :param synthesised: a wildcard's answers at the name, by type, including TXT. They last until the first record at
        the name or below it (RFC 4592 §3.3.1).
    :param dname: the owner and the target of a DNAME above the name, or None.
    :param child: the child zone that the name lies in, or None. A record in ``zone`` would then never be served.
    :param ttl: seconds, shared by all TXT records at the name; None without any, or if each has its own.
    :param name_servers: the servers on which the publisher serves the zone; empty if it does not name them.
    :param problem: why the publisher cannot change the name's TXT records, and what to do; empty if it can.
    """

    owner: str
    zone: str
    txt: tuple[bytes, ...] = ()
    others: Mapping[str, Sequence[str]] = field(default_factory=dict)
    synthesised: Mapping[str, Sequence[str]] = field(default_factory=dict)
    dname: tuple[str, str] | None = None
    child: str | None = None
    name_servers: tuple[str, ...] = ()
    ttl: int | None = None
    problem: str = ""

    @property
    def empty(self) -> bool:
        """Whether the name has no answers today."""
        return not (self.txt or self.others or self.synthesised or self.dname or self.child)

    @property
    def served_txt(self) -> list[str]:
        """All TXT values that are served here today, including a wildcard's, as readable text."""
        return [*map(show, self.txt), *self.synthesised.get("TXT", ())]


class CannotAskError(Exception):
    """The existing records could not be read. The message names the server, the reason and the fix."""


def ancestors(owner: str, zone: str) -> list[str]:
    """Return the name and all names above it, up to below the zone's apex; the name itself comes first."""
    names = []
    while owner != zone and owner.endswith(f".{zone}"):
        names.append(owner)
        owner = owner.partition(".")[2]
    return names


def difference(there: Sequence[str], served: Sequence[str]) -> str:
    """Return the TXT values that only one side has, as the end of *the provider has*, before a name server's name.

    :param there: the provider's values.
    :param served: the name server's.
    """
    more = [quoted(one, 60) for one in there if one not in served]
    less = [quoted(one, 60) for one in served if one not in there]
    if more and less:
        return f"{some(more, 2)}, and not {some(less, 2)} as"
    return f"{some(more, 2)}, unlike" if more else f"no {some(less, 2)}, unlike"
