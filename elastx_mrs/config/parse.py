"""Turns stack config, or a program's arguments, into checked arguments, and names every fault by its place.

It reports the faults of single values (:mod:`elastx_mrs.config.model`) and of several values (a domain twice) together.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from elastx_mrs import limits, registry
from elastx_mrs.config.faults import faults_of, unknown_key
from elastx_mrs.config.model import Arguments, shape
from elastx_mrs.config.rules import Fault, across, of_the_whole
from elastx_mrs.identity import NAMESPACE
from elastx_mrs.reading import BeyondError, read_json
from elastx_mrs.registry import Provider, StackKey
from elastx_mrs.service import ELASTX, Service

SHOW_CONFIG = "pulumi config --show-secrets --json"
"""Prints every value of a stack: the project's, those of Pulumi ESC, and encrypted ones."""

RECORDS = "elastx-mrs records"
"""The command that needs nothing but the config."""


class ConfigError(Exception):
    """All faults of a config at once."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        """Keep ``faults`` in the order of the config."""
        self.faults = tuple(faults)
        super().__init__("\n  ".join(told(map(str, self.faults), len(self.faults))))


def told(lines: Iterable[str], count: int) -> list[str]:
    """Return at most ``limits.FAULTS`` faults, a line each, under a heading if there are several.

    :param lines: one for each fault. Only the shown ones are read.
    :param count: of all.
    """
    shown = list(islice(lines, limits.FAULTS.most))
    more = [f"and {count - len(shown)} more; fix these first"] if count > len(shown) else []
    return shown if count == 1 else [f"{count} faults:", *shown, *more]


def all_values(command: str = RECORDS) -> str:
    """Return the command line that passes every value of a stack to a command, also encrypted ones."""
    return f"{SHOW_CONFIG} | {command} --config -"


def parse(
    given: Mapping[str, Any],
    *,
    camel_case: bool,
    publisher: bool = True,
    program: bool | None = None,
    service: Service = ELASTX,
    command: str = RECORDS,
) -> Arguments:
    """Return checked arguments.

    :param given: plain dictionaries and lists, with keys as the user wrote them.
    :param camel_case: True for stack config, False for a Python program's snake_case.
    :param publisher: False if records are only listed, and no publisher need be named.
    :param program: whether a program wrote it; some keys are only for the stack's config. By default, the casing tells.
    :param service: the relay service that the records are for.
    :param command: the command to run again if a value is encrypted.
    :raises ConfigError: with every fault found, each with its path in ``given``.
    """
    faults: list[Fault] = []
    malformed: set[int | str] = set()
    model = model_of(given)
    try:
        arguments: Arguments | None = model.model_validate(
            dict(given), by_alias=camel_case, by_name=not camel_case, context=service
        )
    except ValidationError as error:
        faults += [
            fault
            for details in error.errors(include_url=False)
            for fault in faults_of(model, given, details, camel_case, all_values(command))
        ]
        paths = [details["loc"] for details in error.errors()]
        malformed = {path[1] for path in paths if path[0] == "domains" and len(path) > 1}
        arguments = _well_formed(model, given, paths, malformed, camel_case, service)
    faults += across(given, [provider.name for provider in model.providers], publisher)
    if arguments is not None:
        found = of_the_whole(arguments, program=not camel_case if program is None else program)
        faults += (fault for fault in found if _domain_of(fault.path) not in malformed)
    if faults or arguments is None:
        raise ConfigError(list(dict.fromkeys(faults)))
    return arguments


def parse_stack(
    values: Mapping[str, Any], *, publisher: bool = True, service: Service = ELASTX, command: str = RECORDS
) -> Arguments:
    """Return the checked arguments of a stack's config.

    :param values: by key, with its namespace: as Pulumi keeps them (objects and lists as JSON text), or as YAML.
        Other namespaces are ignored.
    :param service: the relay service that the records are for.
    :param command: as for :func:`parse`.
    :raises ConfigError: with every fault found.
    """
    own = {key.partition(":")[2]: value for key, value in values.items() if key.startswith(f"{NAMESPACE}:")}
    model = model_of(own)
    known, others = [to_camel(name) for name in model.model_fields], stack_keys(model.providers)
    faults = [
        Fault(key, unknown_key(key, dict.fromkeys([*known, *others, *registry.names()])))
        for key in own
        if key not in (*known, *others)
    ]
    given = {}
    for key in known:
        try:
            value = _plain(own.get(key))
        except BeyondError as error:
            faults.append(Fault(key, f"{error}; write less"))
            continue
        except ValueError as error:
            faults.append(Fault(key, f"begins like a list or an object but is not JSON: {error}"))
            continue
        if is_given(key, value):
            given[key] = value
    try:
        arguments = parse(given, camel_case=True, publisher=publisher, service=service, command=command)
    except ConfigError as error:
        said = {fault.path for fault in faults}
        raise ConfigError([*faults, *(fault for fault in error.faults if fault.path not in said)]) from None
    if faults:
        raise ConfigError(faults)
    return arguments


def stack_keys(providers: Iterable[Provider]) -> dict[str, StackKey]:
    """Return the keys of a stack's config that only publishers read, never the program."""
    return {key.name: key for provider in providers for key in provider.stack_keys}


