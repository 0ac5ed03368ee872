"""The guard's rules before a record is written: one function per rule, with its reason and its fix."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal, Protocol

from elastx_mrs import notices
from elastx_mrs.display import all_quoted, quoted, show
from elastx_mrs.lookup.answer import Answer
from elastx_mrs.notices import Notice
from elastx_mrs.publish.adoption import Adoption
from elastx_mrs.publish.existing import Existing
from elastx_mrs.receiver.spf import check_host
from elastx_mrs.receiver.spf_tree import expand
from elastx_mrs.records import TxtRecord, compare
from elastx_mrs.records.dmarc_policy import Policy, is_dmarc, read, strength
from elastx_mrs.records.kinds import not_ours, same_value
from elastx_mrs.records.names import is_service_name
from elastx_mrs.records.spf_terms import is_spf
from elastx_mrs.service import Service

MAX_HOSTS = 5
"""MX hosts that are checked for a notice."""

MAX_SHOWN = 60
"""Characters of an adopted record that a warning shows."""


@dataclass(frozen=True)
class Finding:
    """The finding of one check.

    :param level: ``stop``: publishing would break mail; ``unasked``: a look-up failed; otherwise a remark.
    :param text: the existing record, why it matters, and the fixes.
    :param notice: the name of a notice; see :func:`noticed`.
    """

    level: Literal["stop", "unasked", "warning", "notice"]
    text: str
    notice: str = ""


def noticed(notice: Notice, text: str) -> Finding:
    """Return a notice, which a config can acknowledge by its name."""
    return Finding("notice", text, notice.name)


class World(Protocol):
    """The look-ups of checks. Each is made once per run."""

    @property
    def adoption(self) -> Adoption:
        """How the publisher takes over existing records."""

    @property
    def one_of_several(self) -> str:
        """The publisher's key in the config, if the domain has several publishers; otherwise empty."""

    @property
    def declared(self) -> Mapping[str, TxtRecord]:
        """SPF and DMARC records of this run, by owner name."""

    @property
    def values(self) -> Mapping[str, Sequence[str]]:
        """The values of this run's records, by owner name."""

    @property
    def service(self) -> Service:
        """The relay service that the domains send through."""

    @property
    def keys(self) -> Mapping[str, Sequence[str]]:
        """The owner names of the DKIM keys with which mail is signed, whoever publishes them, by sender domain."""

    async def ask(self, name: str, rdtype: str) -> Answer:
        """Query the DNS as it will be: records of this run are answered as if they existed."""
        ...

    async def existing(self, owner: str) -> Existing:
        """Return the publisher's records at a name; :raises CannotAskError:."""
        ...

    async def child_zone(self, owner: str, zone: str) -> str | None:
        """Return the child zone of ``zone`` that a name lies in, by its delegation; :raises CannotAskError:."""
        ...

    async def delegated_to(self, zone: str) -> tuple[str, ...] | None:
        """Return the name servers that a zone is delegated to; None if unknown; :raises CannotAskError:."""
        ...

    async def inherited(self, domain: str) -> "Inherited | None":
        """Return the DMARC policy that a domain without its own record inherits; :raises CannotAskError:."""
        ...


@dataclass(frozen=True)
class Inherited:
    """A DMARC policy from a parent domain; ``strength`` as in :func:`elastx_mrs.records.dmarc_policy.strength`, or -1.

    :param void: the record, and why receivers take no policy from it (RFC 9989 §4.10.1); empty if they do.
    """

    domain: str
    policy: str
    strength: int
    void: str = ""


@dataclass(frozen=True)
class Case:
    """One record that is about to be written.

    :param before: the value that it replaces, for an update; None for a create.
    """

    record: TxtRecord
    before: str | None
    preview: bool
    world: World

    @property
    def owner(self) -> str:
        """The record's owner name."""
        return self.record.name


Check = Callable[[Case], Awaitable[list[Finding]]]


