"""Checks one stack file: every error and remark, with its place."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from elastx_mrs import registry
from elastx_mrs.config.base import is_encrypted
from elastx_mrs.config.model import Arguments
from elastx_mrs.config.parse import ConfigError, all_values, is_given, model_of, parse_stack, stack_keys
from elastx_mrs.config.plain_text import in_plain_text
from elastx_mrs.config.remarks import remarks
from elastx_mrs.config.rules import OR_EXTERNAL, Fault, is_by_hand, no_publisher
from elastx_mrs.identity import NAMESPACE
from elastx_mrs.notices import with_name
from elastx_mrs.reading import read_json
from elastx_mrs.registry import Provider
from elastx_mrs.secrecy import masked
from elastx_mrs.stackfile.document import Document, InaccessibleError, UnreadableError, read
from elastx_mrs.stackfile.encrypted import ELSEWHERE, Opened, opened
from elastx_mrs.stackfile.place import Place
from elastx_mrs.stackfile.stack import ENVIRONMENT, OWN, Stack, stack_of

Level = Literal["error", "warning", "notice"]

_NEAR = 0.85
"""Similarity (of difflib) from which a namespace counts as a misspelt one of ours: one letter in ten is wrong."""

_VERIFICATION = "verification"
"""Also read when updates are sent, like some providers. So a stack file may have it if the program has the rest."""

_OF_THE_PROGRAM = ("accounts", "domains", "spf", "dkim", "dmarc")
"""Keys that the program sets in that case, and that errors and remarks of a file may be about."""

_TO_READ = f"to have it checked too, run: {all_values()}"


class Finding(NamedTuple):
    """One error, warning or notice.

    :param path: the key, as in the messages of previews; empty for the whole file.
    :param notice: the name of a notice that the config can acknowledge.
    """

    file: str
    place: Place
    path: str
    level: Level
    problem: str
    notice: str = ""

    @property
    def text(self) -> str:
        """The problem as it is printed: a notice's ends in its name."""
        return with_name(self.problem, self.notice)


class Checked(NamedTuple):
    """One file.

    :param state: ``other``: a file without our config; ``inaccessible``: it could not be read.
    :param counts: its content, such as ``3 domains``, as far as it can be counted.
    """

    file: str
    state: Literal["checked", "other", "inaccessible"]
    findings: tuple[Finding, ...] = ()
    counts: tuple[str, ...] = ()


def check(file: str) -> Checked:
    """Return the findings of a stack file, in the order of its lines."""
    document = None
    try:
        document = read(file)
        stack = stack_of(document)
    except UnreadableError as error:
        if document is not None and not _names_us(document):  # the project of somebody else
            return Checked(file, "other")
        finding = Finding(error.path, error.place, "", "error", error.problem)
        return Checked(file, "inaccessible" if isinstance(error, InaccessibleError) else "checked", (finding,))
    found = [*_beside(stack), *_misnamed(stack)]
    if not found and not stack.own and _has_config_or_nothing(stack.document):
        return Checked(file, "other")
    found += [Finding(one.file, one.place, one.path, "error", one.problem) for one in stack.refusals]
    try:
        known = model_of(stack.own).providers
    except ConfigError as error:
        found += [_finding(stack, fault.path, "error", fault.problem) for fault in error.faults]
        known = registry.providers()
    found += (_finding(stack, one.path, "error", one.problem) for one in in_plain_text(known, stack.values.get))
    counts: list[str] = []
    if stack.own:
        judged, counts = _judged(stack, known)
        found += [*judged, *_names(stack, known)]
    found.sort(key=lambda one: (one.file != file, one.place.line or 0, one.place.column or 0))
    return Checked(file, "checked", tuple(found), tuple(counts))


def _names_us(document: Document) -> bool:
    """Return whether a stack's file has keys of our namespace, whatever its project is."""
    content = document.content
    config = content.get("config") if isinstance(content, Mapping) else None
    return isinstance(config, Mapping) and any(key.startswith(OWN) for key in config)


def _has_config_or_nothing(document: Document) -> bool:
    content = document.content
    return content is None or (isinstance(content, Mapping) and isinstance(content.get("config"), Mapping | None))


def _finding(stack: Stack, path: str, level: Level, problem: str) -> Finding:
    file, place = stack.at(path)
    return Finding(file, place, masked(path), level, problem)


def _beside(stack: Stack) -> Iterator[Finding]:
    """Yield our keys outside config, which Pulumi does not read."""
    for key in stack.content:
        if key.startswith(OWN):
            where = stack.document.at(key)
            problem = "is next to config; write it below config, indented by two more spaces"
            yield Finding(stack.document.path, where, key, "error", problem)


