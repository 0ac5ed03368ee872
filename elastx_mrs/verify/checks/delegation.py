"""Which servers serve the domain: the NS records of parent and zone, the serials, and whether each server answers."""

from elastx_mrs.lookup.authority import Served, Sighting
from elastx_mrs.lookup.question import LookupFailure, OverBudgetError, Server
from elastx_mrs.lookup.start import NobodyError
from elastx_mrs.lookup.walk import Listed
from elastx_mrs.verify.checks.per_server import FEWER, asked_instead, failure, follow_delegation, not_asked, usable_at
from elastx_mrs.verify.expected import Expected
from elastx_mrs.verify.result import Detail, Outcome
from elastx_mrs.verify.sources import Asked

CHECK = "delegation"
_HALF = 1 << 31


async def delegation(asked: Asked, expected: Expected) -> Outcome:
    """Check that the domain is delegated to servers that serve it."""
    domain, begins_at = expected.domain, asked.vantage.who.begins_at
    try:
        if begins_at == "resolvers":
            await asked.vantage.check_resolvers(domain)
            return _unchecked(asked, domain, "the delegation or each name server")
        if begins_at == "nameservers":
            return _unchecked(asked, domain, "the delegation")
        cut = await asked.vantage.delegations.cut(domain)
    except NobodyError as nobody:
        detail = Detail("unreachable", "", "an answer", nobody.seen, nobody.cure)
        return Outcome(domain, CHECK, domain, (detail,), hopeless="this machine cannot query DNS")
    except OverBudgetError as over:
        detail = Detail("unreachable", "", "a delegation", str(over), FEWER)
        return Outcome(domain, CHECK, domain, (detail,))
    except (LookupFailure, ValueError) as failure:
        cure = "let this machine query name servers (port 53), or set verification.nameservers or via: resolvers"
        return Outcome(domain, CHECK, domain, (Detail("unreachable", "", "a delegation", str(failure), cure),))
    if "." not in cut.zone and cut.end != "zone":
        parent = f"the zone {cut.zone}" if cut.zone else "the root"
        seen = f"{parent} does not delegate {domain}"
        cure = "register the domain, or enter its name servers at the registrar; until then, set verification: off"
        detail = Detail("absent", "", f"NS records for {domain}", seen, cure)
        return Outcome(domain, CHECK, domain, (detail,), hopeless=f"{domain} is not delegated")
    try:
        served = await asked.vantage.observer.served(domain)
    except LookupFailure as failure:
        return Outcome(domain, CHECK, domain, (Detail("unreachable", "", "an answer", str(failure), FEWER),))
    names = ", ".join(server.name for server in served.servers)
    return Outcome(
        domain, CHECK, served.zone, tuple(_details(served)), f"{served.zone}: {names}", tuple(_notices(served))
    )


def _unchecked(asked: Asked, domain: str, what: str) -> Outcome:
    who = asked.vantage.who
    seen = f"verification queried only {asked_instead(who)}, so it did not check {what}"
    return Outcome(domain, CHECK, domain, (Detail("unchecked", "", "a delegation", seen, follow_delegation(who)),))


def _details(served: Served) -> list[Detail]:
    wanted = f"an answer for {served.zone}"
    details = [
        Detail("unreachable", server.name, wanted, server.problem, FEWER if server.over else usable_at(server.listed))
        for server in served.servers
        if not server.addresses
    ]
    details += not_asked((*served.child, *served.failed), wanted)
    silent = {sighting.server for sighting in served.child if sighting.answer.status == "failed"}
    answered = {server for server, _ in served.serials} | {sighting.server for sighting in served.child} - silent
    failed = {sighting.server: sighting for sighting in (*served.failed, *served.child)}
    for server in served.servers:
        if server.addresses and not answered & set(server.addresses):
            details += [
                _silent(address, server.listed, failed.get(address), served.zone, wanted)
                for address in server.addresses
                if (sighting := failed.get(address)) is None or not sighting.answer.over
            ]
    return details


def _silent(address: Server, listed: Listed, sighting: Sighting | None, zone: str, wanted: str) -> Detail:
    """Return why a server does not count as reached."""
    if sighting is None or sighting.answer.status != "failed":
        return Detail("unreachable", str(address), wanted, "gave no SOA record", usable_at(listed))
    return failure(sighting, zone, wanted)


def _notices(served: Served) -> list[str]:
    notices = []
    parent = set(served.parent)
    for sighting in served.child:
        names = set(sighting.answer.names())
        if sighting.answer.status != "failed" and names != parent:
            more = ", ".join(sorted(names - parent)) or "none"
            less = ", ".join(sorted(parent - names)) or "none"
            notices.append(f"{sighting.server} has other NS records than the parent zone: more: {more}; fewer: {less}")
    without = {sighting.server for sighting in served.child if sighting.no_route}
    if without:
        notices.append(f"this machine has no IPv6: {len(without)} of the servers' addresses could not be queried")
    alive = {sighting.host for sighting in served.child if sighting.answer.status != "failed"}
    notices += [
        f"{sighting.server} does not answer for {served.zone}"
        for sighting in served.child
        if sighting.answer.status == "failed"
        and not sighting.no_route
        and sighting.host in alive
        and not sighting.answer.over
    ]
    return notices + _behind(served)


def _behind(served: Served) -> list[str]:
    if not served.serials:
        return []
    newest = served.serials[0][1]
    for _, serial in served.serials:
        if 0 < (serial - newest) % (1 << 32) < _HALF:  # RFC 1982 §3.2
            newest = serial
    if served.primary is not None:
        newest = dict(served.serials).get(served.primary, newest)
    ahead = ", ".join(str(server) for server, serial in served.serials if serial == newest)
    return [
        f"{server} is behind: it has serial {serial}, {ahead} has {newest}"
        for server, serial in served.serials
        if serial != newest
    ]
