"""The JSON Schema of a stack's file, made from the models and their docstrings. Editors complete and check with it.

It is JSON Schema draft-07, which yaml-language-server supports best. ``elastx-mrs config check`` accepts two things
that the schema refuses: a key of ``config`` without a value, and a zone's id that is not text. The schema refuses only
some of the faults that the command finds, none that concern several places. No key of ``config`` is required, because
the project's ``Pulumi.yaml`` may have it.
"""

import ast
import inspect
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, pairwise
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import MinLen
from pydantic import AfterValidator, BaseModel, BeforeValidator, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from elastx_mrs import notices, registry
from elastx_mrs.config import model as arguments
from elastx_mrs.config.base import INTEGER, NUMBER, Shape, one_or_more
from elastx_mrs.config.model import MAX_TIMEOUT, Arguments, Dmarc, shape
from elastx_mrs.config.parse import stack_keys
from elastx_mrs.identity import NAMESPACE
from elastx_mrs.records import challenge, dkim_state, dmarc, dmarc_policy, names, report, spf
from elastx_mrs.records.record import MAX_TTL
from elastx_mrs.registry import Provider, StackKey
from elastx_mrs.service import ELASTX

KEPT = Path(__file__).resolve().parent.parent / "stack.schema.json"
"""The schema with the built-in providers, written by ``toolchain.config_schema``."""

Schema = dict[str, Any]

DEFAULTS = {("Dkim", "selector"), ("Guard", "mode"), ("Spf", "external"), ("Dkim", "external"), ("Dmarc", "external")}
"""The defaults that SDKs may send."""

_OF_THE_SERVICE = {("Dkim", "selector"): ELASTX.dkim_selector}
"""Defaults of the relay service, which the models do not have."""


SECURE = {"$ref": "#/definitions/Secure"}
NULL = {"type": "null"}

HINTS: Mapping[Callable[..., Any], Schema] = {
    names.sender_domain: {"pattern": r"^[^\s/@*]+$"},
    challenge.account_address: {"pattern": r"^[^\s@]+@[^\s@]+$"},
    arguments._known_challenge: {"pattern": rf"^{ELASTX.challenge_prefix}[0-9a-f]{{64}}$"},
    arguments._spf_record: {"pattern": r'[vV]=[sS][pP][fF]1|"\s*"|\\'},  # also several strings, and escapes
    spf.ip4_network: {"pattern": r"^[0-9.]+(/[0-9]+)?$"},
    spf.ip6_network: {"pattern": r"^[0-9A-Fa-f:.]+(/[0-9]+)?$"},
    dmarc.from_paste: {"pattern": r'[vV]\s*=\s*DMARC1|"\s*"|\\'},
    report.destination: {"pattern": r"^[mM][aA][iI][lL][tT][oO]:"},
    dkim_state.iso_date: {"pattern": r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]|\s*$)"},
    dkim_state.iso_moment: {"pattern": r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]|\s*$)"},
    arguments._notice: {"enum": [*(one.name for one in notices.NOTICES), *notices.RETIRED]},
    arguments._seconds: {"minimum": 0, "maximum": MAX_TIMEOUT},
}
"""The simple part of each rule for values, as a schema. It never refuses more than the rule."""


def text(known: tuple[Provider, ...]) -> str:
    """Return the schema as text. Arguments as for :func:`schema`."""
    return json.dumps(schema(known), indent=1, ensure_ascii=False) + "\n"


def schema(known: tuple[Provider, ...]) -> Schema:
    """Return the schema of a stack's file.

    :param known: the providers that it may name.
    """
    definitions: dict[str, Schema] = {
        "Secure": {
            "description": "An encrypted value, as pulumi config set --secret writes it.",
            "type": "object",
            "properties": {"secure": {"type": "string"}},
            "required": ["secure"],
            "additionalProperties": False,
        }
    }
    model = shape(known)
    hints = dict(chain(HINTS.items(), *(provider.hints.items() for provider in known)))
    said, shown = descriptions(model), examples(model)
    config = {}
    for name, info in model.model_fields.items():
        walk = _Walk(definitions, hints, name, model)
        of_type = [one for one in walk.alternatives(info.annotation, info.metadata) if one != NULL]
        config[to_camel(name)] = _value(said[name], [*of_type, *_as_text(of_type)], shown.get(name))
    config |= {key.name: _read_elsewhere(key) for key in stack_keys(known).values()}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A Pulumi stack's file with the config of elastx-mrs",
        "type": "object",
        "properties": {
            "config": {
                "description": "The stack's config, by key with its namespace.",
                "type": ["object", "null"],
                "properties": {f"{NAMESPACE}:{key}": value for key, value in config.items()},
                "patternProperties": {f"^{NAMESPACE}:(?!({'|'.join(config)})$)": False},
            }
        },
        "patternProperties": {f"^{NAMESPACE}:": False},
        "definitions": definitions,
    }


