"""Faults of a config whose single values are well formed: a domain twice, no publisher, an unknown account."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from elastx_mrs import limits, registry
from elastx_mrs.config import dkim
from elastx_mrs.config.model import Arguments, Dmarc, Spf
from elastx_mrs.config.today import today
from elastx_mrs.display import MOST_QUOTED, any_of, quoted, visible
from elastx_mrs.records import RecordError, names
from elastx_mrs.records.record import ttl_problem
from elastx_mrs.registry import Problem
from elastx_mrs.secrecy import masked
from elastx_mrs.service import Service


class Fault(NamedTuple):
    """One fault: its place in the user's config, and what is wrong."""

    path: str
    problem: str

    def __str__(self) -> str:
        """Return one visible line."""
        return visible(f"{self.path}: {self.problem}")


def across(given: Mapping[str, Any], publishers: Sequence[str], publisher: bool) -> Iterator[Fault]:
    """Yield the faults that concern several places. Malformed values are reported elsewhere.

    :param publishers: the keys that name a publisher.
    :param publisher: whether one of them is required.
    """
    accounts = given.get("accounts")
    listed = [one for one in _items(accounts) if isinstance(one, str)]
    known, suggestions = set(listed), limits.SUGGESTIONS.most
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
            if isinstance(account, str) and isinstance(accounts, list) and account not in known:
                suggestions -= 1
                close = _similar(account, listed) if suggestions >= 0 else None
                hint = f"; did you mean {close}?" if close else "; add it there or remove it here"
                yield Fault(f"{where}.accounts[{position}]", f"{quoted(account)} is not in the list accounts{hint}")
    yield from _publishers(given, publishers, publisher)


def _repeated(accounts: Any, path: str) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for index, account in enumerate(_items(accounts)):
        if isinstance(account, str) and first.setdefault(account, index) != index:
            yield Fault(f"{path}[{index}]", f"{quoted(account)} is already listed at {path}[{first[account]}]")


def _similar(account: str, listed: Sequence[str]) -> str | None:
    """Return the account that was probably meant; None if there is none, or if the search would take long."""
    if len(listed) > limits.SUGGESTED.most or len(account) > names.MAX_ADDRESS:
        return None
    close = difflib.get_close_matches(account, [one for one in listed if len(one) <= names.MAX_ADDRESS], n=1)
    return close[0] if close else None


def _publishers(given: Mapping[str, Any], publishers: Sequence[str], publisher: bool) -> Iterator[Fault]:
    named = any(given.get(key) is not None for key in publishers)
    if publisher and not named and not is_by_hand(given):
        path, problem = no_publisher()
        yield Fault(path, f"{problem}, to say where records are published; {OR_EXTERNAL}")


OR_EXTERNAL = "if somebody else publishes the records by hand, write external: true"
"""What to do without a publisher."""


def is_by_hand(given: Mapping[str, Any]) -> bool:
    """Return whether somebody else publishes every domain. Malformed values are reported elsewhere."""
    domains = _items(given.get("domains"))
    own = [domain.get("external") if isinstance(domain, dict) else None for domain in domains]
    of_all = given.get("external") in (True, "true")
    return bool(own) and all(of_all if one is None else one is True for one in own)


def no_publisher() -> Problem:
    """Return the keys that name a publisher, and a message that all of them are missing."""
    known = registry.names()
    forms = [f"{name}: {{}}" if registry.may_be_empty(name) else name for name in known]
    return ", ".join(known), f"no publisher; write {any_of(forms)}"


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else ()


def _normal(text: str) -> str | None:
    try:
        return names.sender_domain(text)
    except RecordError:
        return None


def of_the_whole(arguments: Arguments, *, program: bool) -> Iterator[Fault]:
    """Yield the faults of the whole, given arguments that are each well formed."""
    for path, policy in _policies(arguments):
        beside = sorted(policy.model_fields_set - {"record", "external"})
        if policy.external and policy.model_fields_set - {"external"}:
            yield Fault(path, "has external: true, so no record is created; remove the other keys, or external")
        elif policy.record is not None and beside:
            yield Fault(path, f"has record, the whole value, and also {', '.join(beside)}; write one or the other")
        else:
            yield from (Fault(path, problem) for problem in _value_problems(policy, arguments.service))
    yield from _key_faults(arguments)
    domains = [domain.name for domain in arguments.published]
    yield from _provider_faults(arguments, program=program) if domains else ()
    yield from publish_faults(arguments)
    yield from ttl_faults(arguments, arguments.publishers_by_domain)
    if any(_value_problems(policy, arguments.service) for _, policy in _policies(arguments)):
        return
    if arguments.most_records() > limits.RECORDS.most:
        problem = f"need more than {limits.RECORDS.text}; move some domains to another stack"
        yield Fault("domains", problem)
        return
    yield from _name_faults(arguments)


def _key_faults(arguments: Arguments) -> Iterator[Fault]:
    """Yield the faults of DKIM keys, each where it is written, and the first domain without a key."""
    service, date = arguments.service, today()
    own = [(f"domains[{index}].dkim", one.dkim) for index, one in enumerate(arguments.domains) if one.dkim is not None]
    for path, keys in [("dkim", arguments.dkim), *own]:
        yield from (Fault(*problem) for problem in dkim.problems(path, keys, service, date))
    for index, domain in enumerate(arguments.domains):
        for path, key in dkim.placed(f"domains[{index}].dkim" if domain.dkim else "dkim", arguments.dkim_of(domain)):
            if key.published is None and not key.external:
                cure = f"write the value that {service.name} provides as record, or external: true"
                cure = cure if not key.own else "write the value of elastx-mrs dkim generate as record"
                yield Fault(path, f"has no key for {domain.name}; {cure}")
        if not domain.dkim and any(key.published is None and not key.external for key in arguments.dkim):
            break


