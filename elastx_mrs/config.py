"""Stack config, or a program's arguments, to what the component works with: every fault named by its place.

Reported together: what :mod:`elastx_mrs.arguments` finds in each value, and what concerns several (a domain twice).
"""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel

from elastx_mrs.arguments import (
    DEFAULT_PROFILE,
    Arguments,
    Cloudflare,
    Dkim,
    Dmarc,
    Domain,
    Guard,
    Profile,
    Rfc2136,
    Spf,
    Verification,
)
from elastx_mrs.records import RecordError, names

NAMESPACE = "elastx-mrs"

OTHER_KEYS = ("tsigKey", "tsigKeys", "adopt")
"""Of the stack's config, read where records are published and never by the program."""

MAX_TTL = 2**31 - 1
"""Seconds (RFC 2181 §8)."""

_ENCRYPTED = (
    "is encrypted, and only Pulumi can open it; "
    "run: pulumi config --show-secrets --json | elastx-mrs records --config -"
)

_CONTAINERS: Mapping[str, type[BaseModel]] = {
    "domains": Domain,
    "spf": Spf,
    "dkim": Dkim,
    "dmarc": Dmarc,
    "cloudflare": Cloudflare,
    "rfc2136": Rfc2136,
    "guard": Guard,
    "verification": Verification,
}


@dataclass(frozen=True)
class Fault:
    """One thing to mend: where it stands in the user's config, and what is wrong with it."""

    path: str
    problem: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


