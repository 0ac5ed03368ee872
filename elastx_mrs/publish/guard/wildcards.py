"""The guard's checks for names that a wildcard answers today (RFC 4592), because a new record ends those answers.

A name that begins to exist ends a wildcard for itself and for all names below. It does the same for each empty name
above it that begins to exist with it (§2.2.2, §3.3.1).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from elastx_mrs.publish.existing import ancestors
from elastx_mrs.publish.guard.checks import Case, Check, Finding, in_force
from elastx_mrs.records import compare
from elastx_mrs.records.dkim_key import is_dkim
from elastx_mrs.records.dmarc_policy import Policy, is_dmarc, read, strength
from elastx_mrs.records.kinds import is_for_service_name
from elastx_mrs.records.names import is_service_name
from elastx_mrs.records.spf_terms import is_spf

LISTED = 10
"""Records that a message lists."""

_HOST_TYPES = ("A", "AAAA", "MX")


class Lost(NamedTuple):
    """A wildcard's record at a name, which vanishes once the name exists."""

    name: str
    rdtype: str
    value: str

    def __str__(self) -> str:
        """Return the record as a zone file has it."""
        return f'{self.name} {self.rdtype} "{self.value}"' if self.rdtype == "TXT" else " ".join(self)


async def host(case: Case) -> list[Finding]:
    """A host name that begins to exist loses a wildcard's A, AAAA, MX, TXT or CNAME (RFC 4592 §3.3.1).

    Names at or below a label that begins with ``_`` are not hosts (RFC 8552 §1): nobody queries an A or MX there.
    """
    findings = []
    for name in await _hosts(case):
        synthesised = (await case.world.existing(name)).synthesised
        lost = list(_of_host(name, synthesised, case))
        alias = next((value.removesuffix(".") for value in synthesised.get("CNAME", ())), None)
        if alias is not None and name in {case.owner, *case.world.values}:
            findings.append(await _aliased(case, name, alias, lost))
            continue
        if alias is not None:
            lost.append(Lost(name, "CNAME", alias))
        if lost:
            findings.append(_vanishes(case, name, lost))
    return findings


async def policy(case: Case) -> list[Finding]:
    """A name that begins to exist loses the wildcard's DMARC record at ``_dmarc`` (RFC 4592 §3.3.1).

    If this run declares a DMARC record there, :func:`weaker` compares the two.
    """
    owners = [f"_dmarc.{name}" for name in await _hosts(case)]
    owners += [name for name in await _ended(case) if name.startswith("_dmarc.") and name != case.owner]
    findings = []
    for owner in owners:
        own = _policy((await case.world.existing(owner)).synthesised.get("TXT", ()))
        if own is None or owner in case.world.declared:
            continue
        above = await case.world.inherited(owner.removeprefix("_dmarc."))
        if above is None or strength(own[1].p, own[1].t) > above.strength:
            findings.append(_vanishes(case, owner, [Lost(owner, "TXT", own[0])]))
    return findings


async def weaker(case: Case) -> list[Finding]:
    """A wildcard's DMARC record is in force until the name has its own (RFC 4592 §3.3.1)."""
    if case.record.kind != "dmarc":
        return []
    own, new = _policy(await in_force(case.world, case.owner)), read(case.record.value)
    if own is None or not isinstance(new, Policy) or strength(new.p, new.t) >= strength(own[1].p, own[1].t):
        return []
    why = f"says p={new.p}{'; t=y' if new.t == 'y' else ''}, weaker than '{own[0]}', which comes from a wildcard today"
    cure = f"A record at the name replaces it (RFC 4592 §3.3.1): write p={own[1].p} or stricter under dmarc"
    return [Finding("stop", f"{case.owner} {why}. {cure}")]


async def keys(case: Case) -> list[Finding]:
    """A wildcard's answers below ``_domainkey`` or ``_dmarc`` end with the first name there (RFC 4592 §3.3.1).

    They may be another selector's key, or a CNAME to one. So this warns, but does not stop.
    """
    own = [name for name in await _ended(case) if is_service_name(name) and name != case.owner][-1:]  # the highest
    findings = []
    for name in dict.fromkeys([*own, *(f"_domainkey.{host}" for host in await _hosts(case))]):
        synthesised = (await case.world.existing(name)).synthesised
        texts = [text for text in synthesised.get("TXT", ()) if _is_of_use(name, text, certain=name not in own)]
        lost = [Lost(f"*.{name}", "TXT", text) for text in texts]
        lost += [Lost(f"*.{name}", "CNAME", value) for value in synthesised.get("CNAME", ())]
        if lost:
            why = f"makes {name} exist, which ends a wildcard's answers below it (RFC 4592 §3.3.1)"
            cure = f"if another name there needs it, such as another selector, add: {_listed(lost)}"
            findings.append(Finding("warning", f"publishing {case.record.domain} {why}; {cure}"))
    return findings


