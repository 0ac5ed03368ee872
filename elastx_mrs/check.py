"""What one check of the relay, a message or a stack comes to, in the words of :mod:`elastx_mrs.verify.result`."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["pass", "wrong", "absent", "unreachable", "unchecked"]


@dataclass(frozen=True)
class Check:
    """One check.

    :param name: what is checked.
    :param verdict: ``wrong``: something else than expected; ``absent``: it is not there; ``unreachable``: could not
        ask; ``unchecked``: not asked, as what it depends on did not pass, as it is not needed, or as nobody can tell.
    :param expected: what should be.
    :param seen: what is; visible text, cut, and without a password.
    :param cure: what to do; empty where there is nothing to do.
    :param notices: what is good to know, and fails nothing.
    """

    name: str
    verdict: Verdict
    expected: str
    seen: str
    cure: str = ""
    notices: tuple[str, ...] = ()
