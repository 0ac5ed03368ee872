"""Placeholders for encrypted values, which only Pulumi can decrypt, so the rest of a stack file can be checked.

A placeholder is valid at its place and conflicts with nothing. Errors and remarks about one, or caused by one, are
dropped.
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
"""A value that is not in the file, and may be valid: the program or an environment has it."""

_MARK = "encrypted.invalid"
"""Part of every placeholder that a message could show (RFC 2606 §2)."""

_NAMED = re.compile(rf"n[0-9]+\.{re.escape(_MARK)}")

_DEEPEST = 5
"""Keys and indices in the config's own paths. An object in YAML can contain itself, or share its content."""

_LEFT_OUT = object()

_Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Opened:
    """A config with placeholders for encrypted values.

    :param values: by key, without the namespace, with the placeholders.
    :param encrypted: the paths of encrypted values.
    :param hidden: the paths of all placeholders.
    """

    values: dict[str, Any]
    encrypted: tuple[str, ...]
    hidden: frozenset[str]

    @cached_property
    def _around_hidden(self) -> frozenset[str]:
        return frozenset(around for hidden in self.hidden for around in _around(hidden))

    def told(self, fault: Fault) -> Fault | None:
        """Return an error without placeholders, or None if a placeholder may cause it."""
        if self._is_of_a_stand_in(fault.path):
            return None
        if fault.path in self._around_hidden and _KEYS.search(fault.path):  # whether keys go together is not known
            return None
        if _MARK not in fault.problem:
            return fault
        if re.search(r"(^|\.)dkim$", fault.path):  # a domain has no key, whatever it is called
            return fault._replace(problem=_NAMED.sub("a domain whose name is encrypted", fault.problem))
        return None

    def remarked(self, said: Said) -> bool:
        """Whether a remark can be shown: a placeholder at or below its path may cause it."""
        below = said.path in self._around_hidden
        unused = "domains" in self.hidden and said.path not in self.values  # a default that no domain may have
        return not (below or unused or self._is_of_a_stand_in(said.path) or _MARK in said.remark.text)

    def _is_of_a_stand_in(self, path: str) -> bool:
        return any(around in self.hidden for around in _around(path))


def opened(values: Mapping[str, Any], known: tuple[Provider, ...]) -> Opened:
    """Return a stack's config, by key without the namespace, with placeholders for hidden values.

    :param known: the providers that it may name.
    """
    opening = _Opening(known)
    found = opening.object(values, (), keys_of(shape(known)))
    accounts, added = found.get("accounts"), list[str]()
    if isinstance(accounts, list):
        # Any account of a domain may be an encrypted one.
        any_ = any(path[0] == "accounts" for path in opening.hidden)
        known_accounts = {one for one in accounts if isinstance(one, str)}
        named = [one for one in dict.fromkeys(_named(found.get("domains"))) if one not in known_accounts]
        more = [account for account in named if any_ or _MARK in account]
        found["accounts"] = [*accounts, *more]
        added = [f"accounts[{len(accounts) + index}]" for index in range(len(more))]
    return Opened(found, tuple(map(path_of, opening.encrypted)), frozenset((*map(path_of, opening.hidden), *added)))


_KEYS = re.compile(r"(^|\.)dkim(\[[0-9]+\])?$")
"""The place of a DKIM key, or of a list of them."""


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
            if keys and key not in keys:  # an error, encrypted or not
                found[key] = "" if is_encrypted(child) else child
            elif (new := self.value(child, (*path, key), keys.get(key, {}))) is not _LEFT_OUT:
                found[key] = new
        if "dkim" in path[-2:] and len(self.hidden) > before and "record" not in found:
            found["external"] = True  # so its key is not missing
        return found


def _stand_in(path: _Path, name: str, known: Sequence[Provider]) -> Any:
    """Return the placeholder of a value; values without consequences are left out."""
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
        case ("domains", int(), "name") | (*_, "include" | "a" | "mx" | "publish", int()):
            return name
        case (*_, "dkim"):
            return {"external": True}
        case (*_, "dkim", int()):
            return {"selector": name, "external": True, "own": True}
        case (*_, "dkim", "selector") | (*_, "dkim", int(), "selector"):
            return name
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
    """Yield the accounts of domains."""
    for domain in domains if isinstance(domains, list) else ():
        accounts = domain.get("accounts") if isinstance(domain, Mapping) else None
        yield from (account for account in accounts if isinstance(account, str)) if isinstance(accounts, list) else ()


def _around(path: str) -> Iterator[str]:
    """Yield a path, and those of what is around it: ``domains[1].dkim``, ``domains[1]``, ``domains``."""
    yield path
    for end in re.finditer(r"[.\[]", path):
        yield path[: end.start()]