def _provider_faults(arguments: Arguments, *, program: bool) -> Iterator[Fault]:
    """Yield the faults of each provider's settings, given the domains that are certainly published there."""
    places = arguments.publishers_by_domain
    for provider, settings in arguments.publishers:
        here = [i for i, domain in enumerate(arguments.domains) if provider.name in places.get(domain.name, ())]
        for path, problem in provider.faults(settings, [arguments.domains[i].name for i in here], program):
            found = re.match(r"domains\[([0-9]+)\]", path)
            yield Fault(f"domains[{here[int(found[1])]}]{path[found.end() :]}" if found else path, problem)


LISTED = 10
"""Publishers of one domain that are checked, unless the config has as many."""


def publish_faults(arguments: Arguments) -> Iterator[Fault]:
    """Yield the faults of each domain's ``publish``, and the publishers that no domain can use."""
    published = {domain.name for domain in arguments.published}
    named = [provider.name for provider, _ in arguments.publishers]
    used: set[str] = set()
    for index, domain in enumerate(arguments.domains):
        path = f"domains[{index}].publish"
        used.update(domain.publish or ())
        if domain.publish is not None and domain.name not in published:
            yield Fault(path, "names publishers, but external: true means that none is used; remove one of the two")
            continue
        seen: set[str] = set()
        for position, name in enumerate((domain.publish or [])[: max(len(named) + 1, LISTED)]):  # more cannot be right
            if name in seen:
                yield Fault(f"{path}[{position}]", f"{quoted(masked(name))} is already in this list; remove it")
            elif name not in named and (problem := _unnamed(name, named)):
                yield Fault(f"{path}[{position}]", problem)
            seen.add(name)
    if all(domain.publish is not None for domain in arguments.published):
        return  # the others publish nothing: a remark says so
    for provider, _ in arguments.publishers if len(named) > 1 and used <= {*named} else ():
        if provider.name not in used and not provider.zones:
            cure = f"write publish: [{provider.name}] for its domains"
            yield Fault(provider.name, f"cannot tell which zones it has; {cure}, or remove it")


def _unnamed(name: str, named: Sequence[str]) -> str:
    """Return what is wrong with a name that is no publisher of the config.

    A config without any publisher has that fault already, or its program has its own.
    """
    known = registry.names()
    if name in known:
        return f"{name} is not in this config; add the key {name}, or remove it here" if named else ""
    close = difflib.get_close_matches(name[:MOST_QUOTED].lower(), known, n=1)
    cure = f"did you mean {close[0]}?" if close else f"the publishers are {', '.join(known)}"
    return f"{quoted(masked(name))} is not a publisher; {cure}"


def _value_problems(policy: Spf | Dmarc, service: Service) -> Sequence[str]:
    """Return the faults of terms or tags together that are each valid."""
    try:
        if isinstance(policy, Spf):
            policy.value(service)
        elif isinstance(policy, Dmarc):
            policy.value()
    except RecordError as error:
        return error.problems
    return ()


def _name_faults(arguments: Arguments) -> Iterator[Fault]:
    """Yield a fault for each owner name that is too long for DNS, at its domain."""
    for index, domain in enumerate(arguments.domains):
        try:
            arguments.records_of(domain)
        except RecordError as error:
            yield from (Fault(f"domains[{index}]", problem) for problem in error.problems)


def _policies(arguments: Arguments) -> Iterator[tuple[str, Spf | Dmarc]]:
    yield from (("spf", arguments.spf), ("dmarc", arguments.dmarc))
    for index, domain in enumerate(arguments.domains):
        for key, policy in (("spf", domain.spf), ("dmarc", domain.dmarc)):
            if policy is not None:
                yield f"domains[{index}].{key}", policy


def ttl_faults(arguments: Arguments, places: Mapping[str, Sequence[str]]) -> Iterator[Fault]:
    """Yield the TTLs that are invalid, or that a domain's publisher cannot use.

    :param places: the keys of the publishers of each domain, as far as they are known.
    """
    known = {name for names_ in places.values() for name in names_}
    of_all = known if len(arguments.publishers) > 1 else {provider.name for provider, _ in arguments.publishers}
    ttls = [
        ("ttl", arguments.ttl, of_all),
        *((f"domains[{i}].ttl", one.ttl, {*places.get(one.name, ())}) for i, one in enumerate(arguments.domains)),
        *((f"{path}.ttl", key.ttl, of_all) for path, key in dkim.placed("dkim", arguments.dkim)),
        *(
            (f"{path}.ttl", key.ttl, {*places.get(one.name, ())})
            for i, one in enumerate(arguments.domains)
            for path, key in dkim.placed(f"domains[{i}].dkim", one.dkim or ())
        ),
    ]
    for path, ttl, used in ttls:
        if ttl is None:
            continue
        of_providers = [provider.ttl_problem(ttl) for provider, _ in arguments.publishers if provider.name in used]
        yield from (Fault(path, problem) for problem in [*filter(None, of_providers), ttl_problem(ttl)][:1] if problem)
