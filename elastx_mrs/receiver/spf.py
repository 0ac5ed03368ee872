"""``check_host()`` (RFC 7208 §4): evaluates a domain's SPF for one address as a receiver does, term by term."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

import dns.reversename

from elastx_mrs import limits
from elastx_mrs.display import quoted
from elastx_mrs.lookup import budget
from elastx_mrs.lookup.answer import Answer, Ask
from elastx_mrs.receiver.spf_record import is_name, parsed, select
from elastx_mrs.records.spf_macro import expand_domain, letters
from elastx_mrs.records.spf_terms import LOOKUPS, Mechanism, Modifier, Record, Term

MAX_LOOKUPS = 10
"""Terms that need a DNS lookup (§4.6.4)."""

MAX_VOIDS = 2
"""Lookups with an empty answer or without such a name; a SHOULD (§4.6.4)."""

MAX_NAMES = 10
"""Names of one ``mx``, beyond which it is permerror, or of one PTR, beyond which they are ignored (§4.6.4)."""

Name = Literal["none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"]

_BY_QUALIFIER: dict[str, Name] = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}


@dataclass(frozen=True)
class Result:
    """The result of :func:`check_host` (§2.6), its reason and its cost.

    :param result: one of the seven results.
    :param reason: the term that decided, with the domains that led to it, or what is wrong.
    :param lookups: the number of terms that were looked up.
    :param voids: the number of void lookups among them.
    :param over: whether it is temperror because of a limit.
    """

    result: Name
    reason: str
    lookups: int
    voids: int
    over: bool = False


async def check_host(
    ask: Ask, address: str, domain: str, sender: str | None = None, helo: str | None = None, record: str | None = None
) -> Result:
    """Return the result of a receiver that applies every limit of §4.6.4.

    :param ask: queries DNS; it should cache answers.
    :param address: the client's address; an IPv4-mapped IPv6 address counts as IPv4.
    :param domain: as A-labels, without a final dot.
    :param sender: the address in MAIL FROM; ``postmaster@<domain>`` if there is none (§2.4).
    :param helo: the client's HELO name; the domain unless given.
    :param record: the record to use instead of the domain's published one, for a planned change.
    :raises ValueError: if ``address`` is not an address.
    """
    ip = ipaddress.ip_address(address)
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    check = _Check(
        ask, ip, sender or f"postmaster@{domain}", helo or domain, {domain.lower(): record} if record else {}
    )
    with budget.budget(f"the SPF check of {ip}", limits.SPF_CHECK_SECONDS.most, limits.SPF_CHECK_QUERIES.most):
        try:
            result, reason = await check.domain(domain.lower())
        except _EndError as end:
            return Result(end.result, end.reason, check.lookups, check.voids, end.over)
    return Result(result, reason, check.lookups, check.voids)


class _EndError(Exception):
    """Ends the whole check with temperror or permerror."""

    def __init__(self, result: Name, reason: str, *, over: bool = False) -> None:
        self.result: Name = result
        self.reason = reason
        self.over = over
        super().__init__(reason)


class _Check:
    def __init__(
        self, ask: Ask, ip: IPv4Address | IPv6Address, sender: str, helo: str, planned: dict[str, str]
    ) -> None:
        self._ask = ask
        self._ip = ip
        self._helo = helo
        self._planned = planned
        local, _, domain = sender.rpartition("@")
        self._sender = {"s": f"{local or 'postmaster'}@{domain}", "l": local or "postmaster", "o": domain}
        self.lookups = 0
        self.voids = 0

    async def domain(self, domain: str) -> tuple[Name, str]:
        """Evaluate one domain's record; ``include`` and ``redirect`` call this again."""
        if not is_name(domain):
            return "none", f"{quoted(domain)} is not a name that can have a record (§4.3)"
        text = self._planned.get(domain)
        found = parsed(text.encode()) if text else select(await self._ask(domain, "TXT"))
        if found.record is None:
            if found.result == "none":
                return "none", f"{domain}: {found.problem}"
            result: Name = "temperror" if found.result == "temperror" else "permerror"
            raise _EndError(result, f"{domain}: {found.problem}", over=found.over)
        return await self._record(domain, found.record)

    async def _record(self, domain: str, record: Record) -> tuple[Name, str]:
        for term in record.evaluated():
            if term.name in LOOKUPS:
                self.lookups += 1
                if self.lookups > MAX_LOOKUPS:
                    raise _EndError("permerror", f"{domain}: {term} is the lookup after the {MAX_LOOKUPS}th (§4.6.4)")
            if isinstance(term, Modifier):
                return await self._redirect(domain, term)
            if await self._matches(domain, term):
                return _BY_QUALIFIER[term.qualifier], f"{domain}: {term}"
        return "neutral", f"{domain}: no term matches, and there is no 'all' (§4.7)"

    async def _redirect(self, domain: str, term: Modifier) -> tuple[Name, str]:
        target = await self._target(domain, term)
        result, reason = await self.domain(target)
        if result == "none":
            raise _EndError("permerror", f"{domain}: {term} leads to no SPF record (§6.1): {reason}")
        return result, f"{domain}: {term}, {reason}"

    async def _matches(self, domain: str, term: Mechanism) -> bool:
        if term.name == "all":
            return True
        if term.address is not None:
            return self._ip in term.network  # type: ignore[operator]  # it has a network where it has an address
        target = await self._target(domain, term)
        if term.name == "include":
            return await self._include(domain, term, target)
        if not is_name(target) and term.name != "ptr":
            return False  # no such name can exist (§4.8)
        if term.name == "exists":
            return (await self._look(domain, term, target, "A")).status == "found"
        if term.name == "a":
            return await self._has_address(domain, term, [target])
        if term.name == "mx":
            return await self._has_address(domain, term, await self._exchanges(domain, term, target))
        names = await self._validated()
        return any(name == target or name.endswith(f".{target}") for name in names)

    async def _include(self, domain: str, term: Mechanism, target: str) -> bool:
        result, reason = await self.domain(target)
        if result == "none":
            raise _EndError("permerror", f"{domain}: {term} leads to no SPF record (§5.2): {reason}")
        return result == "pass"

    async def _exchanges(self, domain: str, term: Mechanism, target: str) -> list[str]:
        answer = await self._look(domain, term, target, "MX")
        names = answer.names()
        if len(names) > MAX_NAMES:
            raise _EndError(
                "permerror", f"{domain}: {term} leads to {len(names)} MX, and {MAX_NAMES} are allowed (§4.6.4)"
            )
        return [name for name in names if is_name(name)]

    async def _has_address(self, domain: str, term: Mechanism, names: Iterable[str]) -> bool:
        length = term.ip4_length if self._ip.version == 4 else term.ip6_length
        network = ipaddress.ip_network((self._ip, length), strict=False)
        for name in names:
            answer = await self._look(domain, term, name, self._address_type)
            if any(found in network for found in answer.addresses()):
                return True
        return False

    async def _look(self, domain: str, term: Term, name: str, rdtype: str) -> Answer:
        answer = await self._ask(name, rdtype)
        if answer.status == "failed":
            reason = f"{domain}: {term} could not be looked up: {answer.problem}"
            raise _EndError("temperror", reason, over=answer.over)
        self._count(answer, f"{domain}: {term}")
        return answer

    def _count(self, answer: Answer, where: str) -> None:
        self.voids += answer.void
        if self.voids > MAX_VOIDS:
            raise _EndError("permerror", f"{where} is the void lookup after the {MAX_VOIDS}nd (§4.6.4)")

    async def _validated(self) -> list[str]:
        """Return the client's names that lead back to its address (§5.5). Failed lookups are left out."""
        reverse = dns.reversename.from_address(str(self._ip)).to_text(omit_final_dot=True)
        answer = await self._in_time(reverse, "PTR")
        self._count(answer, f"the PTR of {self._ip}")
        names = []
        for name in answer.names()[:MAX_NAMES]:
            addresses = await self._in_time(name, self._address_type)
            self._count(addresses, f"the address of {name}")
            if self._ip in addresses.addresses():
                names.append(name)
        return names

    async def _in_time(self, name: str, rdtype: str) -> Answer:
        """Query a name whose failure may be ignored; beyond a limit, end the check."""
        answer = await self._ask(name, rdtype)
        if answer.over:
            raise _EndError("temperror", f"{name} {rdtype} could not be looked up: {answer.problem}", over=True)
        return answer

    async def _target(self, domain: str, term: Term) -> str:
        """Return the name of a term, with its macros expanded (§7)."""
        text = term.domain if isinstance(term, Mechanism) else term.value
        if text is None:
            return domain
        values = self._sender | {
            "d": domain,
            "i": _dotted(self._ip),
            "v": "in-addr" if self._ip.version == 4 else "ip6",
            "h": self._helo,
        }
        if "p" in letters(text):
            values["p"] = _best(await self._validated(), domain)
        return expand_domain(text, values).lower()

    @property
    def _address_type(self) -> str:
        return "A" if self._ip.version == 4 else "AAAA"


def _best(names: list[str], domain: str) -> str:
    """Return the name for ``%{p}``: the domain itself, one below it, any name, or ``unknown`` (§7.3)."""
    below = [name for name in names if name.endswith(f".{domain}")]
    return domain if domain in names else (below or names or ["unknown"])[0]


def _dotted(ip: IPv4Address | IPv6Address) -> str:
    return str(ip) if ip.version == 4 else ".".join(ip.exploded.replace(":", ""))
