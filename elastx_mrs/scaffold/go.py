"""A program in Go, formatted as by gofmt."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from elastx_mrs.display import comment_line
from elastx_mrs.scaffold.plan import Plan

SCHEMA = Path(__file__).resolve().parents[1] / "plugin" / "schema.json"
"""The plugin's schema, from which Pulumi generates the SDK."""

WIDTH = 110
"""Columns, with four for a tab; a longer value gets one line for each field."""

MODULE = """module {project}

go 1.25.11

require (
	github.com/elastx/elastx-mrs/sdk/go v0.0.0
	github.com/pulumi/pulumi/sdk/v3 v3.259.0
)

replace github.com/elastx/elastx-mrs/sdk/go => ./sdks/elastx-elastx-mrs
"""
_HEAD = """// The mail records of a company.
package main

import (
	elastx "github.com/elastx/elastx-mrs/sdk/go/elastxmrs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
%s)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		relay, err := elastx.NewMailRelay(ctx, "mail", &elastx.MailRelayArgs{
"""
_CONFIG = '\t"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"\n'
_END = """		})
		if err != nil {
			return err
		}
		ctx.Export("smtp", relay.Smtp)
		ctx.Export("verification", relay.Verification)
		return nil
	})
}
"""

Field = tuple[str, list[str]]
"""A name, and the lines of its value."""


def program(plan: Plan) -> str:
    """Return ``main.go``."""
    depth = 3
    fields: list[Field] = [("Accounts", _value("accounts", list(plan.accounts), depth))]
    if plan.dkim:
        fields.append(("Dkim", ['elastx.DkimArgs{Record: pulumi.String(config.Require(ctx, "dkim"))}']))
    fields.append(("Domains", _domains(plan, depth)))
    fields.append((_exported(plan.provider.name), _value(plan.provider.name, plan.of_the_program, depth)))
    body = "".join(f"{line}\n" for line in _fields(fields, depth))
    return _HEAD % (_CONFIG if plan.dkim else "") + body + _END


def module(plan: Plan) -> str:
    """Return ``go.mod``; ``go mod tidy`` completes it."""
    return MODULE.format(project=plan.package)


def _domains(plan: Plan, depth: int) -> list[str]:
    lines = ["elastx.DomainArray{"]
    inner = "\t" * (depth + 1)
    for domain in plan.domains:
        lines += [f"{inner}{comment_line(note, '//').rstrip()}" for note in domain.notes]
        first, *rest = _value("domain", domain.config, depth + 1)
        lines += [f"{inner}{first}", *rest]
        lines[-1] += ","
    return [*lines, "\t" * depth + "}"]


def _value(key: str, value: Any, depth: int) -> list[str]:
    """Return a value: in one line if it fits, otherwise one line for each field or element.

    :param key: the value's key, which names the type of an object.
    :param depth: the tabs before its first line.
    """
    inline = _inline(key, value)
    room = WIDTH - 4 * depth - len(_exported(key)) - 3
    if len(inline) <= room or not isinstance(value, Mapping | list) or not value:
        return [inline]
    if isinstance(value, list):
        elements = [f"{chr(9) * (depth + 1)}{_inline(key, one)}," for one in value]
        return ["pulumi.StringArray{", *elements, "\t" * depth + "}"]
    fields = [(_exported(name), _value(name, one, depth + 1)) for name, one in value.items()]
    return [f"elastx.{_exported(key)}Args{{", *_fields(fields, depth + 1), "\t" * depth + "}"]


def _inline(key: str, value: Any) -> str:
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_exported(name)}: {_inline(name, one)}" for name, one in value.items())
        return f"elastx.{_exported(key)}Args{{{inside}}}"
    if isinstance(value, list):
        return f"pulumi.StringArray{{{', '.join(_inline(key, one) for one in value)}}}"
    if isinstance(value, bool):
        return f"pulumi.Bool({json.dumps(value)})"
    if constant := constants().get((key, value)):
        return f"elastx.{constant}"
    return f"pulumi.String({json.dumps(value, ensure_ascii=False)})"


@cache
def constants() -> Mapping[tuple[str, str], str]:
    """Return the SDK's constants for the values of enums, by key and value."""
    types = json.loads(SCHEMA.read_text(encoding="utf-8"))["types"]
    return {
        (key, choice["value"]): enum.rpartition(":")[2] + choice["name"]
        for one in types.values()
        for key, property_ in one.get("properties", {}).items()
        if (enum := property_.get("$ref", "").removeprefix("#/types/"))
        for choice in types[enum].get("enum", ())
    }


def _fields(fields: Sequence[Field], depth: int) -> Iterator[str]:
    """Yield the lines of fields; the values of neighbouring one-line fields are aligned."""
    tabs = "\t" * depth
    for index, (name, lines) in enumerate(fields):
        width = max(len(one) for one in _neighbours(fields, index)) if len(lines) == 1 else len(name)
        first, *rest = lines
        yield from (f"{tabs}{name}:{' ' * (width - len(name))} {first}", *rest)[:-1] if rest else ()
        yield f"{rest[-1]}," if rest else f"{tabs}{name}:{' ' * (width - len(name))} {first},"


def _neighbours(fields: Sequence[Field], index: int) -> Iterator[str]:
    """Yield the names of the fields around one, up to the next field with several lines."""
    for step in (-1, 1):
        at = index if step < 0 else index + 1
        while 0 <= at < len(fields) and len(fields[at][1]) == 1:
            yield fields[at][0]
            at += step


def _exported(key: str) -> str:
    return key[:1].upper() + key[1:]
