"""The check of one stack's file: every fault and remark, with its place."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from elastx_mrs.config.model import Arguments
from elastx_mrs.config.parse import OTHER_KEYS, ConfigError, all_values, is_encrypted, is_given, parse_stack
from elastx_mrs.config.remarks import remarks
from elastx_mrs.config.rules import Fault
from elastx_mrs.identity import NAMESPACE
from elastx_mrs.stackfile.document import Document, InaccessibleError, UnreadableError, read
from elastx_mrs.stackfile.encrypted import ELSEWHERE, Opened, opened
from elastx_mrs.stackfile.nodes import Place
from elastx_mrs.stackfile.stack import ENVIRONMENT, OWN, Stack, stack_of

Level = Literal["error", "warning", "notice"]

_NEAR = 0.85
"""How alike a namespace is to ours where ours was meant, as difflib counts: one letter in ten is wrong."""

_OF_THE_SERVER = frozenset({"rfc2136", "verification"})
"""What a stack's file has where the program names accounts and domains: it is read where updates are sent."""

_OF_THE_PROGRAM = ("accounts", "domains", "spf", "dkim", "dmarc")
"""What it names then, of what a file's faults and remarks may be about."""

_CLOUDFLARE = ("cloudflare:apiToken", "cloudflare:apiKey", "cloudflare:apiUserServiceKey")
_FOR_EVER = "is in plain text, and Git keeps it for ever: "
_TO_READ = f"to have it checked too, run: {all_values()}"


class Finding(NamedTuple):
    """One thing to say.

    :param path: the key, as the messages of previews have it; empty where it is about the whole file.
    """

    file: str
    place: Place
    path: str
    level: Level
    problem: str


class Checked(NamedTuple):
    """One file.

    :param state: ``other`` is a file without any config of ours, ``inaccessible`` one that could not be read at all.
    :param counts: what is in it, such as ``3 domains``; what nobody can count is left out.
    """

    file: str
    state: Literal["checked", "other", "inaccessible"]
    findings: tuple[Finding, ...] = ()
    counts: tuple[str, ...] = ()


def check(file: str) -> Checked:
    """Return what is to be said of a stack's file, in the order of its lines."""
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
    found += _secrets(stack)
    counts: list[str] = []
    if stack.own:
        judged, counts = _judged(stack)
        found += [*judged, *_adopted(stack)]
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
    return Finding(file, place, path, level, problem)


def _beside(stack: Stack) -> Iterator[Finding]:
    """Yield our keys that are not below config, where Pulumi does not see them."""
    for key in stack.content:
        if key.startswith(OWN):
            where = stack.document.at(key)
            problem = "stands beside config; write it below config, two spaces further in"
            yield Finding(stack.document.path, where, key, "error", problem)


def _misnamed(stack: Stack) -> Iterator[Finding]:
    """Yield the keys that Pulumi takes for another's."""
    for key in stack.keys:
        namespace, colon, name = key.partition(":")
        alike = difflib.SequenceMatcher(None, namespace.lower().replace("_", "-"), NAMESPACE).ratio()
        if alike < _NEAR or namespace == stack.project or (colon and namespace == NAMESPACE):
            continue
        problem = f"is in another namespace; did you mean {OWN}{name}?"
        if not colon:
            problem = f"is one key; write {OWN}accounts, {OWN}domains and so on, each a key of config"
        where = stack.document.at(f"config.{key}")
        yield Finding(stack.document.path, where, key, "error", problem)


def _secrets(stack: Stack) -> Iterator[Finding]:
    """Yield the keys and tokens that everybody can read who has the repository; what they are is never told."""
    keys = stack.own.get("tsigKeys")
    several = keys if isinstance(keys, Mapping) and not is_encrypted(keys) else {}
    by_path = {"tsigKey": stack.own.get("tsigKey"), "tsigKeys": None if several else keys}
    by_path |= {f"tsigKeys.{name}": key for name, key in several.items()}
    for path, key in by_path.items():
        if _is_open(key):
            name = path if re.fullmatch(r"[A-Za-z0-9.-]+", path) else "tsigKeys.NAME"
            run = f"pulumi config set {'--path ' if '.' in path else ''}--secret {OWN}{name}"
            cure = f"make a new key, take the old one off the server, and run: {run}"
            yield _finding(stack, path, "error", _FOR_EVER + cure)
    for path in _CLOUDFLARE:
        if _is_open(stack.values.get(path)):
            cure = f"make another at Cloudflare, revoke this one, and run: pulumi config set --secret {path}"
            yield _finding(stack, path, "error", _FOR_EVER + cure)


