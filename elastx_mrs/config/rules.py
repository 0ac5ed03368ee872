"""What is wrong with a config that is well formed in each place: a domain twice, two publishers, a zone of nobody's."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic.alias_generators import to_camel

from elastx_mrs.config.model import Arguments, Dkim, Dmarc, Rfc2136, Spf
from elastx_mrs.display import quoted, visible
from elastx_mrs.identity import DEFAULT_PROFILE, NAMESPACE
from elastx_mrs.records import RecordError, names
from elastx_mrs.service import Service

MAX_TTL = 2**31 - 1
"""Seconds (RFC 2181 §8)."""


@dataclass(frozen=True)
class Fault:
    """One thing to mend: where it stands in the user's config, and what is wrong with it."""

    path: str
    problem: str

    def __str__(self) -> str:
        """Return one visible line."""
        return visible(f"{self.path}: {self.problem}")


def across(given: Mapping[str, Any], publisher: bool) -> Iterator[Fault]:
    """Yield the faults that concern several places; what is malformed in itself is reported elsewhere."""
    accounts = given.get("accounts")
    yield from _repeated(accounts, "accounts")
    seen: dict[str, int] = {}
    for index, domain in enumerate(_items(given.get("domains"))):
        text = domain.get("name") if isinstance(domain, dict) else domain
        where = f"domains[{index}]"
        if isinstance(text, str) and (name := _normal(text)):
            if name in seen:
                path = f"{where}.name" if isinstance(domain, dict) else where
                yield Fault(path, f"{quoted(text)} is the same domain as domains[{seen[name]}]; list it once")
            seen.setdefault(name, index)
        own = domain.get("accounts") if isinstance(domain, dict) else None
        yield from _repeated(own, f"{where}.accounts")
        for position, account in enumerate(_items(own)):
            if isinstance(account, str) and isinstance(accounts, list) and account not in accounts:
                close = difflib.get_close_matches(account, [a for a in accounts if isinstance(a, str)], n=1)
                hint = f"; did you mean {close[0]}?" if close else "; add it there or take it out here"
                yield Fault(f"{where}.accounts[{position}]", f"{quoted(account)} is not in the list accounts{hint}")
    yield from _publishers(given, publisher)


def _repeated(accounts: Any, path: str) -> Iterator[Fault]:
    items = list(_items(accounts))
    for index, account in enumerate(items):
        if isinstance(account, str) and account in items[:index]:
            yield Fault(f"{path}[{index}]", f"{quoted(account)} is there already, at {path}[{items.index(account)}]")


def _publishers(given: Mapping[str, Any], publisher: bool) -> Iterator[Fault]:
    named = [key for key in ("cloudflare", "rfc2136") if given.get(key) is not None]
    if len(named) == 2:
        yield Fault("cloudflare, rfc2136", "two publishers; keep the one that serves these domains")
    if publisher and not named:
        yield Fault(
            "cloudflare, rfc2136", "no publisher; write cloudflare or rfc2136, to say where records are published"
        )


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else ()


def _normal(text: str) -> str | None:
    try:
        return names.sender_domain(text)
    except RecordError:
        return None


def of_the_whole(arguments: Arguments, *, program: bool) -> Iterator[Fault]:
    """Yield what can only be said of arguments that are well formed each by itself."""
    for path, policy in _policies(arguments):
        fields = policy.model_fields_set - {"selector"}
        beside = sorted(fields - {"record", "external"})
        if policy.external and fields - {"external"}:
            yield Fault(path, "says external, so nothing is declared; take out the other keys, or external")
        elif policy.record is not None and beside:
            yield Fault(path, f"has record, the whole value, and {', '.join(beside)} too; write one or the other")
        elif isinstance(policy, Spf):
            yield from (Fault(path, problem) for problem in _spf_problems(policy, arguments.service))
    for index, domain in enumerate(arguments.domains):
        key = domain.dkim or arguments.dkim
        if key.record is None and not key.external:
            path = f"domains[{index}].dkim" if domain.dkim else "dkim"
            cure = f"write the value that {arguments.service.name} provides as record, or external: true"
            yield Fault(path, f"has no key for {domain.name}; {cure}")
            if not domain.dkim:
                break
    yield from _primary_faults(arguments.rfc2136, program)
    yield from _zone_faults(arguments)
    yield from _ttl_faults(arguments)
    if not any(
        _spf_problems(policy, arguments.service) for _, policy in _policies(arguments) if isinstance(policy, Spf)
    ):
        yield from _name_faults(arguments)


