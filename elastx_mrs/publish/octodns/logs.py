"""What octoDNS's providers log, without their secrets. They log answers, and urllib3 logs the addresses of requests."""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from elastx_mrs.secrecy import hints

_thread = threading.local()
_lock = threading.Lock()


@contextmanager
def redacted(secrets: Sequence[str]) -> Iterator[None]:
    """Hide the messages of this thread that contain a secret, whatever handles them."""
    with _lock:
        before = logging.getLogRecordFactory()
        if not isinstance(before, _Factory):
            logging.setLogRecordFactory(_Factory(before))
    _thread.secrets = secrets
    try:
        yield
    finally:
        _thread.secrets = ()


class _Factory:
    """Makes log records as before, except for those of a thread with secrets."""

    def __init__(self, before: Any) -> None:
        self._before = before

    def __call__(self, *given: Any, **named: Any) -> logging.LogRecord:
        record: logging.LogRecord = self._before(*given, **named)
        if secrets := getattr(_thread, "secrets", ()):
            if any(hints(_text(record), secret) for secret in secrets):
                record.msg, record.args = "a message that contains a key, and is not shown", ()
            record.exc_info = record.stack_info = None  # the error itself is shown where it is caught
        return record


def _text(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # its arguments do not fit, and the handler would show both
        return f"{record.msg} {record.args}"
