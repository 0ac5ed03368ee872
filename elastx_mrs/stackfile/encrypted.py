"""Stand-ins for what only Pulumi can open, so that everything else in a stack's file is checked all the same.

A stand-in is right at its place and clashes with nothing; what is said of one, or because of one, is not told.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from elastx_mrs.config.base import is_encrypted
from elastx_mrs.config.faults import path_of
from elastx_mrs.config.model import keys_of, shape
from elastx_mrs.config.remarks import Said
from elastx_mrs.config.rules import Fault
from elastx_mrs.records.record import TOKEN_DIGITS
from elastx_mrs.registry import Provider
from elastx_mrs.service import ELASTX

ELSEWHERE = {"secure": ""}
"""What is not in the file, and may well be right: it is named by the program, or comes from an environment."""

_MARK = "encrypted.invalid"
"""In every stand-in that a message could name (RFC 2606 §2)."""

_NAMED = re.compile(rf"n[0-9]+\.{re.escape(_MARK)}")

_DEEPEST = 5
"""Keys and indices in the config's own paths; an object in YAML may have itself in it, or many that share theirs."""

_LEFT_OUT = object()

_Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Opened:
    """A config in which nothing is encrypted any more.

    :param values: by key, without the namespace, with the stand-ins.
    :param encrypted: the paths of what is encrypted.
    :param hidden: the paths of all that stands in for something.
    """

    values: dict[str, Any]
    encrypted: tuple[str, ...]
    hidden: frozenset[str]

    @cached_property
    def _around_hidden(self) -> frozenset[str]:
        return frozenset(around for hidden in self.hidden for around in _around(hidden))

    def told(self, fault: Fault) -> Fault | None:
        """Return a fault as it can be told, or None if it is, or may be, a stand-in's."""
        if self._is_of_a_stand_in(fault.path):
            return None
        if _MARK not in fault.problem:
            return fault
        if re.search(r"(^|\.)dkim$", fault.path):  # a domain has no key, whatever it is called
            return fault._replace(problem=_NAMED.sub("a domain whose name is encrypted", fault.problem))
        return None

    def remarked(self, said: Said) -> bool:
        """Return whether a remark can be told: it may be due to what is below its path, too."""
        below = said.path in self._around_hidden
        unused = "domains" in self.hidden and said.path not in self.values  # a default that no domain may have
        return not (below or unused or self._is_of_a_stand_in(said.path) or _MARK in said.remark.text)

    def _is_of_a_stand_in(self, path: str) -> bool:
        return any(around in self.hidden for around in _around(path))


def opened(values: Mapping[str, Any], known: tuple[Provider, ...]) -> Opened:
    """Return a stack's config, its keys without the namespace, with stand-ins for what is encrypted or elsewhere.

    :param known: the providers that it may name.
    """
    opening = _Opening(known)
    found = opening.object(values, (), keys_of(shape(known)))
    accounts, added = found.get("accounts"), list[str]()
    if isinstance(accounts, list):
        # Any account that a domain names may be one of those that are encrypted.
        any_ = any(path[0] == "accounts" for path in opening.hidden)
        known_accounts = {one for one in accounts if isinstance(one, str)}
        named = [one for one in dict.fromkeys(_named(found.get("domains"))) if one not in known_accounts]
        more = [account for account in named if any_ or _MARK in account]
        found["accounts"] = [*accounts, *more]
        added = [f"accounts[{len(accounts) + index}]" for index in range(len(more))]
    return Opened(found, tuple(map(path_of, opening.encrypted)), frozenset((*map(path_of, opening.hidden), *added)))


class _Opening:
    def __init__(self, known: Sequence[Provider]) -> None:
        self._providers = known
        self.encrypted: list[_Path] = []
        self.hidden: list[_Path] = []

    def value(self, value: Any, path: _Path, keys: Mapping[str, Any]) -> Any:
        """Return a value without what is encrypted in it.

        :param keys: that an object may have there, each with those below it; none if they are the user's own.
        """
        if is_encrypted(value):
            self.hidden.append(path)
            if value is not ELSEWHERE:
                self.encrypted.append(path)
            return _stand_in(path, f"n{len(self.hidden)}.{_MARK}", self._providers)
        if len(path) >= _DEEPEST:
            return value
        if isinstance(value, list):
            return [self.value(child, (*path, index), keys) for index, child in enumerate(value)]
        return self.object(value, path, keys) if isinstance(value, Mapping) else value

    def object(self, value: Mapping[str, Any], path: _Path, keys: Mapping[str, Any]) -> dict[str, Any]:
        """Return an object likewise."""
        before, found = len(self.hidden), {}
        for key, child in value.items():
            if keys and key not in keys:  # a fault, encrypted or not
                found[key] = "" if is_encrypted(child) else child
            elif (new := self.value(child, (*path, key), keys.get(key, {}))) is not _LEFT_OUT:
                found[key] = new
        if path[-1:] == ("dkim",) and len(self.hidden) > before and "record" not in found:
            found["external"] = True  # nobody misses its key then
        return found


def _stand_in(path: _Path, name: str, known: Sequence[Provider]) -> Any:
    """Return what stands for a value: it is left out where nothing follows from that."""
    provider = next((one for one in known if one.name == path[0]), None)
    if provider is not None and (found := provider.stand_in(path[1:], name)) is not None:
        return found
    domain = {"name": name, "dkim": {"external": True}}
    match path:
        case ("accounts",):
            return [f"account@{name}"]
        case (*_, "accounts", int()):
            return f"account@{name}"
        case ("domains",):
            return [domain]
        case ("domains", int()):
            return domain
        case ("domains", int(), "name") | (*_, "include" | "a" | "mx", int()):
            return name
        case (*_, "dkim"):
            return {"external": True}
        case (*_, "rua" | "ruf", int()):
            return f"mailto:reports@{name}"
        case (*_, "ip4" | "nameservers" | "rootHints" | "resolvers", int()):
            return "192.0.2.1"
        case (*_, "ip6", int()):
            return "2001:db8::1"
        case (*_, "knownChallenges", int()):
            return f"{ELASTX.challenge_prefix}{'0' * TOKEN_DIGITS}"
    return None if isinstance(path[-1], int) else _LEFT_OUT


def _named(domains: Any) -> Iterable[str]:
    """Yield the accounts that domains name."""
    for domain in domains if isinstance(domains, list) else ():
        accounts = domain.get("accounts") if isinstance(domain, Mapping) else None
        yield from (account for account in accounts if isinstance(account, str)) if isinstance(accounts, list) else ()


def _around(path: str) -> Iterator[str]:
    """Yield a path, and those of what is around it: ``domains[1].dkim``, ``domains[1]``, ``domains``."""
    yield path
    for end in re.finditer(r"[.\[]", path):
        yield path[: end.start()]
