"""A domain's SPF as a tree of everything that a receiver may have to look up, with its costs and its faults.

First it queries everything reachable, concurrently and only once. Then it counts lookups for the worst case, which RFC
7208 §4.6.4 limits: a sender that only the last term matches.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from elastx_mrs import limits
from elastx_mrs.display import quoted
from elastx_mrs.lookup import budget
from elastx_mrs.lookup.answer import Answer, Ask
from elastx_mrs.receiver.spf import MAX_LOOKUPS, MAX_NAMES, MAX_VOIDS
from elastx_mrs.receiver.spf_record import Found, is_name, parsed, select
from elastx_mrs.records.spf_macro import expand_domain
from elastx_mrs.records.spf_terms import LOOKUPS, Mechanism, Record, Term

Voids = tuple[int, int]
"""Void lookups for a sender with an IPv4 address, and for one with an IPv6 address."""


@dataclass(frozen=True)
class Problem:
    """One fault, or one reason why a term cannot be counted.

    - ``permerror``: receivers refuse the whole policy.
    - ``temperror``: a query failed.
    - ``none``: the domain has no record.
    - ``sender``: known only when a mail arrives, because its macros need the sender.
    - ``open``: the record lets everybody send.
    - ``voids``: over a limit that receivers should have, but not all do.

    :param kind: one of these.
    :param path: the domain, and the terms that lead to it.
    :param text: the fault, and what to do.
    :param over: whether a query failed because of a limit.
    """

    kind: Literal["permerror", "temperror", "none", "sender", "open", "voids"]
    path: tuple[str, ...]
    text: str
    over: bool = False


@dataclass(frozen=True)
class Node:
    """One term that needs a DNS lookup.

    :param term: as written.
    :param lookups: the lookups of the term and of everything below it.
    :param voids: the void lookups of the same.
    :param problem: of the term itself; None if there is none.
    :param below: the record of an ``include`` or ``redirect``; None for other terms, or if there is no record.
    """

    term: str
    lookups: int = 1
    voids: Voids = (0, 0)
    problem: Problem | None = None
    below: "Tree | None" = None


@dataclass(frozen=True, eq=False, repr=False)
class Tree:
    """One domain's record, and everything below it. A domain that is reached twice is the same object in both places.

    Trees are equal only if identical, and their text leaves out everything below: a hostile tree has few domains, and
    more branches than anybody can walk. This matters because asyncio formats the result of a finished task.

    :param found: the record, or why there is none.
    :param nodes: the terms that need a DNS lookup, in the order of evaluation.
    """

    domain: str
    found: Found
    nodes: tuple[Node, ...] = ()
    lookups: int = field(init=False)
    voids: Voids = field(init=False)

    def __post_init__(self) -> None:
        """Add up the nodes. A hostile tree has large sums, but needs no long walk."""
        object.__setattr__(self, "lookups", sum(node.lookups for node in self.nodes))
        four, six = (sum(node.voids[family] for node in self.nodes) for family in (0, 1))
        object.__setattr__(self, "voids", (four, six))

    def __repr__(self) -> str:
        return f"<Tree {self.domain}: {number(self.lookups)} lookups>"

    def problems(self) -> list[Problem]:
        """Return the problems, the whole tree's limits first, and each domain's once. Many of a kind are counted."""
        found = list(self._limits())
        if self.found.result != "record":
            found.append(Problem(self.found.result, (self.domain,), self.found.problem, self.found.over))
        elif self.found.record is not None and (everybody := _open(self.found.record, (self.domain,))) is not None:
            found.append(everybody)
        found += dict.fromkeys(node.problem for _, node in self.walk() if node.problem is not None)
        return list(self._first(found))

    def _first(self, found: list[Problem]) -> Iterator[Problem]:
        """Yield the first problems of each kind, and the number of the others: a hostile tree has hundreds."""
        more: dict[str, list[Problem]] = {}
        for problem in found:
            more.setdefault(problem.kind, []).append(problem)
            if len(more[problem.kind]) <= limits.SPF_TREE_PROBLEMS.most:
                yield problem
        for same in more.values():
            left = same[limits.SPF_TREE_PROBLEMS.most :]
            if left:
                over = any(problem.over for problem in left)
                yield Problem(left[0].kind, (self.domain,), f"and {len(left)} more terms like these", over)

    def walk(self) -> Iterator[tuple[int, Node]]:
        """Yield every term with its depth, from 0, in the order of evaluation. Each domain is expanded only once."""
        seen = {self.domain}
        stack = [(0, node) for node in reversed(self.nodes)]
        while stack:
            depth, node = stack.pop()
            yield depth, node
            if node.below is not None and node.below.domain not in seen:
                seen.add(node.below.domain)
                stack += [(depth + 1, child) for child in reversed(node.below.nodes)]

    def _limits(self) -> Iterator[Problem]:
        if self.lookups > MAX_LOOKUPS:
            dearest = max(self.nodes, key=lambda node: node.lookups)
            text = (
                f"takes {number(self.lookups)} lookups, and receivers allow {MAX_LOOKUPS} (RFC 7208 §4.6.4): mail "
                f"gets permerror; remove a term, or write its addresses: {dearest.term} takes {number(dearest.lookups)}"
            )
            yield Problem("permerror", (self.domain,), text)
        if max(self.voids) > MAX_VOIDS:
            family = "IPv4" if self.voids[0] > MAX_VOIDS else "IPv6"
            text = (
                f"makes {number(max(self.voids))} lookups that find nothing for senders with an {family} address, and "
                f"many receivers allow {MAX_VOIDS} (RFC 7208 §4.6.4); remove these terms"
            )
            yield Problem("voids", (self.domain,), text)


async def expand(ask: Ask, domain: str, record: str | None = None) -> Tree:
    """Return the tree of a domain's SPF.

    :param ask: queries DNS; it should cache answers, for several trees.
    :param domain: as lower-case A-labels, without a final dot.
    :param record: the record to use instead of the published one, for a planned change.
    """
    crawl = _Crawl(ask, domain, {domain: parsed(record.encode())} if record is not None else {})
    seconds = limits.SPF_TREE_SECONDS.most
    with budget.budget(f"the SPF tree of {domain}", seconds, limits.SPF_TREE_QUERIES.most):
        try:
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
                crawl.follow(group, domain)
        except TimeoutError:
            crawl.cut = f"not answered within {seconds} s"
    return _Count(crawl).tree(domain, _Path((domain,), (domain,)))


def _terms(record: Record | None) -> list[Term]:
    """Return the terms of a record that need a lookup, in the order of evaluation."""
    return [term for term in record.evaluated() if term.name in LOOKUPS] if record is not None else []


class _Crawl:
    """Queries everything that a record leads to, as soon as its name is known."""

    def __init__(self, ask: Ask, domain: str, records: dict[str, Found]) -> None:
        self._ask = ask
        self._domain = domain
        self.records = records
        self.answers: dict[tuple[str, str], Answer | None] = {}
        self._followed: set[str] = set()
        self.cut = f"not asked: the tree needs more than {limits.SPF_TREE_QUESTIONS.text}"

    def follow(self, group: asyncio.TaskGroup, domain: str) -> None:
        if domain not in self._followed:
            self._followed.add(domain)
            group.create_task(self._follow(group, domain))

    async def _follow(self, group: asyncio.TaskGroup, domain: str) -> None:
        if domain not in self.records:
            answer = await self._once(domain, "TXT")
            if answer is None:
                return
            self.records[domain] = select(answer)
        record = self.records[domain].record
        for term in _terms(record)[: limits.SPF_TREE_TERMS.most]:
            name = self.target(domain, term)
            if name is None or not is_name(name):
                continue
            if term.name in ("include", "redirect"):
                self.follow(group, name)
            elif term.name == "mx":
                group.create_task(self._exchanges(name))
            elif term.name in ("a", "exists"):
                group.create_task(self._addresses(name, ("A",) if term.name == "exists" else ("A", "AAAA")))

    async def _exchanges(self, name: str) -> None:
        answer = await self._once(name, "MX")
        names = answer.names() if answer is not None else []
        if len(names) <= MAX_NAMES:
            await asyncio.gather(*(self._addresses(host, ("A", "AAAA")) for host in names if is_name(host)))

    async def _addresses(self, name: str, rdtypes: tuple[str, ...]) -> None:
        await asyncio.gather(*(self._once(name, rdtype) for rdtype in rdtypes))

    async def _once(self, name: str, rdtype: str) -> Answer | None:
        """Query a name once; None if the query is already running, or beyond the limit."""
        if (name, rdtype) not in self.answers and len(self.answers) < limits.SPF_TREE_QUESTIONS.most:
            self.answers[name, rdtype] = None
            self.answers[name, rdtype] = await self._ask(name, rdtype)
        return self.answers.get((name, rdtype))

    def target(self, domain: str, term: Term) -> str | None:
        """Return the name of a term; None if it depends on the sender."""
        text = term.domain if isinstance(term, Mechanism) else term.value
        if text is None:
            return domain
        try:
            return expand_domain(text, {"d": domain, "o": self._domain}).lower()
        except KeyError:
            return None


@dataclass(frozen=True)
class _Path:
    """The way to a domain: the first domain and the terms after it, and all domains on the way."""

    terms: tuple[str, ...]
    domains: tuple[str, ...]


class _Count:
    """Counts the lookups of a crawl, each domain once, without queries."""

    def __init__(self, crawl: _Crawl) -> None:
        self._crawl = crawl
        self._trees: dict[str, Tree] = {}

    def tree(self, domain: str, path: _Path) -> Tree:
        found = self._crawl.records.get(domain) or Found("temperror", problem=self._crawl.cut, over=True)
        terms, most = _terms(found.record), limits.SPF_TREE_TERMS.most
        nodes = [self._node(domain, path, term) for term in terms[:most]]
        if len(terms) > most:
            text = f"has {len(terms)} terms that need a lookup, and receivers allow {MAX_LOOKUPS} (RFC 7208 §4.6.4)"
            problem = Problem("permerror", path.terms, f"{text}; remove the record, or most of its terms")
            nodes.append(Node(f"{len(terms) - most} more terms", len(terms) - most, problem=problem))
        self._trees[domain] = tree = Tree(domain, found, tuple(nodes))
        return tree

    def _node(self, domain: str, path: _Path, term: Term) -> Node:
        written, where = str(term), (*path.terms, str(term))
        name = self._crawl.target(domain, term)
        if term.name == "ptr":
            return Node(written, problem=Problem("sender", where, "what it finds depends on the sender's address"))
        if name is None:
            return Node(written, problem=Problem("sender", where, "its macros are known only when a mail arrives"))
        if term.name in ("include", "redirect"):
            return self._record(written, _Path(where, (*path.domains, name)))
        if not is_name(name):
            text = f"{quoted(name)} is not a possible DNS name, so the term never matches (RFC 7208 §4.8)"
            return Node(written, problem=Problem("sender", where, text))
        if term.name == "mx":
            return self._mx(written, where, name)
        types = ("A", "A") if term.name == "exists" else ("A", "AAAA")
        return self._addresses(written, where, [(name, types)])

    def _record(self, written: str, path: _Path) -> Node:
        name, where = path.domains[-1], path.terms
        if not is_name(name):
            text = f"{quoted(name)} is not a possible DNS name (RFC 7208 §4.3); remove the term"
            return Node(written, problem=Problem("permerror", where, text))
        if name in path.domains[:-1] or len(path.domains) > limits.SPF_TREE_DEPTH.most:
            text = f"leads back to {name} in a loop: receivers stop at {MAX_LOOKUPS} lookups (RFC 7208 §4.6.4)"
            if name not in path.domains[:-1]:
                most = limits.SPF_TREE_DEPTH.most
                text = f"is nested {most} levels deep: receivers stop at {MAX_LOOKUPS} lookups (RFC 7208 §4.6.4)"
            return Node(written, MAX_LOOKUPS + 1, problem=Problem("permerror", where, f"{text}; remove the term"))
        below = self._trees.get(name) or self.tree(name, path)
        if below.found.record is not None:
            return Node(written, 1 + below.lookups, below.voids, _open(below.found.record, where), below)
        if below.found.result == "temperror":
            return Node(written, problem=Problem("temperror", where, f"{name} {below.found.problem}", below.found.over))
        answer = self._crawl.answers.get((name, "TXT"))
        void = int(answer is not None and answer.void)
        section = "§6.1" if written.startswith("redirect=") else "§5.2"
        text = f"leads to {name}, which has no usable SPF record: {below.found.problem} (RFC 7208 {section})"
        return Node(
            written, 1, (void, void), Problem("permerror", where, f"{text}; remove the term, or fix that record")
        )

    def _mx(self, written: str, where: tuple[str, ...], name: str) -> Node:
        answer = self._crawl.answers.get((name, "MX"))
        if answer is None or answer.status == "failed":
            return Node(written, problem=self._unasked(where, name, "MX", answer))
        if answer.void:
            return Node(written, voids=(1, 1))
        hosts = answer.names()
        if len(hosts) > MAX_NAMES:
            text = f"leads to {len(hosts)} MX hosts, and {MAX_NAMES} are allowed (RFC 7208 §4.6.4)"
            return Node(written, problem=Problem("permerror", where, f"{text}; write their networks as ip4 and ip6"))
        return self._addresses(written, where, [(host, ("A", "AAAA")) for host in hosts if is_name(host)])

    def _addresses(self, written: str, where: tuple[str, ...], questions: list[tuple[str, tuple[str, str]]]) -> Node:
        """Return a term that looks up addresses: for each name, one type for IPv4 senders and one for IPv6 senders."""
        voids = [0, 0]
        problem = None
        for name, types in questions:
            for family, rdtype in enumerate(types):
                answer = self._crawl.answers.get((name, rdtype))
                if answer is None or answer.status == "failed":
                    problem = problem or self._unasked(where, name, rdtype, answer)
                else:
                    voids[family] += answer.void  # a failed query is not a void lookup
        return Node(written, voids=(voids[0], voids[1]), problem=problem)

    def _unasked(self, where: tuple[str, ...], name: str, rdtype: str, answer: Answer | None) -> Problem:
        why = answer.problem if answer is not None else self._crawl.cut
        over = answer is None or answer.over
        return Problem("temperror", where, f"{name} {rdtype} could not be looked up: {why}", over)


def _open(record: Record, where: tuple[str, ...]) -> Problem | None:
    """Return a problem if a record lets everybody pass, unless its include has ``-``, ``~`` or ``?`` (§5.2)."""
    everybody = next((term for term in record.evaluated() if isinstance(term, Mechanism) and term.everybody), None)
    if everybody is None or (where[1:] and where[-1][0] in "-~?"):
        return None
    text = "has +all" if everybody.name == "all" else f"has {everybody}"
    if len(where) > 1:
        text = f"leads to a record that {text}"
    return Problem("open", where, f"{text}: every server in the world passes (RFC 7208 §5.1); remove it")


def number(count: int) -> str:
    """Return a count as text: a hostile tree's can have hundreds of digits."""
    return str(count) if count <= 1000 else "over 1000"
