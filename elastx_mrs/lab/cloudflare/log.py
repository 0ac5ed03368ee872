"""The log of the API's requests."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Request:
    """One request as it is logged: nothing of its token.

    :param path: from after ``/client/v4``, with the query.
    :param status: of the answer; None where there was none, since the connection was cut.
    :param at: seconds of the API's clock since it began.
    """

    method: str
    path: str
    body: Any
    status: int | None
    at: float