def _value(description: str, alternatives: Sequence[Schema], example: Any = None) -> Schema:
    """Return the values of a key: one of several, or an encrypted value."""
    shown = {} if example is None else {"examples": [example]}
    return {"description": description, **shown, "anyOf": [*alternatives, SECURE]}


@dataclass(frozen=True)
class _Walk:
    """Turns a field's type into the schema of its values.

    :param definitions: the schemas of models so far.
    :param hints: the schema of a validator's values.
    :param field: the field's name.
    :param of: the field's model.
    """

    definitions: dict[str, Schema]
    hints: Mapping[Callable[..., Any], Mapping[str, Any]]
    field: str
    of: type[BaseModel]

    def alternatives(self, annotation: Any, metadata: Sequence[Any]) -> list[Schema]:
        """Return each kind of value, without encrypted ones."""
        origin, inner = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return self.alternatives(inner[0], [*_flat(inner[1:]), *metadata])
        if origin in (Union, UnionType):
            (one,) = (type_ for type_ in inner if type_ is not NoneType)
            return [*self.alternatives(one, metadata), NULL]
        if origin is Literal:
            return [{"enum": list(inner)}]
        if origin is list:
            bounds = [one.min_length for one in metadata if isinstance(one, MinLen)]
            items = {"type": "array", "items": self._below(inner[0])} | ({"minItems": bounds[0]} if bounds else {})
            return [*(self.alternatives(inner[0], ()) if one_or_more in metadata else ()), items]
        if origin is dict:
            (names_,) = self.alternatives(inner[0], ())
            return [{"type": "object", "propertyNames": names_, "additionalProperties": self._below(inner[1])}]
        if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
            return [self._reference(annotation), *self._bare(annotation, metadata)]
        return self._plain(annotation, metadata)

    def _below(self, annotation: Any) -> Schema:
        return {"anyOf": [*self.alternatives(annotation, ()), SECURE]}

    def _plain(self, annotation: Any, metadata: Sequence[Any]) -> list[Schema]:
        rules = [one.func for one in metadata if isinstance(one, AfterValidator)]
        if chosen := choices(self.of, self.field):
            return _one_of(chosen)
        found = {"type": {str: "string", Any: "string", bool: "boolean", int: "integer", float: "number"}[annotation]}
        hints = [self.hints[rule] for rule in rules if rule in self.hints]
        hints += [{"minimum": 1, "maximum": MAX_TTL}] if self.field == "ttl" else []
        plain: Schema = dict(chain(found.items(), *(hint.items() for hint in hints)))
        as_text = {int: INTEGER, float: NUMBER}.get(annotation)
        if as_text is not None:
            return [plain, {"type": "string", "pattern": f"^{as_text.pattern}$"}]
        return [plain, {"type": "integer"}] if annotation is str and _may_be_digits(metadata) else [plain]

    def _reference(self, model: type[BaseModel]) -> Schema:
        name = model.__name__
        if name not in self.definitions:
            self.definitions[name] = {}  # made once, in this order
            self.definitions[name] = {
                "description": " ".join(inspect.cleandoc(model.__doc__ or "").split()),
                "type": "object",
                "properties": self._properties(model),
                "required": [to_camel(field) for field, info in model.model_fields.items() if info.is_required()],
                # The keys of somebody else's program are its own business.
                "additionalProperties": model.model_config.get("extra") == "allow",
            }
        return {"$ref": f"#/definitions/{name}"}

    def _properties(self, model: type[BaseModel]) -> Schema:
        said, shown, found = descriptions(model), examples(model), {}
        for field, info in model.model_fields.items():
            alternatives = self._of(model, field).alternatives(info.annotation, info.metadata)
            value = _value(said[field], alternatives, shown.get(field))
            found[to_camel(field)] = value
            if (model.__name__, field) in DEFAULTS:
                value["default"] = default_of(model, field)
        return found

    def _bare(self, model: type[BaseModel], metadata: Sequence[Any]) -> list[Schema]:
        """Return the schema of a bare string that is short for an object with one key."""
        texts = [one.func("") for one in metadata if isinstance(one, BeforeValidator)]  # type: ignore[call-arg]
        keys = [key for text in texts if isinstance(text, dict) for key in text]
        infos = {key: model.model_fields[key] for key in keys}
        of_key = {key: self._of(model, key).alternatives(info.annotation, info.metadata) for key, info in infos.items()}
        return [one for found in of_key.values() for one in found if one != NULL]

    def _of(self, model: type[BaseModel], field: str) -> "_Walk":
        return _Walk(self.definitions, self.hints, field, model)


