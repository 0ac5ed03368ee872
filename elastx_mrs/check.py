"""The result of one check of the relay, a message or a stack, with the verdicts of :mod:`elastx_mrs.verify.result`."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["pass", "wrong", "absent", "unreachable", "warning", "unchecked"]


@dataclass(frozen=True)
class Check:
    """One check.

    :param name: its name.
    :param verdict: ``wrong``: something else than expected; ``absent``: it does not exist; ``unreachable``: could not
        ask; ``warning``: it may be why another check fails; ``unchecked``: it did not run, because a check before it
        failed, or because it is not needed or possible.
    :param expected: the expected result.
    :param seen: the result: visible text, cut, and without a password.
    :param cure: the fix; empty if there is nothing to do.
    :param notices: good to know; they do not fail the check.
    """

    name: str
    verdict: Verdict
    expected: str
    seen: str
    cure: str = ""
    notices: tuple[str, ...] = ()