class ConfigError(Exception):
    """What is wrong with a config, all of it at once."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        """Keep ``faults`` in the order of the config."""
        self.faults = tuple(faults)
        if len(self.faults) == 1:
            super().__init__(str(self.faults[0]))
        else:
            super().__init__(f"{len(self.faults)} faults:" + "".join(f"\n  {fault}" for fault in self.faults))


def parse(given: Mapping[str, Any], *, camel_case: bool, publisher: bool = True) -> Arguments:
    """Return checked arguments.

    :param given: plain dictionaries and lists, with keys as the user wrote them.
    :param camel_case: True for stack config, False for a Python program's snake_case.
    :param publisher: False where records are only listed, so that none need be named.
    :raises ConfigError: with every fault found, each with its path in ``given``.
    """
    faults: list[Fault] = []
    malformed: set[int | str] = set()
    try:
        arguments: Arguments | None = Arguments.model_validate(dict(given), by_alias=camel_case, by_name=not camel_case)
    except ValidationError as error:
        faults += [
            fault for details in error.errors(include_url=False) for fault in _faults(given, details, camel_case)
        ]
        paths = [details["loc"] for details in error.errors()]
        malformed = {path[1] for path in paths if path[0] == "domains" and len(path) > 1}
        arguments = _well_formed(given, paths, malformed, camel_case)
    faults += _across(given, publisher)
    if arguments is not None:
        faults += (fault for fault in _of_the_whole(arguments) if not _within(fault.path, malformed))
        faults += _primary_faults(arguments.rfc2136, camel_case)
    if faults or arguments is None:
        raise ConfigError(list(dict.fromkeys(faults)))
    return arguments


def parse_stack(values: Mapping[str, Any], *, publisher: bool = True) -> Arguments:
    """Return the checked arguments of a stack's config.

    :param values: by key, with its namespace: as Pulumi keeps them (objects and lists as JSON text), or as YAML.
        Other namespaces are passed over.
    :raises ConfigError: with every fault found.
    """
    own = {key.partition(":")[2]: value for key, value in values.items() if key.startswith(f"{NAMESPACE}:")}
    known = [to_camel(name) for name in Arguments.model_fields]
    faults = [Fault(key, _unknown(key, [*known, *OTHER_KEYS])) for key in own if key not in (*known, *OTHER_KEYS)]
    given = {}
    for key in known:
        try:
            value = _plain(key, own.get(key))
        except ValueError as error:
            faults.append(Fault(key, f"begins like a list or an object but is not JSON: {error}"))
            continue
        # Pulumi.yaml's defaults of optional keys mean: absent; but cloudflare's is "", for it may be {}.
        if value is not None and value != "" and (value != {} or key == "cloudflare"):
            given[key] = value
    try:
        arguments = parse(given, camel_case=True, publisher=publisher)
    except ConfigError as error:
        said = {fault.path for fault in faults}
        raise ConfigError([*faults, *(fault for fault in error.faults if fault.path not in said)]) from None
    if faults:
        raise ConfigError(faults)
    return arguments


def _plain(key: str, value: Any) -> Any:
    """Return what Pulumi keeps as text: JSON for objects and lists, digits for a number."""
    if not isinstance(value, str):
        return value
    if value.lstrip()[:1] in ("[", "{"):
        return json.loads(value)
    return int(value) if key == "ttl" and value.strip().isdigit() else value


def _well_formed(
    given: Mapping[str, Any], faulty: Sequence[tuple[str | int, ...]], malformed: set[int | str], camel_case: bool
) -> Arguments | None:
    """Return the part of a config that is well formed, so that what concerns the whole is reported in the same run."""
    bad = {path[0] for path in faulty if path[0] != "domains" or len(path) < 2}
    part = {key: value for key, value in given.items() if key not in bad}
    part.setdefault("accounts", ["somebody@example.com"])
    if "dkim" in bad:
        part["dkim"] = {"external": True}
    if "domains" in part and malformed:
        stand_in = {"name": "example.invalid", "dkim": {"external": True}}  # keeps the others' numbers
        part["domains"] = [stand_in if i in malformed else domain for i, domain in enumerate(part["domains"])]
    try:
        return Arguments.model_validate(part, by_alias=camel_case, by_name=not camel_case)
    except ValidationError:
        return None


def _within(path: str, domains: set[int | str]) -> bool:
    return any(path.startswith(f"domains[{index}]") for index in domains)


def _faults(given: Mapping[str, Any], details: Any, camel_case: bool) -> list[Fault]:
    location: list[str | int] = []
    value: Any = given
    for step in details["loc"]:
        if isinstance(value, str) or _is_encrypted(value):  # the user wrote no deeper key
            break
        if step == "[key]":
            continue
        location.append(step)
        value = _child(value, step)
    kind, problem = details["type"], str(details["msg"])
    if _is_encrypted(value):
        problem = _ENCRYPTED
    elif kind == "extra_forbidden":
        container = next((str(step) for step in reversed(location[:-1]) if isinstance(step, str)), "")
        model = Profile if "profiles" in location[:-2] else _CONTAINERS.get(container, Arguments)
        problem = _unknown(str(location[-1]), [to_camel(n) if camel_case else n for n in model.model_fields])
    elif kind == "value_error":
        error = details["ctx"]["error"]
        problems = error.problems if isinstance(error, RecordError) else [str(error)]
        return [Fault(_path(location), text) for text in problems]
    elif kind == "missing":
        problem = "is missing; write it"
    elif kind == "too_short":
        problem = "is an empty list; write at least one"
    elif kind == "literal_error":
        problem = f"is {value!r}; write {details['ctx']['expected']}"
    elif "type" in kind:
        problem = _wrong_type(value, problem)
    return [Fault(_path(location), problem)]


def _is_encrypted(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"secure"}


def _child(value: Any, step: str | int) -> Any:
    try:
        return value[step]
    except (KeyError, IndexError, TypeError):
        return None


def _wrong_type(value: Any, problem: str) -> str:
    if hasattr(value, "apply") and hasattr(value, "is_known"):
        return "is a Pulumi Output, known only later; what decides which records exist must be a plain value"
    wanted = problem.removeprefix("Input should be ").replace(" or instance of ", ", ").partition(",")[0]
    phrases = {"a valid dictionary": "an object with keys", "a valid integer": "a whole number"}
    wanted = phrases.get(wanted, wanted)
    return f"is {_kind(value)}; write {wanted.replace('valid ', '')}"


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "a string", bool: "true or false", int: "a number"}
    return "empty" if value is None else kinds.get(type(value), f"of type {type(value).__name__}")


def _unknown(key: str, known: Sequence[str]) -> str:
    lowered = {name.lower(): name for name in known}
    close = difflib.get_close_matches(key.lower().replace("_", ""), list(lowered), n=1)
    return "is not a key here; " + (
        f"did you mean {lowered[close[0]]}?" if close else f"the keys are {', '.join(known)}"
    )


def _path(location: Sequence[str | int]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location).lstrip(".") or "config"


def _across(given: Mapping[str, Any], publisher: bool) -> Iterator[Fault]:
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
                yield Fault(path, f"{text!r} is the same domain as domains[{seen[name]}]; list it once")
            seen.setdefault(name, index)
        own = domain.get("accounts") if isinstance(domain, dict) else None
        yield from _repeated(own, f"{where}.accounts")
        for position, account in enumerate(_items(own)):
            if isinstance(account, str) and isinstance(accounts, list) and account not in accounts:
                close = difflib.get_close_matches(account, [a for a in accounts if isinstance(a, str)], n=1)
                hint = f"; did you mean {close[0]}?" if close else "; add it there or take it out here"
                yield Fault(f"{where}.accounts[{position}]", f"{account!r} is not in the list accounts{hint}")
    yield from _publishers(given, publisher)


def _repeated(accounts: Any, path: str) -> Iterator[Fault]:
    items = list(_items(accounts))
    for index, account in enumerate(items):
        if isinstance(account, str) and account in items[:index]:
            yield Fault(f"{path}[{index}]", f"{account!r} is there already, at {path}[{items.index(account)}]")


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


def _of_the_whole(arguments: Arguments) -> Iterator[Fault]:
    """Yield what can only be said of arguments that are well formed each by itself."""
    for path, policy in _policies(arguments):
        fields = policy.model_fields_set - {"selector"}
        beside = sorted(fields - {"record", "external"})
        if policy.external and fields - {"external"}:
            yield Fault(path, "says external, so nothing is declared; take out the other keys, or external")
        elif policy.record is not None and beside:
            yield Fault(path, f"has record, the whole value, and {', '.join(beside)} too; write one or the other")
        elif isinstance(policy, Spf):
            yield from (Fault(path, problem) for problem in _spf_problems(policy))
    for index, domain in enumerate(arguments.domains):
        key = domain.dkim or arguments.dkim
        if key.record is None and not key.external:
            path = f"domains[{index}].dkim" if domain.dkim else "dkim"
            yield Fault(
                path, f"has no key for {domain.name}; write the value that Elastx provides as record, or external: true"
            )
            if not domain.dkim:
                break
    yield from _zone_faults(arguments)
    yield from _ttl_faults(arguments)
    if not any(_spf_problems(policy) for _, policy in _policies(arguments) if isinstance(policy, Spf)):
        yield from _name_faults(arguments)


def _spf_problems(policy: Spf) -> Sequence[str]:
    """Return what is wrong with terms that are right each by itself."""
    try:
        policy.value()
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


def _primary_faults(given: Rfc2136 | None, camel_case: bool) -> Iterator[Fault]:
    """Yield what is wrong with who serves which zone."""
    if given is None:
        return
    named = {DEFAULT_PROFILE: given} if given.model_fields_set - {"profiles"} or not given.profiles else {}
    paths = dict.fromkeys(named, "rfc2136") | {name: f"rfc2136.profiles.{name}" for name in given.profiles}
    if named and DEFAULT_PROFILE in given.profiles:
        problem = "is described twice, here and by the keys of rfc2136 itself; keep one of them"
        yield Fault(paths[DEFAULT_PROFILE], problem)
    seen: dict[str, str] = {}
    for name, profile in (named | given.profiles).items():
        if not profile.zones:
            yield Fault(f"{paths[name]}.zones", "is missing; write it")
        for index, zone in enumerate(profile.zones or ()):
            if zone in seen:
                yield Fault(f"{paths[name]}.zones[{index}]", f"{zone} is in {seen[zone]} too; one primary has a zone")
            seen.setdefault(zone, f"{paths[name]}.zones")
        for key in () if camel_case else _OF_THE_SERVER:
            if getattr(profile, key) is not None:
                problem = f"is read where the update is sent: write it as {to_camel(key)} under {NAMESPACE}:rfc2136 in "
                yield Fault(f"{paths[name]}.{key}", f"{problem}the stack's config, or set the environment variable")


def _ttl_faults(arguments: Arguments) -> Iterator[Fault]:
    ttls = [("ttl", arguments.ttl), *((f"domains[{i}].ttl", domain.ttl) for i, domain in enumerate(arguments.domains))]
    for path, ttl in ttls:
        if ttl is None:
            continue
        if arguments.cloudflare is not None and ttl != 1 and not 60 <= ttl <= 86400:
            yield Fault(path, f"is {ttl}; Cloudflare takes 60 to 86400 seconds, or 1 for automatic")
        elif not 1 <= ttl <= MAX_TTL:
            yield Fault(path, f"is {ttl}; write seconds from 1 to {MAX_TTL}")