def choices(model: type[BaseModel], field: str) -> tuple[str, ...]:
    """Return the possible values of a field, in lower case; none if there is no list of them."""
    tags = dmarc_policy.CHOICES if model is Dmarc else {}
    return tags.get(field) or _chosen(model.model_fields[field].annotation, model.model_fields[field].metadata)


def _chosen(annotation: Any, metadata: Sequence[Any]) -> tuple[str, ...]:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return inner
    if origin is Annotated:
        return _chosen(inner[0], [*_flat(inner[1:]), *metadata])
    if origin in (Union, UnionType):
        return next((found for one in inner if (found := _chosen(one, metadata))), ())
    of_algorithm = any(isinstance(one, AfterValidator) and one.func is names.tsig_algorithm for one in metadata)
    return names.TSIG_ALGORITHMS if of_algorithm else ()


def _may_be_digits(metadata: Sequence[Any]) -> bool:
    """Return whether a text of digits can be valid. It may then be written as a number."""
    rules = tuple(one for one in metadata if isinstance(one, AfterValidator))
    adapter: TypeAdapter[str] = TypeAdapter(Annotated[(str, *rules)] if rules else str)
    for digits in ("1", "2026"):
        try:
            adapter.validate_python(digits)
        except ValidationError:
            continue
        return True
    return False


def _flat(metadata: Sequence[Any]) -> Iterator[Any]:
    for one in metadata:
        yield from one.metadata if isinstance(one, FieldInfo) else (one,)


def _one_of(choices: Sequence[str]) -> list[Schema]:
    """Return values that editors offer, also allowed in capitals."""
    letters = "|".join("".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in choice) for choice in choices)
    return [{"enum": list(choices)}, {"type": "string", "pattern": rf"^({letters})\.?$"}]


def _as_text(alternatives: Sequence[Schema]) -> list[Schema]:
    """Return the form that ``pulumi config set`` writes without ``--path``: JSON as text."""
    patterns = {"array": r"^\s*\[", "object": r"^\s*\{"}
    kinds = [one.get("type", "object") for one in alternatives if "enum" not in one]
    return [{"type": "string", "pattern": patterns[kind]} for kind in kinds if kind in patterns]


def _read_elsewhere(key: StackKey) -> Schema:
    """Return the values of a key that only publishers read."""
    said = key.description.replace("`", "")
    if key.kind == "secret":
        run = f"pulumi config set --secret {NAMESPACE}:{key.name}"
        return {"description": f"{said} Only encrypted: {run}.", "anyOf": [SECURE]}
    if key.kind == "secrets":
        run = "pulumi config set --path --secret"
        return _value(f"{said} Only encrypted: {run}.", [{"type": "object", "additionalProperties": SECURE}])
    names: list[Schema] = [{"type": "array", "items": {"anyOf": [{"type": "string"}, SECURE]}}]
    return _value(said, [*names, *_as_text(names)], key.example)


def current() -> str:
    """Return the schema with every provider that is installed.

    :raises registry.RegistryError: if one of them cannot be used.
    """
    known = registry.every() if registry.installed() else ()
    return text(known) if known else KEPT.read_text(encoding="utf-8")


def descriptions(model: type[BaseModel]) -> Mapping[str, str]:
    """Return the docstrings of the attributes of a model and its bases, and providers' descriptions of their keys."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, Shape):
            found |= _docstrings(base.__module__, base.__name__)
    return found | {name: info.description for name, info in model.model_fields.items() if info.description}


def examples(model: type[BaseModel]) -> Mapping[str, Any]:
    """Return a value of each field that has an example. A publisher's key shows the first of its settings."""
    found: dict[str, Any] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, Shape):
            found |= vars(base).get("examples", {})
    for provider in model.providers if issubclass(model, Arguments) else ():
        if of_settings := examples(provider.model):
            first = next(iter(of_settings))
            found[provider.name] = {to_camel(first): of_settings[first]}
    return found


@cache
def _docstrings(module: str, name: str) -> Mapping[str, str]:
    """Return the docstring of each attribute of a class."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    of_class = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    return {attribute: text for node in of_class for attribute, text in _below(node.body)}


def _below(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for statement, following in pairwise(body):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            value = following.value if isinstance(following, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield statement.target.id, " ".join(value.value.split())


def default_of(model: type[BaseModel], field: str) -> Any:
    """Return the default that a schema gives for a field."""
    return _OF_THE_SERVICE.get((model.__name__, field), model.model_fields[field].default)
