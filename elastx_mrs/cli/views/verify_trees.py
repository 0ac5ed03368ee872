"""SPF trees as nested lists of HTML, each with its lookups as a row of ten boxes."""

from collections.abc import Iterator, Sequence

from elastx_mrs.display import html_text, some
from elastx_mrs.receiver.spf import MAX_LOOKUPS
from elastx_mrs.receiver.spf_tree import Node, Tree, number
from elastx_mrs.verify.wait import Job

MOST_TREES = 50
"""The most trees on a page; only different ones count, and each may have a hundred terms."""

MOST_TERMS = 100
"""The most terms of one tree, because a hostile tree can be endless."""

MOST_OCTETS = 300
"""The most octets of one record."""


def trees(jobs: Sequence[Job]) -> Iterator[str]:
    """Yield a section with each different tree and its domains."""
    found: dict[str, list[str]] = {}
    alike: dict[int, str] = {}
    for job in jobs:
        for tree in (outcome.tree for outcome in job.outcomes.values() if outcome.tree is not None):
            if id(tree) not in alike:
                alike[id(tree)] = _drawn(tree)
            found.setdefault(alike[id(tree)], []).append(job.expected.domain)
    if not found:
        return
    yield '<section id="spf">\n<h2>SPF</h2>\n'
    for drawn, domains in list(found.items())[:MOST_TREES]:
        heading = html_text(some(domains, 3))
        yield f'<article class="card notice">\n<div>\n<h3>{heading}</h3>\n{drawn}</div>\n</article>\n'
    if len(found) > MOST_TREES:
        yield f"<p>{len(found) - MOST_TREES} more; <code>elastx-mrs spf DOMAIN</code> shows each.</p>\n"
    yield "</section>\n"


def _drawn(tree: Tree) -> str:
    return "".join([_boxes(tree), f"<p><code>{_cut(tree)}</code></p>\n", *_Branches().of(tree)])


def _boxes(tree: Tree) -> str:
    """Return the ten lookups as boxes: used ones are filled, and an excess has another colour."""
    used = min(tree.lookups, MAX_LOOKUPS)
    over = tree.lookups > MAX_LOOKUPS
    boxes = '<i class="on"></i>' * used + "<i></i>" * (MAX_LOOKUPS - used) + ('<i class="over"></i>' if over else "")
    said = f"{number(tree.lookups)} of {MAX_LOOKUPS} lookups"
    word = f'<span class="wrong">{said}</span>' if over else said
    return f'<p><span class="lookups" aria-hidden="true">{boxes}</span>{word}</p>\n'


class _Branches:
    """Draws a tree. It shows the terms of each domain once, and limits the number of terms."""

    def __init__(self) -> None:
        self._shown: set[str] = set()
        self._left = MOST_TERMS

    def of(self, tree: Tree) -> Iterator[str]:
        self._shown.add(tree.domain)
        if not tree.nodes:
            return
        yield '<ul class="tree">' if self._left == MOST_TERMS else "<ul>"
        for place, node in enumerate(tree.nodes):
            if not self._left:
                yield f'<li class="muted">{len(tree.nodes) - place} more terms</li>'
                break
            self._left -= 1
            yield from self._node(node)
        yield "</ul>"

    def _node(self, node: Node) -> Iterator[str]:
        noun = "lookup" if node.lookups == 1 else "lookups"
        voids = f", {number(max(node.voids))} void" if max(node.voids) else ""
        yield f'<li><code>{html_text(node.term)}</code> <span class="muted">{number(node.lookups)} {noun}{voids}</span>'
        if node.problem is not None:
            yield f' <span class="wrong">{html_text(node.problem.text)}</span>'
        below = node.below
        if below is not None and below.domain in self._shown:
            yield ' <span class="muted">as above</span>'
        elif below is not None:
            yield f'<br/><code class="muted">{_cut(below)}</code>'
            yield from self.of(below)
        yield "</li>"


def _cut(tree: Tree) -> str:
    shown = tree.found.text or tree.found.problem
    return html_text(shown if len(shown) <= MOST_OCTETS else f"{shown[:MOST_OCTETS]}…")
