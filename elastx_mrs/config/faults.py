"""Turns pydantic's errors about a config into messages: the place, the value, and what to write instead."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic.alias_generators import to_camel

from elastx_mrs.config.base import Shape, from_text, is_encrypted
from elastx_mrs.config.model import Arguments, model_at
from elastx_mrs.config.rules import Fault
from elastx_mrs.display import quoted
from elastx_mrs.records import RecordError
from elastx_mrs.secrecy import masked

_KINDS = {dict: "an object", list: "a list", str: "a string", int: "a number", float: "a number with a fraction"}

_WANTED = {
    "string": "one string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false, without quotes",
    "list": "a list",
    "dictionary": "an object with keys",
}
"""Words for the type that pydantic expects."""


def path_of(location: Sequence[str | int]) -> str:
    """Return keys and indices as a path for messages: ``domains[1].dkim``. A TSIG key in it is masked."""
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{masked(step)}" for step in location)
    return path.lstrip(".") or "config"


def faults_of(
    model: type[Arguments], given: Mapping[str, Any], details: Any, camel_case: bool, in_full: str
) -> list[Fault]:
    """Return the faults behind one error of pydantic.

    :param given: the user's config.
    :param details: the error.
    :param in_full: the command to run if a value is encrypted.
    """
    location: list[str | int] = []
    value: Any = given
    for step in details["loc"]:
        if isinstance(step, int):
            value = _listed(value)
        if isinstance(value, str) or is_encrypted(value):  # the user wrote no deeper key
            break
        if step == "[key]" or _is_of_one(step, value):
            continue
        location.append(step)
        value = _child(value, step)
    kind, problem = details["type"], str(details["msg"])
    if is_encrypted(value):
        problem = f"is encrypted, and only Pulumi can open it; run: {in_full}"
    elif kind == "extra_forbidden":
        fields = model_at(model, location[:-1]).model_fields
        problem = unknown_key(str(location[-1]), [to_camel(name) if camel_case else name for name in fields])
    elif kind == "value_error":
        error = details["ctx"]["error"]
        problems = error.problems if isinstance(error, RecordError) else [str(error)]
        return [Fault(path_of(location), text) for text in problems]
    elif kind == "invalid_key":
        problem = "has a key that is not text, as on, off and numbers are in YAML; put it in quotes"
        return [Fault(path_of(location[:-1]), problem)]
    elif kind == "missing":
        problem = "is missing; write it"
    elif kind == "too_short":
        problem = "is an empty list; write at least one"
    elif kind == "literal_error":
        problem = _none_of(value, details["ctx"]["expected"])
    elif "type" in kind:
        problem = _wrong_type(value, kind, problem, model_at(model, location))
    return [Fault(path_of(location), problem)]


def _listed(value: Any) -> Any:
    """Return the list in a text, as JSON; otherwise the value."""
    try:
        return from_text(value)
    except ValueError:
        return value


def _is_of_one(step: str | int, value: Any) -> bool:
    """Return whether a step is the index of a value that the user wrote without a list."""
    return isinstance(step, int) and not (
        isinstance(value, list | tuple) or (isinstance(value, dict) and step in value)
    )


def _child(value: Any, step: str | int) -> Any:
    try:
        return value[step]
    except (KeyError, IndexError, TypeError):
        return None


def _none_of(value: Any, choices: str) -> str:
    if isinstance(value, str):
        server = "://" in value or re.fullmatch(r"[0-9.:]{7,}", value)
        more = ", and a server under the key resolvers or nameservers" if server else ""
        return f"is {quoted(value)}; write {choices}{more}"
    return f"is {_kind(value)}; write {choices}{', in quotes' if isinstance(value, bool) else ''}"


def _wrong_type(value: Any, kind: str, problem: str, model: type[Any]) -> str:
    """Return a message about a value of the wrong type, and what to write."""
    if hasattr(value, "apply") and hasattr(value, "is_known"):
        return "is a Pulumi Output, known only later; write a plain value, because it decides which records exist"
    of_object = kind in ("model_type", "dataclass_type") and issubclass(model, Shape)
    asked = problem.removeprefix("Input should be a valid ").partition(" ")[0].rstrip(",")
    wanted = model.written if of_object else _WANTED.get(asked, problem.removeprefix("Input should be "))
    if asked == "list" and isinstance(value, str):
        wanted = f"a list, such as [{quoted(value, 60)}]"
    if asked == "list" and isinstance(value, dict):
        wanted = "a list, whose items begin with a dash"
    if isinstance(value, bool) and asked in ("string", "dictionary"):
        wanted += "; a text such as no or off that became true or false needs quotes"
    return f"is {_kind(value)}; write {wanted}"


def _kind(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _KINDS.get(type(value), f"of type {type(value).__name__}")


def unknown_key(key: str, known: Iterable[str]) -> str:
    """Return a message about a key that is not in ``known``, with the key that was probably meant."""
    lowered = {name.lower(): name for name in known}
    close = difflib.get_close_matches(key.lower().replace("_", ""), list(lowered), n=1)
    return "is not a key here; " + (
        f"did you mean {lowered[close[0]]}?" if close else f"the keys are {', '.join(known)}"
    )