def is_given(key: str, value: Any) -> bool:
    """Return whether a key of a stack's config has a value.

    The defaults of optional keys in Pulumi.yaml mean that there is none: ``""``, and ``{}`` unless it names a provider.
    """
    if value == {}:
        return key not in _own_keys() and registry.may_be_empty(key)
    return value is not None and value != ""


@cache
def _own_keys() -> frozenset[str]:
    """Return the keys other than providers, in both casings. Any other key may belong to an installed package."""
    fields = Arguments.model_fields
    return frozenset([*fields, *map(to_camel, fields), *stack_keys(registry.providers())])


def model_of(keys: Iterable[str]) -> type[Arguments]:
    """Return the model of a config with these keys. An unknown key may name another package's provider.

    :raises ConfigError: if that provider cannot be used.
    """
    unknown = [key for key in keys if key not in _own_keys()]
    try:
        return shape(registry.providers(unknown))
    except registry.RegistryError as error:
        added = [key for key in unknown if key not in registry.BUILT_IN]
        raise ConfigError([Fault(", ".join(added), str(error))]) from None


def _plain(value: Any) -> Any:
    """Return a value as an object. Pulumi keeps objects and lists as JSON text."""
    return read_json(value) if isinstance(value, str) and value.lstrip()[:1] in ("[", "{") else value


def _well_formed(
    model: type[Arguments],
    given: Mapping[str, Any],
    faulty: Sequence[tuple[str | int, ...]],
    malformed: set[int | str],
    camel_case: bool,
    service: Service,
) -> Arguments | None:
    """Return the well-formed part of a config, to report the faults of the whole in the same run."""
    bad = {path[0] for path in faulty if path[0] != "domains" or len(path) < 2}
    part = {key: value for key, value in given.items() if key not in bad}
    part.setdefault("accounts", ["somebody@example.com"])
    if "dkim" in bad:
        part["dkim"] = {"external": True}
    if "domains" in part and malformed:
        stand_in = {"name": "example.invalid", "dkim": {"external": True}}  # keeps the indices of the others
        part["domains"] = [stand_in if i in malformed else domain for i, domain in enumerate(part["domains"])]
    try:
        return model.model_validate(part, by_alias=camel_case, by_name=not camel_case, context=service)
    except ValidationError:
        return None


def _domain_of(path: str) -> int | None:
    """Return the index of a fault's domain; None for other faults."""
    index = re.match(r"domains\[([0-9]{1,9})\]", path)
    return int(index[1]) if index else None