def _misnamed(stack: Stack) -> Iterator[Finding]:
    """Yield the keys that Pulumi assigns to another namespace."""
    for key in stack.keys:
        namespace, colon, name = key.partition(":")
        if len(namespace) > 2 * len(NAMESPACE):
            continue
        alike = difflib.SequenceMatcher(None, namespace.lower().replace("_", "-"), NAMESPACE).ratio()
        if alike < _NEAR or namespace == stack.project or (colon and namespace == NAMESPACE):
            continue
        problem = f"is in another namespace; did you mean {OWN}{name}?"
        if not colon:
            problem = f"is one key; write {OWN}accounts, {OWN}domains and so on, each a key of config"
        where = stack.document.at(f"config.{key}")
        yield Finding(stack.document.path, where, key, "error", problem)


def _names(stack: Stack, known: Sequence[Provider]) -> Iterator[Finding]:
    """Yield errors in lists of owner names, which are otherwise read only when records are published."""
    for key in stack_keys(known).values():
        if key.kind == "names":
            yield from _of_names(stack, key.name)


def _of_names(stack: Stack, key: str) -> Iterator[Finding]:
    given = stack.own.get(key)
    try:
        names = read_json(given) if isinstance(given, str) and given else given
    except ValueError:
        names = given
    problem = "is not a list; write owner names, such as [_dmarc.example.com]"
    if is_given(key, names) and not is_encrypted(names) and not isinstance(names, list):
        yield _finding(stack, key, "error", problem)
    for index, name in enumerate(names if isinstance(names, list) else ()):
        if not isinstance(name, str) and not is_encrypted(name):
            problem = "is not text; write an owner name, such as _dmarc.example.com"
            yield _finding(stack, f"{key}[{index}]", "error", problem)


def _judged(stack: Stack, known: tuple[Provider, ...]) -> tuple[list[Finding], list[str]]:
    """Return the findings about accounts, domains and the rest, and how many there are."""
    own = {key: value for key, value in stack.own.items() if key not in stack_keys(known)}
    given = {key for key, value in own.items() if is_given(key, value)}
    absent = {key: ELSEWHERE for key in _OF_THE_PROGRAM if key not in given}
    found, elsewhere = [], {}
    if stack.environment is not None:
        problem = f"values from Pulumi ESC are not in the file, so they were not checked; {_TO_READ}"
        found.append(_finding(stack, ENVIRONMENT, "notice", problem))
        elsewhere = absent
    elif given <= {_VERIFICATION, *(one.name for one in known if one.at_update)}:
        problem = "are not in this file, so only the rest was checked; this is correct if the program sets them"
        found.append(_finding(stack, "accounts, domains", "notice", problem))
        elsewhere = absent | _completed(own, known)
    elif not given & {one.name for one in known} and not is_by_hand(own):
        path, problem = no_publisher()
        problem = f"{problem}, unless the program brings a publisher of its own; {OR_EXTERNAL}"
        found.append(_finding(stack, path, "warning", problem))
    config = opened(own | elsewhere, known)
    problem = f"is encrypted, and was not checked; {_TO_READ}"
    found += [_finding(stack, path, "notice", problem) for path in config.encrypted]
    arguments, faults = _parsed(config, known)
    found += [_finding(stack, fault.path, "error", fault.problem) for fault in faults]
    if arguments is not None:
        said = [one for one in remarks(arguments) if config.remarked(one)]
        found += [
            _finding(stack, one.path, one.remark.level, one.remark.text)._replace(notice=one.remark.name)
            for one in said
        ]
    return found, _counts(own, None if config.hidden else arguments)


def _completed(own: Mapping[str, Any], known: Sequence[Provider]) -> dict[str, Any]:
    """Return the settings of providers whose other half the program has."""
    given = {one: own.get(one.name) for one in known if one.at_update}
    readable = {one: value for one, value in given.items() if isinstance(value, Mapping) and not is_encrypted(value)}
    return {one.name: one.elsewhere(value, ELSEWHERE) for one, value in readable.items()}


def _parsed(config: Opened, known: Sequence[Provider]) -> tuple[Arguments | None, list[Fault]]:
    """Return the arguments, or why there are none."""
    values = {f"{OWN}{key}": value for key, value in config.values.items()}
    try:
        return parse_stack(values, publisher=False), []
    except ConfigError as error:
        faults = [told for fault in error.faults if (told := config.told(fault)) is not None]
    left = {key: value for key, value in config.values.items() if key not in {one.name for one in known}}
    if not faults and len(left) < len(config.values):
        # Whether a domain is in an encrypted zone is not known; everything else is valid, and can have remarks.
        return _parsed(replace(config, values=left), known)
    return None, faults


def _counts(own: Mapping[str, Any], arguments: Arguments | None) -> list[str]:
    """Return the content of a config in numbers: encrypted elements count, and records only if nothing is encrypted."""
    if arguments is None:
        return [_number(len(own[key]), key) for key in ("domains", "accounts") if isinstance(own.get(key), list)]
    domains, accounts = _number(len(arguments.domains), "domains"), _number(len(arguments.accounts), "accounts")
    return [domains, accounts, _number(len(arguments.required()), "records")]


def _number(count: int, name: str) -> str:
    return f"{count} {name if count != 1 else name.removesuffix('s')}"
