"""What doctor examines of the toy: its token."""

from collections.abc import Iterator, Sequence
from functools import partial

from elastx_mrs.check import Check
from elastx_mrs.publish.examination import Examination, Subject


def examine(subject: Subject) -> Sequence[Examination]:
    """Return the one examination that there is."""
    return [Examination("toy", partial(_token, subject), "wind it up")]


def _token(subject: Subject) -> Iterator[Check]:
    there = subject.get("elastx-mrs:toyToken") is not None
    yield Check("toy-token", "pass" if there else "absent", "a token", "", "" if there else "set toyToken")
