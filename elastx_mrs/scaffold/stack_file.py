"""The stack file, with the schema's modeline and a comment for each key."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from elastx_mrs.display import comment_line
from elastx_mrs.identity import NAMESPACE
from elastx_mrs.scaffold import by_hand
from elastx_mrs.scaffold.answers import questions
from elastx_mrs.scaffold.in_yaml import entry, in_yaml
from elastx_mrs.scaffold.plan import Plan
from elastx_mrs.service import ELASTX

SCHEMA = "stack.schema.json"
"""The name of the schema's file, next to the stack file."""


def with_everything(plan: Plan) -> str:
    """Return the stack file for a program that reads everything from it."""
    lines = [
        *_head(plan),
        f"  {NAMESPACE}:accounts: # the logins of the SMTP server; each may send as every domain below\n",
        *_items(plan.accounts, 4),
        *_dkim(f"{NAMESPACE}:dkim", plan),
        f"  {NAMESPACE}:domains: # the sender domains; write {{name: ..., dmarc: ...}} to override settings for one\n",
        *_domains(plan),
        *_publisher(plan, plan.settings),
        *_adopt(plan),
    ]
    return "".join(lines)


def beside_a_program(plan: Plan) -> str:
    """Return the stack file for a program that names the accounts and domains itself."""
    lines = [*_dkim(f"{plan.project}:dkim", plan)]
    if plan.of_the_stack:
        lines += _publisher(plan, plan.of_the_stack)
    lines += _adopt(plan)
    return "".join([*_head(plan), *(lines or ["  {}\n"])])


def _head(plan: Plan) -> Iterator[str]:
    yield f"# yaml-language-server: $schema={SCHEMA}\n"
    yield f"# The stack {plan.stack}. To check this file, run: elastx-mrs config check {plan.stack_file}\n"
    yield "config:\n"


def _dkim(key: str, plan: Plan) -> Iterator[str]:
    if plan.dkim:
        yield f"  {key}: >- # the value that {ELASTX.name} provides\n    {plan.dkim}\n"


def _domains(plan: Plan) -> Iterator[str]:
    for domain in plan.domains:
        for note in domain.notes:
            yield f"    {comment_line(note)}"
        yield from _items([domain.config["name"] if len(domain.config) == 1 else dict(domain.config)], 4)


def _publisher(plan: Plan, settings: Any) -> Iterator[str]:
    described = plan.provider.description.partition(". ")[0].removesuffix(".")
    key = f"  {NAMESPACE}:{plan.provider.name}:"
    if not settings:
        value = json.dumps(by_hand.value_of(plan.provider, {}))
        yield f"{key} {value} # {described[:1].lower()}{described[1:]}\n"
        return
    texts = {one.key: one.text.partition(";")[0] for one in questions(plan.provider)}
    yield f"{key} # {described[:1].lower()}{described[1:]}\n"
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield f"    {in_yaml(name)}:\n"
            yield from (f"      {entry(key, one)}\n" for key, one in value.items())
        else:
            comment = f" # {texts[name]}" if name in texts else ""
            yield f"    {entry(name, value)}{comment}\n"
    for note in plan.provider.start.needs(settings).notes:
        yield f"      {comment_line(note)}"


def _adopt(plan: Plan) -> Iterator[str]:
    if plan.adopt and plan.adopts_by_config:
        yield f"  {NAMESPACE}:adopt: # names whose records the first up takes over; remove this key after it\n"
        yield from _items(plan.adopt, 4)


def _items(values: Any, indent: int) -> Iterator[str]:
    text = yaml.safe_dump(list(values), sort_keys=False, width=100_000, allow_unicode=True)
    yield from (f"{' ' * indent}{line}" for line in text.splitlines(keepends=True))