def _spf_problems(policy: Spf, service: Service) -> Sequence[str]:
    """Return what is wrong with terms that are right each by itself."""
    try:
        policy.value(service)
    except RecordError as error:
        return error.problems
    return ()


def _name_faults(arguments: Arguments) -> Iterator[Fault]:
    """Yield each owner name that DNS cannot hold, at the domain that it is for."""
    for index, domain in enumerate(arguments.domains):
        try:
            arguments.records_of(domain)
        except RecordError as error:
            yield from (Fault(f"domains[{index}]", problem) for problem in error.problems)


def _policies(arguments: Arguments) -> Iterator[tuple[str, Spf | Dkim | Dmarc]]:
    yield from (("spf", arguments.spf), ("dkim", arguments.dkim), ("dmarc", arguments.dmarc))
    for index, domain in enumerate(arguments.domains):
        for key, policy in (("spf", domain.spf), ("dkim", domain.dkim), ("dmarc", domain.dmarc)):
            if policy is not None:
                yield f"domains[{index}].{key}", policy


def _zone_faults(arguments: Arguments) -> Iterator[Fault]:
    if arguments.rfc2136 is None or not (served := arguments.rfc2136.by_zone):
        return
    for index, domain in enumerate(arguments.domains):
        if names.longest_zone(domain.name, served) is None:
            problem = f"{domain.name} is in none of rfc2136.zones ({', '.join(served)}); add its zone there"
            yield Fault(f"domains[{index}]", problem)


_OF_THE_SERVER = ("server", "key_name", "key_file", "algorithm")


def _primary_faults(given: Rfc2136 | None, program: bool) -> Iterator[Fault]:
    """Yield what is wrong with who serves which zone."""
    if given is None:
        return
    named = {DEFAULT_PROFILE: given} if given.model_fields_set - {"profiles"} or not given.profiles else {}
    if named and DEFAULT_PROFILE in given.profiles:
        problem = "is described twice, here and by the keys of rfc2136 itself; keep one of them"
        yield Fault(f"rfc2136.profiles.{DEFAULT_PROFILE}", problem)
    seen: dict[str, str] = {}
    for name, profile in (named | given.profiles).items():
        where = "rfc2136" if profile is given else f"rfc2136.profiles.{name}"
        zones = f"{where}.zones"
        if not profile.zones:
            yield Fault(zones, "is missing; write it")
        for index, zone in enumerate(profile.zones or ()):
            if zone in seen:
                yield Fault(f"{zones}[{index}]", f"{zone} is in {seen[zone]} too; one primary has a zone")
            seen.setdefault(zone, zones)
        for key in _OF_THE_SERVER if program else ():
            if getattr(profile, key) is not None:
                problem = f"is read where the update is sent: write it as {to_camel(key)} under {NAMESPACE}:rfc2136 in "
                yield Fault(f"{where}.{key}", f"{problem}the stack's config, or set the environment variable")


def _ttl_faults(arguments: Arguments) -> Iterator[Fault]:
    ttls = [("ttl", arguments.ttl), *((f"domains[{i}].ttl", domain.ttl) for i, domain in enumerate(arguments.domains))]
    for path, ttl in ttls:
        if ttl is None:
            continue
        if arguments.cloudflare is not None and ttl != 1 and not 60 <= ttl <= 86400:
            yield Fault(path, f"is {ttl}; Cloudflare takes 60 to 86400 seconds, or 1 for automatic")
        elif not 1 <= ttl <= MAX_TTL:
            yield Fault(path, f"is {ttl}; write seconds from 1 to {MAX_TTL}")
