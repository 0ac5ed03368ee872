"""Makes the plugin's schema, ``elastx_mrs/plugin/schema.json``, of the arguments' models and their docstrings.

Kept in the repository, for the plugin has to answer with it at once; a test says when it is not current. A default is
in it only where leaving it out and writing it are the same: SDKs send defaults, and what a domain sets comes before
what the stack sets. The others are in the descriptions. Nothing is required in it, for what is missing is told by the
component, with everything else that is wrong and by its path, and not by an SDK with a traceback.
"""

import ast
import inspect
import json
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from elastx_mrs import __version__
from elastx_mrs.config import model as arguments
from elastx_mrs.config.model import Arguments, Rfc2136, Verification
from elastx_mrs.identity import COMPONENT_TYPE, NAMESPACE, PLUGIN_TYPE
from elastx_mrs.service import ELASTX

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "elastx_mrs" / "plugin" / "schema.json"
DEFAULTS = {("Dkim", "selector"), ("Guard", "mode"), ("Spf", "external"), ("Dkim", "external"), ("Dmarc", "external")}
"""Which of the defaults SDKs may send."""

_OF_THE_SERVICE = {("Dkim", "selector"): ELASTX.dkim_selector}
"""Defaults that the models leave to the relay service."""

Schema = dict[str, Any]


def main() -> None:
    """Write the schema, or print a line and end with 1 where it is not current (``--check``)."""
    keep("schema", TARGET, text(), "toolchain.schema")


def keep(what: str, target: Path, made: str, module: str) -> None:
    """Write a file that is made, or with ``--check`` print a line and end with 1 where it is not current.

    :param module: that makes it.
    """
    if "--check" not in sys.argv:
        target.write_text(made, encoding="utf-8")
    elif not target.exists() or target.read_text(encoding="utf-8") != made:
        sys.exit(f"{what}: {target.relative_to(ROOT)} is not current; run: python -m {module}")


def text() -> str:
    """Return the schema as it is kept."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def schema() -> Schema:
    """Return the package's schema, as https://www.pulumi.com/docs/iac/extending-pulumi/schema/ has it."""
    types: dict[str, Schema] = {}
    inputs = _properties(Arguments, types)
    config = _config(types)
    return {
        "name": NAMESPACE,
        "displayName": "Elastx Mail Relay",
        "version": __version__,
        "description": "Every DNS record that Elastx Mail Relay needs, for a list of accounts and sender domains",
        "keywords": ["kind/component", "category/network"],
        "license": "Apache-2.0",
        "meta": {"moduleFormat": "(.*)", "supportPack": True},
        "language": {
            "nodejs": {"respectSchemaVersion": True},
            "python": {"respectSchemaVersion": True, "pyproject": {"enabled": True}},
            "go": {"respectSchemaVersion": True, "generateResourceContainerTypes": False},
        },
        "config": {"variables": config},
        "provider": {
            "description": "Where the primaries of `rfc2136` are, and their keys; by default of the stack's config.",
            "inputProperties": config,
        },
        "types": types | _output_types(),
        "resources": {
            COMPONENT_TYPE: {
                "isComponent": True,
                "description": (
                    "Every DNS record that Elastx Mail Relay needs, for some accounts and domains: declared, "
                    "guarded, and in every `up` verified on the name servers."
                ),
                "inputProperties": inputs,
                "properties": _outputs(),
                "required": ["smtp", "verification"],
            },
            PLUGIN_TYPE: _record(),
        },
    }


def _properties(model: type[BaseModel], types: dict[str, Schema], leave_out: frozenset[str] = frozenset()) -> Schema:
    said = descriptions(model)
    found = {}
    for name, info in model.model_fields.items():
        if name in leave_out:
            continue
        property_ = _type(info.annotation, types) | {"description": said[name]}
        if (model.__name__, name) in DEFAULTS:
            property_["default"] = default_of(model, name)
        found[to_camel(name)] = property_
    return found


def default_of(model: type[BaseModel], field: str) -> Any:
    """Return the default that a schema gives for a field."""
    return _OF_THE_SERVICE.get((model.__name__, field), model.model_fields[field].default)


def _type(annotation: Any, types: dict[str, Schema]) -> Schema:
    origin, arguments_ = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments_[0], types)
    if origin in (Union, UnionType):
        (one,) = (argument for argument in arguments_ if argument is not NoneType)
        return _type(one, types)
    if origin is Literal:
        return {"type": "string"}
    if origin is list:
        return {"type": "array", "items": _type(arguments_[0], types)}
    if origin is dict:
        below = {"type": "string"} if arguments_[1] is Any else _type(arguments_[1], types)
        return {"type": "object", "additionalProperties": below}
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        token = f"{NAMESPACE}:index:{annotation.__name__}"
        if token not in types:
            types[token] = {}
            described = inspect.cleandoc(annotation.__doc__ or "")
            types[token] = {
                "type": "object",
                "description": described,
                "properties": _properties(annotation, types),
            }
        return {"$ref": f"#/types/{token}"}
    return {"type": {str: "string", bool: "boolean", int: "integer", float: "number"}[annotation]}