async def senders(case: Case) -> list[Finding]:
    """A wildcard's SPF record is in force until the name has its own (RFC 4592 §3.3.1)."""
    if case.record.kind != "spf":
        return []
    found = [value for value in await in_force(case.world, case.owner) if is_spf(value)]
    lost = list(map(str, compare.senders(found[0], case.record.value).lost)) if len(found) == 1 else []
    if not lost:
        return []
    why = f"gets the SPF record '{found[0]}' from a wildcard today, which a record at the name ends (RFC 4592 §3.3.1)"
    return [Finding("stop", f"{case.owner} {why}; write {' '.join(lost)} into spf too")]


WILDCARDS: tuple[Check, ...] = (host, policy, weaker, keys, senders)
"""Before a record is created."""


def _policy(values: Iterable[str]) -> tuple[str, Policy] | None:
    """Return the one DMARC record among TXT values, and its policy; None if receivers use none of them."""
    found = [value for value in values if is_dmarc(value)]
    policy = read(found[0]) if len(found) == 1 else None
    return (found[0], policy) if isinstance(policy, Policy) else None


async def _ended(case: Case) -> list[str]:
    """Return the names that begin to exist with the record, and that a wildcard answers today."""
    zone = (await case.world.existing(case.owner)).zone
    return [name for name in ancestors(case.owner, zone) if (await case.world.existing(name)).synthesised]


async def _hosts(case: Case) -> list[str]:
    return [name for name in await _ended(case) if not is_service_name(name)]


def _of_host(name: str, synthesised: Mapping[str, Sequence[str]], case: Case) -> list[Lost]:
    """Return the records that a host name would lose, without a CNAME, and without DKIM and DMARC of other names."""
    lost = [Lost(name, kind, value) for kind in _HOST_TYPES for value in synthesised.get(kind, ())]
    for value in synthesised.get("TXT", ()):
        ours = value in case.world.values.get(name, ()) or (is_spf(value) and name in case.world.declared)
        if not (ours or is_for_service_name(value)):
            lost.append(Lost(name, "TXT", value))
    return lost


def _is_of_use(name: str, text: str, *, certain: bool) -> bool:
    """Whether a wildcard's TXT may be in use below a name, as an authorisation or a key.

    :param certain: True if only a key counts, because no known look-up happens there.
    """
    if "_dmarc" in name.split("."):
        return is_dmarc(text)
    return is_dkim(text) if certain else not (is_spf(text) or is_dmarc(text))


async def _aliased(case: Case, name: str, target: str, lost: list[Lost]) -> Finding:
    """List the records that can replace a wildcard's CNAME at a name that gets a TXT, where no CNAME is allowed."""
    failed = False
    for rdtype in _HOST_TYPES:
        answer = await case.world.ask(target.lower().removesuffix("."), rdtype)
        failed = failed or answer.status == "failed"
        lost += [Lost(name, rdtype, str(rdata)) for rdata in answer.rdatas]
    why = f"would make {name} exist, which ends the wildcard's CNAME to {target} (RFC 4592 §3.3.1)"
    if not lost and not failed:
        return Finding("warning", f"{case.owner} {why}; {target} has no A, AAAA or MX, so nothing is lost")
    listed = _listed(lost) or f"the A, AAAA and MX records of {target}, at {name}"
    cure = "A name with a TXT can have no CNAME (RFC 1034 §3.6.2), but it can have the records of the CNAME's target"
    return Finding("stop", f"{case.owner} {why}. {cure}. Add first: {listed}")


def _vanishes(case: Case, name: str, lost: list[Lost]) -> Finding:
    kinds = " and ".join(dict.fromkeys(one.rdtype for one in lost))
    why = f"would make {name} exist, where only a wildcard answers today"
    end = f"the wildcard would no longer answer there or below (RFC 4592 §3.3.1), and {kinds} would vanish"
    return Finding("stop", f"{case.owner} {why}; {end}. Add first: {_listed(lost)}")


def _listed(lost: list[Lost]) -> str:
    more = f" and {len(lost) - LISTED} more" if len(lost) > LISTED else ""
    return "; ".join(map(str, lost[:LISTED])) + more