async def alias(case: Case) -> list[Finding]:
    """A name with a CNAME has no other records (RFC 1034 §3.6.2): servers drop the TXT, some of them silently."""
    found = await case.world.existing(case.owner)
    target = next(iter(found.others.get("CNAME", ())), None)
    if target is None:
        return []
    cure = "remove the CNAME first; or publish the record at its target, and write external: true here"
    return [_stop(case, f"is a CNAME to {target}, so it can have no TXT (RFC 1034 §3.6.2); {cure}")]


async def redirected(case: Case) -> list[Finding]:
    """Names below a DNAME are answered from elsewhere (RFC 6672 §2.3)."""
    found = await case.world.existing(case.owner)
    if found.dname is None:
        return []
    owner, target = found.dname
    why = f"lies below the DNAME {owner}, so {target} answers for it, and a record here is never served (RFC 6672 §2.3)"
    return [_stop(case, f"{why}; publish it there and write external: true here, or remove the DNAME")]


async def child_zone(case: Case) -> list[Finding]:
    """A record above a zone cut is never served (RFC 1034 §4.2)."""
    found = await case.world.existing(case.owner)
    child = found.child or await case.world.child_zone(case.owner, found.zone)
    if child is None:
        return []
    why = f"lies in the zone {child}, delegated away from {found.zone}, which would never serve it (RFC 1034 §4.2)"
    return [_stop(case, f"{why}; {_where_served(case.record.kind, child)}")]


async def unchangeable(case: Case) -> list[Finding]:
    """What a provider cannot change, such as a set with a routing policy, is refused before anything is sent."""
    found = await case.world.existing(case.owner)
    return [Finding("stop", found.problem)] if found.problem else []


async def delegated_elsewhere(case: Case) -> list[Finding]:
    """A zone may be filled before it is delegated (RFC 1034 §4.2.2), but is not served until then.

    Of a zone at several providers, each server should be delegated: one that is not answers nobody.
    """
    found = await case.world.existing(case.owner)
    if not found.name_servers:
        return []
    delegated = await case.world.delegated_to(found.zone)
    missing = [server for server in found.name_servers if server not in (delegated or ())]
    here = case.world.one_of_several
    if delegated is None or not missing or (len(missing) < len(found.name_servers) and not here):
        return []
    now = " and ".join(delegated) or "nobody"
    if here:
        why = f"the zone {found.zone} is delegated to {now}, and not to {' and '.join(missing)}, where {here} serves it"
        return [Finding("warning", f"{why}: nobody asks these servers until the registrar delegates it to them too")]
    why = f"the zone {found.zone} is delegated to {now}, and published to {' and '.join(found.name_servers)}"
    return [Finding("warning", f"{why}: its records are served only after the registrar delegates it to these servers")]


async def foreign_spf(case: Case) -> list[Finding]:
    """With two SPF records at a name, all its mail gets permerror (RFC 7208 §4.5)."""
    if case.record.kind != "spf":
        return []
    found = await case.world.existing(case.owner)
    others = [show(value) for value in _not_ours(case, found) if is_spf(value)]
    if not others:
        return []
    listed = all_quoted(others)
    why = f"has the SPF record {listed} already, and with a second one all its mail gets permerror (RFC 7208 §4.5)"
    if case.owner not in case.world.adoption.names:
        return [_stop(case, f"{why}; {_adopt(case)}, which merges its terms, or remove it first")]
    lost = [str(term) for value in others for term in compare.senders(value, case.record.value).lost]
    if lost or len(others) > 1:
        cure = f"write {' '.join(lost)} into spf too" if lost else "remove all but one of them"
        return [_stop(case, f"{why}; to adopt it, {cure}")]
    return [_adopted(case, listed)]


async def foreign_dmarc(case: Case) -> list[Finding]:
    """Receivers discard all DMARC records of a name that has several (RFC 9989 §4.10)."""
    if case.record.kind not in ("dmarc", "report"):
        return []
    found = await case.world.existing(case.owner)
    others = [show(value) for value in _not_ours(case, found) if is_dmarc(value)]
    return _taken(case, others, "with several, receivers discard all of them (RFC 9989 §4.10)", may_replace=True)


