"""What goes wrong between the plugin and the API, apart from ``api.py`` so that it costs no import of the SDK."""

from collections.abc import Callable
from contextvars import ContextVar

NO_REQUEST = "failed to make http request"

WANTED: ContextVar[Callable[[], bool]] = ContextVar("WANTED")
"""Whether the engine still waits for what this thread works on."""


class ApiError(Exception):
    """The API refused, did not answer, or has not what was asked for, in the words of Cloudflare's provider.

    :param status: the HTTP status; None where there was no answer.
    """

    def __init__(self, detail: str, *, summary: str = NO_REQUEST, status: int | None = None) -> None:
        super().__init__(f"{summary}: {detail}")
        self.summary = summary
        self.detail = detail
        self.status = status
