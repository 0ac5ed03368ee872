"""The log of the API's requests."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Request:
    """One request in the log, without its token.

    :param path: the path after ``/client/v4``, with the query.
    :param status: of the answer; None if the connection was cut before it.
    :param at: seconds since the API's start, by its clock.
    """

    method: str
    path: str
    body: Any
    status: int | None
    at: float