async def foreign_dkim(case: Case) -> list[Finding]:
    """The meaning of several TXT records at a selector is undefined (RFC 6376 §3.6.2.2)."""
    if case.record.kind != "dkim":
        return []
    others = [show(value) for value in _not_ours(case, await case.world.existing(case.owner))]
    same = all(compare.same_key(value, case.record.value) for value in others)
    return _taken(case, others, "with several, a key may not be found (RFC 6376 §3.6.2.2)", may_replace=same)


async def identical(case: Case) -> list[Finding]:
    """An identical record is taken over if its name is adopted. Otherwise it is only a warning, in a preview: it may be
    the one that is being replaced.
    """
    found = await case.world.existing(case.owner)
    if case.before is not None or not any(same_value(value, case.record.value) for value in found.txt):
        return []
    if case.owner in case.world.adoption.names:
        taken = f"{quoted(case.record.value, MAX_SHOWN)} is taken over unchanged"
        return [Finding("warning", f"{case.owner}: {taken}; {_FROM_THEN_ON}")]
    if not case.preview:
        return []
    text = "has exactly this TXT already. Unless the record is being replaced, an up stops here. After an interrupted"
    text += f" run, or to take it over, {case.world.adoption.claim(case.record)}. After a rename, give it an alias"
    return [Finding("warning", f"{case.owner} {text}")]


async def lookups(case: Case) -> list[Finding]:
    """An SPF record with over ten lookups, or a broken include, causes permerror for all mail (RFC 7208 §4.6.4)."""
    if case.record.kind != "spf":
        return []
    tree = await expand(case.world.ask, case.record.domain, case.record.value)
    before = await expand(case.world.ask, case.record.domain, case.before) if case.before is not None else None
    known = {(found.kind, found.path) for found in before.problems()} if before is not None else set()
    findings = []
    for problem in tree.problems():
        text = f"SPF of {' > '.join(problem.path)}: {problem.text}"
        if problem.kind == "temperror":
            findings.append(Finding("unasked", text))
        elif problem.kind == "permerror":
            worse = before is None or (problem.kind, problem.path) not in known or tree.lookups > before.lookups
            findings.append(Finding("stop" if worse else "warning", text))
        elif problem.kind in ("open", "voids"):
            findings.append(Finding("warning", text))
    return findings


async def weaker_dmarc(case: Case) -> list[Finding]:
    """A subdomain's own record replaces what it inherits (RFC 9989 §4.10): it should not be weaker by accident."""
    if case.record.kind != "dmarc":
        return []
    if sum(map(is_dmarc, await in_force(case.world, case.owner))) == 1:
        return []  # a wildcard's single record replaces the inherited policy; wildcards.weaker compares it
    if any(map(is_dmarc, (await case.world.existing(case.owner)).txt)):
        return []  # it inherits nothing today: its own record is adopted, or foreign_dmarc stops
    above = await case.world.inherited(case.record.domain)
    if above is not None and above.void:
        why = f"{case.record.domain} inherits no DMARC policy: {above.void}, so receivers apply no DMARC"
        return [noticed(notices.VOID_ABOVE, f"{why}; correct it there too")]
    policy = read(case.record.value)
    if above is None or not isinstance(policy, Policy) or strength(policy.p, policy.t) >= above.strength:
        return []
    why = (
        f"says p={policy.p}{'; t=y' if policy.t == 'y' else ''}, weaker than the {above.policy} that it inherits today "
    )
    why += f"from {above.domain}, and its own record replaces that (RFC 9989 §4.10)"
    return [
        _stop(case, f"{why}; write p={above.policy.removeprefix('p=').removeprefix('sp=')} or stricter under dmarc")
    ]


async def in_force(world: World, owner: str) -> list[str]:
    """Return the TXT values that a wildcard gives a name today, also through a CNAME (RFC 4592 §3.3.1)."""
    synthesised = (await world.existing(owner)).synthesised
    texts = list(synthesised.get("TXT", ()))
    for target in synthesised.get("CNAME", ()):
        texts += map(show, (await world.ask(target.lower().removesuffix("."), "TXT")).texts())
    return texts


