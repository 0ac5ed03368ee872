"""Slow and failing answers on demand, and the log of what was asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Cut = Literal["before", "after"]


@dataclass
class Fault:
    """What happens to requests that match, instead of, or around, their work.

    :param method: of the requests it is for; empty for all.
    :param path: a part of their path with its query; empty for all.
    :param skip: how many of them pass first.
    :param times: how many it happens to then; -1 for all.
    :param status: answered instead of doing the work; 0 to do it.
    :param headers: of that answer, such as ``Retry-After``.
    :param reset: the connection is cut, before the work is done or after it.
    :param delay: seconds on the wall's clock until anything happens.
    """

    method: str = ""
    path: str = ""
    skip: int = 0
    times: int = 1
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    reset: Cut | None = None
    delay: float = 0.0

    def strikes(self, method: str, path: str) -> bool:
        """Whether it happens to this request, which is counted."""
        if self.times == 0 or self.method not in ("", method) or self.path not in path:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1 if self.times > 0 else 0
        return True


@dataclass(frozen=True)
class Request:
    """One request as it is logged: nothing of its token.

    :param path: from after ``/client/v4``, with the query.
    :param status: of the answer; None where the connection was cut.
    :param at: seconds of the API's clock since it began.
    """

    method: str
    path: str
    body: Any
    status: int | None
    at: float
