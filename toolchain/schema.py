"""Makes the plugin's schema, ``elastx_mrs/plugin/schema.json``, of the arguments' models and their docstrings.

Kept in the repository, for the plugin has to answer with it at once; a test says when it is not current. A default is
in it only where leaving it out and writing it are the same: SDKs send defaults, and what a domain sets comes before
what the stack sets. The others are in the descriptions. Nothing is required in it, for what is missing is told by the
component, with everything else that is wrong and by its path, and not by an SDK with a traceback.
"""

import inspect
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from elastx_mrs import __version__, registry
from elastx_mrs.config.base import one_or_more
from elastx_mrs.config.model import Verification, shape
from elastx_mrs.config.parse import stack_keys
from elastx_mrs.config.schema import DEFAULTS, Schema, choices, default_of, descriptions
from elastx_mrs.identity import COMPONENT_TYPE, NAMESPACE, PLUGIN_STRING_TYPE, PLUGIN_TYPE
from elastx_mrs.registry import StackKey
from toolchain.enums import ENUMS
from toolchain.usage import usage

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "elastx_mrs" / "plugin" / "schema.json"
REPOSITORY = "https://github.com/elastx/elastx-mrs"
LOGO = "https://raw.githubusercontent.com/elastx/elastx-mrs/main/docs/logo.png"


def main() -> None:
    """Write the schema, or print a line and end with 1 where it is not current (``--check``)."""
    keep("schema", TARGET, text(), "toolchain.schema")


def keep(what: str, target: Path, made: str, module: str) -> None:
    """Write a file that is made, or with ``--check`` print a line and end with 1 where it is not current.

    :param module: that makes it.
    """
    if "--check" not in usage(sys.modules["__main__"].__doc__, "[--check]"):
        target.write_text(made, encoding="utf-8")
    elif not target.exists() or target.read_text(encoding="utf-8") != made:
        sys.exit(f"{what}: {target.relative_to(ROOT)} is not current; run: python -m {module}")


def text() -> str:
    """Return the schema as it is kept."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def schema() -> Schema:
    """Return the package's schema, as https://www.pulumi.com/docs/iac/extending-pulumi/schema/ has it."""
    types: dict[str, Schema] = {}
    inputs = _properties(shape(registry.providers()), types)
    config = _config(types)
    return {
        "name": NAMESPACE,
        "displayName": "Elastx Mail Relay",
        "namespace": "elastx",
        "publisher": "Elastx",
        "version": __version__,
        "description": "Every DNS record that Elastx Mail Relay needs, for a list of accounts and sender domains",
        "keywords": ["kind/component", "category/network"],
        "homepage": REPOSITORY,
        "repository": REPOSITORY,
        "license": "Apache-2.0",
        "logoUrl": LOGO,
        "meta": {"moduleFormat": "(.*)", "supportPack": True},
        "language": {
            "nodejs": {"packageName": "@elastx/mail-relay", "respectSchemaVersion": True},
            "python": {
                "packageName": "elastx_mail_relay",  # elastx_mrs is the package that is installed by pip
                "respectSchemaVersion": True,
                "pyproject": {"enabled": True},
            },
            "go": {
                "importBasePath": f"{REPOSITORY.removeprefix('https://')}/sdk/go/elastxmrs",
                "respectSchemaVersion": True,
                "generateResourceContainerTypes": False,
            },
        },
        "config": {"variables": config},
        "provider": {
            "description": "Where to publish, and the keys for it. By default, they come from the stack's config.",
            "inputProperties": config,
        },
        "types": types | _output_types(),
        "resources": {
            COMPONENT_TYPE: {
                "isComponent": True,
                "description": (
                    "Publishes every DNS record that Elastx Mail Relay needs, for your accounts and domains. A guard "
                    "checks each record before it is published, and every `up` verifies it on the name servers."
                ),
                "inputProperties": inputs,
                "properties": _outputs(),
                "required": ["records", "smtp", "verification"],
            },
            PLUGIN_TYPE: _record(),
            PLUGIN_STRING_TYPE: _string(),
        },
    }


def _properties(model: type[BaseModel], types: dict[str, Schema], leave_out: frozenset[str] = frozenset()) -> Schema:
    said = descriptions(model)
    found = {}
    for name, info in model.model_fields.items():
        if name in leave_out:
            continue
        chosen = choices(model, name)
        of_key = _enum(chosen, types) if chosen else _type(info.annotation, types, info.metadata)
        property_ = of_key | {"description": said[name]}
        if (model.__name__, name) in DEFAULTS:
            property_["default"] = default_of(model, name)
        found[to_camel(name)] = property_
    return found


def _type(annotation: Any, types: dict[str, Schema], metadata: Sequence[Any] = ()) -> Schema:
    origin, arguments_ = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments_[0], types, arguments_[1:])
    if origin in (Union, UnionType):
        (one,) = (argument for argument in arguments_ if argument is not NoneType)
        return _type(one, types)
    if origin is Literal:
        return _enum(arguments_, types)
    if origin is list:
        item = _type(arguments_[0], types)
        several = {"type": "array", "items": item}
        return {"oneOf": [item, several]} if one_or_more in metadata else several
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


def _enum(values: tuple[str, ...], types: dict[str, Schema]) -> Schema:
    """Return a reference to the type of a key that may have these values."""
    found = next((one for one in ENUMS if one.values == values), None)
    if found is None:
        raise SystemExit(f"schema: {', '.join(values)}: name these values in toolchain/enums.py")
    token = f"{NAMESPACE}:index:{found.name}"
    types[token] = {
        "type": "string",
        "description": found.description,
        "enum": [{"name": one.name, "value": one.value, "description": one.description} for one in found.choices],
    }
    return {"$ref": f"#/types/{token}"}