def _is_open(value: Any) -> bool:
    return value not in (None, "", {}) and not is_encrypted(value)


def _adopted(stack: Stack) -> Iterator[Finding]:
    """Yield what is wrong with the names that may be taken over, which are read only where records are published."""
    given = stack.own.get("adopt")
    try:
        names = json.loads(given) if isinstance(given, str) and given else given
    except (ValueError, RecursionError):
        names = given
    problem = "is not a list; write owner names, such as [_dmarc.example.com]"
    if is_given("adopt", names) and not is_encrypted(names) and not isinstance(names, list):
        yield _finding(stack, "adopt", "error", problem)
    for index, name in enumerate(names if isinstance(names, list) else ()):
        if not isinstance(name, str) and not is_encrypted(name):
            yield _finding(
                stack, f"adopt[{index}]", "error", "is no text; write an owner name, such as _dmarc.example.com"
            )


def _judged(stack: Stack) -> tuple[list[Finding], list[str]]:
    """Return what is to be said of accounts, domains and the rest, and how many there are."""
    own = {key: value for key, value in stack.own.items() if key not in OTHER_KEYS}
    given = {key for key, value in own.items() if is_given(key, value)}
    absent = {key: ELSEWHERE for key in _OF_THE_PROGRAM if key not in given}
    found, elsewhere = [], {}
    if stack.environment is not None:
        problem = f"values from Pulumi ESC are not in the file, so they were not checked; {_TO_READ}"
        found.append(_finding(stack, ENVIRONMENT, "notice", problem))
        elsewhere = absent
    elif given <= _OF_THE_SERVER:
        problem = "are not here, so that only the rest was checked; right where the program names them"
        found.append(_finding(stack, "accounts, domains", "notice", problem))
        elsewhere = absent | _zones_elsewhere(own)
    elif not given & {"cloudflare", "rfc2136"}:
        problem = "no publisher; write cloudflare or rfc2136, unless the program brings a publisher of its own"
        found.append(_finding(stack, "cloudflare, rfc2136", "warning", problem))
    config = opened(own | elsewhere)
    problem = f"is encrypted, and was not checked; {_TO_READ}"
    found += [_finding(stack, path, "notice", problem) for path in config.encrypted]
    arguments, faults = _parsed(config)
    found += [_finding(stack, fault.path, "error", fault.problem) for fault in faults]
    if arguments is not None:
        said = [one for one in remarks(arguments) if config.remarked(one)]
        found += [_finding(stack, one.path, one.remark.level, one.remark.text) for one in said]
    return found, _counts(own, None if config.hidden else arguments)


def _zones_elsewhere(own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the primaries of a program's config: it is the program that says which zones they serve."""
    given = own.get("rfc2136")
    if not isinstance(given, Mapping) or is_encrypted(given):
        return {}
    profiles = given.get("profiles")
    if isinstance(profiles, Mapping) and not is_encrypted(profiles):
        described = {name: _with_zones(one) for name, one in profiles.items()}
        return {"rfc2136": {**(_with_zones(given) if set(given) > {"profiles"} else {}), "profiles": described}}
    return {"rfc2136": _with_zones(given)}


def _with_zones(profile: Any) -> Any:
    return {"zones": ELSEWHERE, **profile} if isinstance(profile, Mapping) and not is_encrypted(profile) else profile


def _parsed(config: Opened) -> tuple[Arguments | None, list[Fault]]:
    """Return the arguments, or why there are none."""
    values = {f"{OWN}{key}": value for key, value in config.values.items()}
    try:
        return parse_stack(values, publisher=False), []
    except ConfigError as error:
        faults = [told for fault in error.faults if (told := config.told(fault)) is not None]
    if not faults and values.pop(f"{OWN}rfc2136", None):
        # Nobody can tell whether a domain is in a zone that is encrypted; all else is right, and can be remarked on.
        return _parsed(config._replace(values={key.removeprefix(OWN): value for key, value in values.items()}))
    return None, faults


def _counts(own: Mapping[str, Any], arguments: Arguments | None) -> list[str]:
    """Return what is in a config: elements that are encrypted are counted too, and records only where none is."""
    if arguments is None:
        return [_number(len(own[key]), key) for key in ("domains", "accounts") if isinstance(own.get(key), list)]
    domains, accounts = _number(len(arguments.domains), "domains"), _number(len(arguments.accounts), "accounts")
    return [domains, accounts, _number(len(arguments.records()), "records")]


def _number(count: int, name: str) -> str:
    return f"{count} {name if count != 1 else name.removesuffix('s')}"
