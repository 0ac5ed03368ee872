"""What is in the DNS at a name before we write there: what every publisher tells the guard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from elastx_mrs.display import show


@dataclass(frozen=True)
class Existing:
    """What a publisher has at one owner name. Values are text: TXT as joined octets, others as in a zone file.

    :param owner: the name, as lower-case A-labels without a final dot.
    :param zone: the zone that the publisher writes it to.
    :param txt: the values of the name's own TXT records, each one's character-strings joined.
    :param others: the name's own records of the types A, AAAA, MX and CNAME, by type.
    :param synthesised: what a wildcard answers here, by type, TXT too, as long as the name does not exist
        (RFC 4592 §3.3.1); it ends with the first record at the name, or below it.
    :param dname: the owner and the target of a DNAME above the name, or None.
    :param child: the child zone that the name lies in, so that what is written to ``zone`` is never served; or None.
    :param ttl: seconds, of all TXT records at the name; None without any, or where each has one of its own.
    :param name_servers: those that the publisher serves the zone on, where it says so.
    :param problem: why the publisher cannot change the name's TXT records, and what to do; empty where it can.
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
        """Whether nothing is answered at the name today."""
        return not (self.txt or self.others or self.synthesised or self.dname or self.child)

    @property
    def served_txt(self) -> list[str]:
        """All TXT values that are answered here today, a wildcard's too, as people read them."""
        return [*map(show, self.txt), *self.synthesised.get("TXT", ())]


class CannotAskError(Exception):
    """Who would know could not be asked. The message says who, why, and what to do."""


def ancestors(owner: str, zone: str) -> list[str]:
    """Return the name and all names above it that are below the zone's apex, the name itself first."""
    names = []
    while owner != zone and owner.endswith(f".{zone}"):
        names.append(owner)
        owner = owner.partition(".")[2]
    return names