async def uncovered_mx(case: Case) -> list[Finding]:
    """``-all`` fails the mail that the domain's own MX hosts may send."""
    if case.record.kind != "spf" or not case.record.value.lower().endswith(" -all"):
        return []
    hosts = [value.split()[-1].removesuffix(".") for value in await _mx(case)]
    uncovered = [text for host in hosts[:MAX_HOSTS] if host and (text := await _fails(case, host))]
    if not uncovered:
        return []
    why = f"ends in -all and does not cover its own MX {', '.join(uncovered)}"
    cure = "if they send mail as the domain too, write mx: ['@'] under spf, or their provider's include"
    return [noticed(notices.UNCOVERED_MX, f"SPF of {case.owner} {why}; {cure}, or all: softfail until you know")]


async def null_mx(case: Case) -> list[Finding]:
    """A null MX says that a domain takes no mail, and receivers may refuse mail from it (RFC 7505 §4.2)."""
    if case.record.kind != "spf" or not any(value.split() == ["0", "."] for value in await _mx(case)):
        return []
    why = "has a null MX: it takes no mail, so bounces and replies get lost, and receivers may refuse mail from it"
    return [noticed(notices.NULL_MX, f"{case.owner} {why} (RFC 7505 §4.2); give it an MX if it is to send")]


CREATE: tuple[Check, ...] = (
    alias, redirected, child_zone, unchangeable, delegated_elsewhere, foreign_spf, foreign_dmarc, foreign_dkim,
    identical, lookups, weaker_dmarc, uncovered_mx, null_mx,
)  # fmt: skip
"""Before a record is created; records in the way come first."""

UPDATE: tuple[Check, ...] = (foreign_spf, lookups, uncovered_mx)
"""Before an SPF record changes."""


def _stop(case: Case, text: str) -> Finding:
    return Finding("stop", f"{case.owner} {text}")


def _adopted(case: Case, listed: str) -> Finding:
    """Return the warning for an adopted record. It comes now, because no program runs in a preview of a destroy."""
    return Finding("warning", f"{case.owner}: {listed} is adopted, and becomes '{case.record.value}'; {_FROM_THEN_ON}")


_FROM_THEN_ON = "from then on the stack manages it, and pulumi destroy deletes it"


def _where_served(kind: str, child: str) -> str:
    """Return the fix for a child zone. A publisher's zones are sender domains, whose names contain no ``_``."""
    if not is_service_name(child):
        return f"publish it there: name {child} as a zone of the publisher"
    return f"publish it there by other means, such as its operator's own tools, and {_external(kind)}"


def _external(kind: str) -> str:
    if kind == "report":
        return "remove the reports' domain from this component"
    return f"write {kind}: {{external: true}} here, which still verifies it"


def _adopt(case: Case) -> str:
    return case.world.adoption.merge(case.record)


def _not_ours(case: Case, found: Existing) -> list[bytes]:
    """Return the TXT values that are neither the record nor the one it replaces."""
    return not_ours(found.txt, case.before, case.record.value)


def _taken(case: Case, others: list[str], why: str, *, may_replace: bool) -> list[Finding]:
    if not others:
        return []
    listed = all_quoted(others)
    if case.owner in case.world.adoption.names and len(others) == 1 and may_replace:
        return [_adopted(case, listed)]
    return [_stop(case, f"has the record {listed} already; {why}; {_adopt(case)}, or remove it first")]


async def _mx(case: Case) -> list[str]:
    found = await case.world.existing(case.record.domain)
    return [*found.others.get("MX", ()), *found.synthesised.get("MX", ())]


async def _fails(case: Case, host: str) -> str | None:
    """Return a host with the first of its addresses that the record does not pass, or None."""
    for rdtype in ("A", "AAAA"):
        for address in (await case.world.ask(host, rdtype)).addresses():
            result = await check_host(
                case.world.ask, str(ip_address(address)), case.record.domain, record=case.record.value
            )
            if result.result in ("fail", "softfail", "neutral"):
                return f"{host} ({address})"
    return None