def _config(types: dict[str, Schema]) -> Schema:
    """Return the provider's config: what is read where records are published."""
    known = registry.providers()
    settings = {
        provider.name: _at_update(provider, types) | {"description": provider.at_update}
        for provider in known
        if provider.at_update
    }
    keys = {key.name: _of_kind(key) | {"description": key.description} for key in stack_keys(known).values()}
    said = "Where to look up the primary if `rfc2136` has no server. Only nameservers, resolvers and via count."
    return settings | keys | {"verification": _type(Verification, types) | {"description": said}}


def _at_update(provider: registry.Provider, types: dict[str, Schema]) -> Schema:
    """Return the type of what is read of a provider's settings where records are published.

    Keys of somebody else's program may be anything, such as a token.
    """
    if provider.model.model_config.get("extra") == "allow":
        return {"type": "object", "additionalProperties": {"$ref": "pulumi.json#/Any"}, "secret": True}
    return _type(provider.model, types)


def _of_kind(key: StackKey) -> Schema:
    text = {"type": "string"}
    if key.kind == "names":
        return {"type": "array", "items": text}
    return (text if key.kind == "secret" else {"type": "object", "additionalProperties": text}) | {"secret": True}


def _outputs() -> Schema:
    return {
        "smtp": {
            "$ref": f"#/types/{NAMESPACE}:index:Smtp",
            "description": "The server to which your programs send mail: host, port and starttls.",
        },
        "verification": {
            "$ref": f"#/types/{NAMESPACE}:index:VerifiedDomains",
            "description": "The domains, grouped by the mode of their verification. An up sets it after verification.",
        },
        "records": {
            "type": "array",
            "items": {"$ref": f"#/types/{NAMESPACE}:index:MailRecord"},
            "description": "The TXT records that must be in DNS. Somebody else publishes those with `external`.",
        },
    }


def _output_types() -> dict[str, Schema]:
    domains = {"type": "array", "items": {"type": "string"}}
    return {
        f"{NAMESPACE}:index:Smtp": {
            "type": "object",
            "description": "The server to which your programs send mail.",
            "properties": {
                "host": {"type": "string", "description": "The relay's host name."},
                "port": {"type": "integer", "description": "The TCP port for mail from programs."},
                "starttls": {"type": "boolean", "description": "Whether to use STARTTLS."},
            },
            "required": ["host", "port", "starttls"],
        },
        f"{NAMESPACE}:index:VerifiedDomains": {
            "type": "object",
            "description": "The domains of the config, grouped by the mode of their verification.",
            "properties": {
                "require": domains | {"description": "If the verification of one of these fails, the up fails."},
                "warn": domains | {"description": "If the verification of one of these fails, the up only warns."},
                "off": domains | {"description": "These are not verified."},
            },
            "required": ["require", "warn", "off"],
        },
        f"{NAMESPACE}:index:MailRecord": {
            "type": "object",
            "description": "One TXT record that must be in DNS.",
            "properties": {
                "domain": {"type": "string", "description": "The sender domain."},
                "kind": {"type": "string", "description": "`challenge`, `spf`, `dkim`, `dmarc` or `report`."},
                "name": {"type": "string", "description": "The record's name, without a final dot."},
                "value": {"type": "string", "description": "The value as one string. DNS has strings of 255 octets."},
                "ttl": {"type": "integer", "description": "How many seconds the record may be cached."},
                "external": {"type": "boolean", "description": "Whether somebody else publishes it, by hand."},
            },
            "required": ["domain", "kind", "name", "value", "ttl", "external"],
        },
    }


def _record() -> Schema:
    described = (
        "One TXT record on a primary that accepts dynamic updates (RFC 2136). MailRelay creates these resources. "
        "The address and the key of the primary are in the provider's config, and never in a record."
    )
    place = {
        "profile": "The primary: its name in `rfc2136.profiles`, or `default` for the primary without a profile.",
        "zone": "The zone that the primary serves.",
    }
    return _txt(described, place)


def _string() -> Schema:
    described = (
        "One TXT string at a provider whose API owns whole record sets, such as Route 53. MailRelay creates these "
        "resources. Credentials are never in a record."
    )
    place = {
        "publisher": "The provider: its key in the config, such as `route53`.",
        "zone": "The zone's id in the provider's API. At Route 53, the id of the hosted zone.",
    }
    return _txt(described, place, {"change": "The provider's id of the last change; empty if it has none."})


def _txt(described: str, place: dict[str, str], outputs: dict[str, str] | None = None) -> Schema:
    """Return the schema of one TXT record.

    :param place: the properties that name its place, without its name.
    :param outputs: more texts, which are not inputs.
    """
    place |= {"owner": "The record's name, without a final dot."}
    texts = place | {"value": "The record's value as one string. It is published in strings of 255 octets."}
    properties: Schema = {key: {"type": "string", "description": text} for key, text in texts.items()}
    ttl = "How many seconds the record set may be cached (RFC 2181 §5.2). Default: 1800, or the existing TTL."
    properties["ttl"] = {"type": "integer", "description": ttl}
    guard = "warn or off allows a second record of the same kind at the name. Default: none."
    replaces = {"willReplaceOnChanges": True}
    inputs = {key: value | (replaces if key in place else {}) for key, value in properties.items()}
    further: Schema = {key: {"type": "string", "description": text} for key, text in (outputs or {}).items()}
    return {
        "description": described,
        "inputProperties": inputs | {"guard": {"type": "string", "description": guard}},
        "properties": properties | further,
        "required": list(texts),
    }


if __name__ == "__main__":
    main()
