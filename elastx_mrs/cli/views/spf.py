"""The output formats of ``elastx-mrs spf``: text and JSON. Both answer two questions: for receivers, and the relay."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click

from elastx_mrs.cli import exits
from elastx_mrs.cli.terminal import quiet
from elastx_mrs.cli.views.finding import seen_and_fix
from elastx_mrs.display import visible
from elastx_mrs.receiver import relay
from elastx_mrs.receiver.spf import MAX_LOOKUPS, MAX_VOIDS, Result
from elastx_mrs.receiver.spf_tree import Node, Problem, Tree, number
from elastx_mrs.records.names import is_service_name
from elastx_mrs.service import ELASTX

WRONG = ("permerror", "none", "open", "voids")
"""Kinds of problems of the record itself; the others are about failed queries or unknown senders."""

_COLOURS = dict.fromkeys(("permerror", "none", "open"), "red") | {
    "voids": "yellow",
    "warning": "yellow",
    "wrong": "red",
    "temperror": "yellow",
    "sender": "cyan",
}


@dataclass(frozen=True)
class Checked:
    """The result for mail from one address."""

    address: str
    result: Result


@dataclass(frozen=True)
class Seen:
    """Everything that the command found.

    :param now: the tree of the published record.
    :param terms: the terms to add.
    :param record: the planned record; None without terms, or if the published record is unusable.
    :param planned: the tree of the planned record.
    """

    now: Tree
    terms: tuple[str, ...] = ()
    record: str | None = None
    planned: Tree | None = None
    checked: tuple[Checked, ...] = ()

    @property
    def judged(self) -> Tree:
        """The tree that decides the exit code."""
        return self.planned or self.now

    @property
    def exit_code(self) -> int:
        """The command's exit code, from the tree's problems and the addresses' results."""
        kinds = {problem.kind for problem in self.judged.problems()}
        results = {checked.result.result for checked in self.checked}
        missing = refused(self.judged)
        wrong = (
            bool(kinds & set(WRONG)) or "permerror" in results or (missing is not None and missing.verdict == "wrong")
        )
        return exits.exit_code(wrong=wrong, unasked="temperror" in kinds | results)


def refused(tree: Tree) -> relay.Finding | None:
    """Return why the relay service may refuse mail of a domain, or None; names that are only included have no mail."""
    return None if _is_included_only(tree.domain) else relay.include(tree)


def _is_included_only(name: str) -> bool:
    return is_service_name(name) or name == ELASTX.spf_host


def as_text(seen: Seen) -> str:
    """Return the text: the tree, the sums, the problems, the plan, and the results for the addresses."""
    if quiet():
        lines = [*_problems(seen.judged), *_refusal(seen.judged)]
        return "".join(f"{_coloured(visible(line))}\n" for line in lines)
    lines = list(_tree(seen.now))
    if seen.planned is not None:
        lines += ["", "planned:", *_tree(seen.planned), "", *_costs(seen, seen.planned)]
    elif seen.terms:
        lines += ["", "planned: nothing can be added, because the record is broken or could not be queried"]
    if not _is_included_only(seen.judged.domain):
        lines.append(f"receivers: {_of_receivers(seen.judged)}, relay: {_of_relay(seen.judged)}")
    lines += _refusal(seen.judged)
    if seen.checked:
        lines.append("")
    for checked in seen.checked:
        lines.append(f"{checked.address}: {checked.result.result} ({checked.result.reason})")
    return "".join(f"{_coloured(visible(line))}\n" for line in lines)


def _tree(tree: Tree) -> Iterator[str]:
    yield f"{tree.domain}  {tree.found.text or tree.found.problem}"
    yield from _branches(tree, "", {tree.domain})
    left = MAX_LOOKUPS - tree.lookups
    rest = f"{left} left" if left >= 0 else f"{number(-left)} too many"
    yield f"lookups: {number(tree.lookups)} of {MAX_LOOKUPS}, {rest}"
    four, six = (number(voids) for voids in tree.voids)
    yield f"void lookups: {four} of {MAX_VOIDS} for mail over IPv4, {six} of {MAX_VOIDS} over IPv6"
    yield from _problems(tree)


def _problems(tree: Tree) -> Iterator[str]:
    for problem in tree.problems():
        yield f"{problem.kind}: {' > '.join(problem.path)}: {problem.text}"


def _refusal(tree: Tree) -> Iterator[str]:
    missing = refused(tree)
    if missing is not None and tree.found.record is not None:
        yield f"{missing.verdict}: {tree.domain}: {missing}"