@cache
def _tree() -> Mapping[str, ast.ClassDef]:
    module = ast.parse(inspect.getsource(arguments))
    return {node.name: node for node in module.body if isinstance(node, ast.ClassDef)}


def descriptions(model: type[BaseModel]) -> Mapping[str, str]:
    """Return what stands below each attribute of a model, or of what it is derived from."""
    return {name: text for base in reversed(model.__mro__) for name, text in _docstrings(base.__name__).items()}


def _docstrings(name: str) -> Mapping[str, str]:
    """Return what stands below each attribute of a class."""
    node = _tree().get(name)
    return dict(_below(node.body)) if node is not None else {}


def _below(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for statement, following in pairwise(body):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            value = following.value if isinstance(following, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield statement.target.id, " ".join(value.value.split())


def _config(types: dict[str, Schema]) -> Schema:
    return {
        "rfc2136": _type(Rfc2136, types)
        | {"description": "The primaries of `rfc2136`: server, keyName, keyFile, algorithm, and profiles."},
        "tsigKey": {
            "type": "string",
            "description": "The TSIG key, its secret in base64 or the file of tsig-keygen.",
            "secret": True,
        },
        "tsigKeys": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "The same for each of `rfc2136.profiles`, by its name.",
            "secret": True,
        },
        "adopt": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Owner names whose identical TXT records may be taken over (rfc2136 only).",
        },
        "verification": _type(Verification, types)
        | {
            "description": "Which servers to query for a primary that `rfc2136` does not name: "
            "nameservers, resolvers, via."
        },
    }


def _outputs() -> Schema:
    return {
        "smtp": {
            "$ref": f"#/types/{NAMESPACE}:index:Smtp",
            "description": "Where to hand in mail: host, port, starttls. Constant.",
        },
        "verification": {
            "$ref": f"#/types/{NAMESPACE}:index:VerifiedDomains",
            "description": "The domains by the mode in which they are verified; in an up it is there only after that.",
        },
    }


def _output_types() -> dict[str, Schema]:
    domains = {"type": "array", "items": {"type": "string"}}
    return {
        f"{NAMESPACE}:index:Smtp": {
            "type": "object",
            "description": "Where to hand in mail.",
            "properties": {
                "host": {"type": "string", "description": "The relay's host name."},
                "port": {"type": "integer", "description": "The TCP port of mail submission."},
                "starttls": {"type": "boolean", "description": "Whether STARTTLS is preferred."},
            },
            "required": ["host", "port", "starttls"],
        },
        f"{NAMESPACE}:index:VerifiedDomains": {
            "type": "object",
            "description": "The configured domains by mode, and nothing that a run could change.",
            "properties": {
                "require": domains | {"description": "An up fails where one of these does not verify."},
                "warn": domains | {"description": "Verified, with no more than a warning."},
                "off": domains | {"description": "Not verified."},
            },
            "required": ["require", "warn", "off"],
        },
    }


def _record() -> Schema:
    texts = {
        "profile": "The primary's name among the provider's `rfc2136.profiles`; `default` for the one without a name.",
        "zone": "The zone that the primary serves.",
        "owner": "The record's name, without a final dot.",
        "value": "The record's value, its character-strings joined; it is cut at every 255 octets.",
    }
    properties: Schema = {key: {"type": "string", "description": text} for key, text in texts.items()}
    ttl = "Seconds that the record set may be cached (RFC 2181 §5.2). Default: that of what is there already, or 1800."
    properties["ttl"] = {"type": "integer", "description": ttl}
    guard = "warn or off, where a second record of its kind may be created beside it. Default: it may not."
    replaces = {"willReplaceOnChanges": True}
    inputs = {
        key: value | (replaces if key in ("profile", "zone", "owner") else {}) for key, value in properties.items()
    }
    return {
        "description": (
            "One TXT record on a primary that takes dynamic updates (RFC 2136). MailRelay declares these; where it is "
            "and its key are the provider's config, and never a record's properties."
        ),
        "inputProperties": inputs | {"guard": {"type": "string", "description": guard}},
        "properties": properties,
        "required": list(texts),
    }


if __name__ == "__main__":
    main()
