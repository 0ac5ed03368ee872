"""Write the rules that let one key change only TXT records at a stack's names, for each kind of name server.

An update concerns one name, so one right per name is enough.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from elastx_mrs.records import TxtRecord
from elastx_mrs.records.names import longest_zone

KNOT_LIST = 65_535
"""The most octets of a list in Knot's configuration. Knot refuses a longer one ("not enough space provided")."""


@dataclass(frozen=True)
class Rights:
    """The rights on one primary.

    :param key: the TSIG key's name, without a final dot.
    :param owners: by zone, the owner names of its TXT records, sorted.
    """

    key: str
    owners: Mapping[str, Sequence[str]]


Owners = Mapping[str, Mapping[str, list[str]]]
"""The distinct owner names of a stack's records, by profile and then by zone."""


def owners_of(records: Sequence[TxtRecord], served: Mapping[str, str]) -> Owners:
    """Return the owner names that need a right, in the order of ``served``, without empty zones.

    :param records: other publishers have those that are in none of the zones.
    :param served: the profile that serves each zone.
    """
    found: dict[str, set[str]] = {zone: set() for zone in served}
    for record in records:
        if (zone := longest_zone(record.domain, served)) is not None:
            found[zone].add(record.name)
    return {
        profile: {zone: sorted(found[zone], key=by_tree) for zone in served if found[zone] and served[zone] == profile}
        for profile in dict.fromkeys(served.values())
    }


def by_tree(name: str) -> list[str]:
    """Return the sort key of a name: it comes before all names below it (as in RFC 4034 §6.1)."""
    return name.split(".")[::-1]


def bind(rights: Rights) -> str:
    """Return ``update-policy`` for each zone (BIND 9 Administrator Reference Manual, "Dynamic Update Policies")."""
    return "// In each zone of named.conf, in place of allow-update.\n" + "".join(
        f"\n// zone {zone}\nupdate-policy {{\n{_grants(rights.key, owners)}}};\n"
        for zone, owners in rights.owners.items()
    )


def _grants(key: str, owners: Sequence[str]) -> str:
    return "".join(f"    grant {key} name {owner}. TXT;\n" for owner in owners)


def knot(rights: Rights) -> str:
    """Return Knot's ``acl`` entries, and which of them each zone has.

    Names are relative to the zone, so zones with the same names share an entry. The zone's own name has no relative
    form ("@" is not allowed), and is written ``update-owner: zone``.
    """
    ids: dict[tuple[str, ...], str] = {}
    zones = []
    for zone, owners in rights.owners.items():
        own = [f"{rights.key}-apex"] if zone in owners else []
        below = [owner.removesuffix(f".{zone}") for owner in owners if owner != zone]
        own += [ids.setdefault(names, f"{rights.key}-{len(ids) + 1}") for names in _lists(below)]
        zones.append(f"# zone {zone}: acl: [{', '.join(own)}]\n")
    apex = any(zone in owners for zone, owners in rights.owners.items())
    return (
        "# In knot.conf, below the key. Add these to the acls that each zone has already.\n"
        + "".join(zones)
        + "acl:\n"
        + (_acl(f"{rights.key}-apex", rights.key, "zone") if apex else "")
        + "".join(_acl(id_, rights.key, "name", names) for names, id_ in ids.items())
    )


def _acl(id_: str, key: str, owner: str, names: Sequence[str] = ()) -> str:
    return f"""\
  - id: {id_}
    key: {key}
    action: update
    update-type: [TXT]
    update-owner: {owner}
    update-owner-match: equal
""" + (f"    update-owner-name: [{', '.join(names)}]\n" if names else "")


def _lists(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the names in as few lists as possible. Each name costs its octets on the wire, and those of a length."""
    part: list[str] = []
    size = 0
    for name in names:
        cost = len(name) + 4
        if size + cost > KNOT_LIST:
            yield tuple(part)
            part, size = [], 0
        part.append(name)
        size += cost
    if part:
        yield tuple(part)


def powerdns(rights: Rights) -> str:
    """Return a Lua script (PowerDNS Authoritative Server, "Update policy"), because PowerDNS has no rules per name."""
    listed = "".join(
        f"  -- zone {zone}\n" + "".join(f'  ["{owner}."] = true,\n' for owner in owners)
        for zone, owners in rights.owners.items()
    )
    return f"""\
-- In pdns.conf, set lua-dnsupdate-policy-script to this file; dnsupdate=yes stays. The script then decides alone, for
-- every zone of the server: ALLOW-DNSUPDATE-FROM and TSIG-ALLOW-DNSUPDATE no longer count.
local owners = {{
{listed}}}

function updatepolicy(input)
  return input:getTsigName() == newDN("{rights.key}.")
    and input:getQType() == pdns.TXT
    and owners[input:getQName():toString():lower()] == true
end
"""


@dataclass(frozen=True)
class Server:
    """A kind of name server.

    :param write: returns its rules.
    :param comment: the start of a comment in them.
    """

    write: Callable[[Rights], str]
    comment: str


SERVERS: Mapping[str, Server] = {
    "bind": Server(bind, "//"),
    "knot": Server(knot, "#"),
    "powerdns": Server(powerdns, "--"),
}