def _of_receivers(tree: Tree) -> str:
    """Return the answer to the first question: is the record valid for receivers?"""
    kinds = {problem.kind for problem in tree.problems()}
    return "wrong" if kinds & set(WRONG) else "unreachable" if "temperror" in kinds else "valid"


def _of_relay(tree: Tree) -> str:
    """Return the answer to the second question: does the relay service find its include?"""
    missing = refused(tree)
    return "pass" if missing is None else missing.verdict


def _branches(tree: Tree, indent: str, shown: set[str]) -> Iterator[str]:
    for node in tree.nodes:
        last = node is tree.nodes[-1]
        yield f"{indent}{'└─' if last else '├─'} {node.term}  {_cost(node)}{_below(node, shown)}"
        if node.below is not None and node.below.domain not in shown:
            shown.add(node.below.domain)
            yield from _branches(node.below, f"{indent}{'   ' if last else '│  '}", shown)


def _cost(node: Node) -> str:
    voids = max(node.voids)
    return f"{number(node.lookups)}" + (f", {number(voids)} void" if voids else "")


def _below(node: Node, shown: set[str]) -> str:
    mark = f"  ({node.problem.kind})" if node.problem is not None else ""
    if node.below is None:
        return mark
    again = "as above" if node.below.domain in shown and node.below.nodes else node.below.found.text
    return f"{mark}  {again}"


def _costs(seen: Seen, planned: Tree) -> Iterator[str]:
    yield f"record: {seen.record}"
    for term in seen.terms:
        if any(node.term == term for node in seen.now.nodes):
            yield f"{term}: is already in the record, and adds no lookup"
        else:
            cost = sum(node.lookups for node in planned.nodes if node.term == term)
            yield f"{term}: +{number(cost)}"
    yield f"lookups: {number(seen.now.lookups)} -> {number(planned.lookups)} of {MAX_LOOKUPS}"


def _coloured(line: str) -> str:
    """Return a line with the kind of problem in colour; click removes it if the output is not a terminal."""
    kind, colon, rest = line.partition(": ")
    return click.style(kind, fg=_COLOURS[kind]) + colon + rest if kind in _COLOURS else line


def as_json(seen: Seen) -> str:
    """Return the same as one JSON object, with numbers in full."""
    content: dict[str, Any] = _object(seen.now)
    if seen.terms:
        planned = _object(seen.planned) if seen.planned is not None else None
        content["add"] = list(seen.terms)
        content["planned"] = planned
    if seen.checked:
        content["checked"] = [
            {"address": checked.address, "result": checked.result.result, "reason": checked.result.reason}
            for checked in seen.checked
        ]
    return json.dumps(content, indent=2) + "\n"


def _object(tree: Tree) -> dict[str, Any]:
    return {
        "domain": tree.domain,
        "record": tree.found.text or None,
        "lookups": tree.lookups,
        "left": MAX_LOOKUPS - tree.lookups,
        "voids": {"ipv4": tree.voids[0], "ipv6": tree.voids[1]},
        "problems": [_problem(problem) for problem in tree.problems()],
        **_both(tree),
        "terms": _terms(tree, {tree.domain}),
    }


def _both(tree: Tree) -> dict[str, Any]:
    """Return the answers to both questions; an empty dict for a name that is only included."""
    if _is_included_only(tree.domain):
        return {}
    missing = refused(tree)
    fields = ("expected", "seen", "effect", "fix")
    why = {field: getattr(missing, field) for field in fields} if missing is not None else {}
    return {"receivers": _of_receivers(tree), "relay": {"verdict": _of_relay(tree), **why}}


def _problem(problem: Problem) -> dict[str, Any]:
    return {"kind": problem.kind, "terms": list(problem.path), **seen_and_fix(problem.text)}


def _terms(tree: Tree, shown: set[str]) -> list[dict[str, Any]]:
    """Return a record's terms; the terms below a domain are listed only where it appears first."""
    found = []
    for node in tree.nodes:
        entry: dict[str, Any] = {"term": node.term, "lookups": node.lookups}
        entry["voids"] = {"ipv4": node.voids[0], "ipv6": node.voids[1]}
        if node.below is not None:
            entry |= {"domain": node.below.domain, "record": node.below.found.text}
            if node.below.domain not in shown:
                shown.add(node.below.domain)
                entry["terms"] = _terms(node.below, shown)
        found.append(entry)
    return found
