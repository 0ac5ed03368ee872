"""The message for an unexpected error, a bug of this program: one line that users can report."""

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from elastx_mrs import secrecy
from elastx_mrs.config.environment import DEBUG, secrets

CURE = (
    "this is a bug in elastx-mrs: please report this line, and the output of elastx-mrs --version, to its maintainers. "
    f"{DEBUG}=1 shows the traceback"
)
"""What to do if the bug ends only one domain's verdict, or one record's check."""

_PACKAGE = Path(__file__).resolve().parent
_NOT_THE_PLACE = (_PACKAGE / "cli" / "exits.py",)


def told(error: BaseException) -> str:
    """Return the error's type and place, such as ``internal error: KeyError at elastx_mrs/cli/spf.py:40``.

    The exception's own text is left out, because it may be secret. Of a group, the first exception counts.
    """
    place = _place(error)
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
        place = _place(error) or place
    return f"internal error: {type(error).__name__} at {place or 'an unknown place'}"


def traced(error: BaseException) -> str:
    """Return the traceback, with the exception's own text, if ``DEBUG`` is set; otherwise an empty text.

    A line with a secret from the environment is left out.
    """
    if os.environ.get(DEBUG.name, "") in ("", "0"):
        return ""
    known = [secret for secret in secrets(os.environ) if len(secret) >= secrecy.SHORTEST]
    return _without("".join(traceback.format_exception(error)), known)


def contained(error: BaseException) -> str:
    """Return the message for an error that ends only one verdict, and print the traceback to standard error."""
    print(traced(error), end="", file=sys.stderr)
    return told(error)


def _without(text: str, known: Sequence[str]) -> str:
    """Return a text without the lines that hold a secret; nothing if a secret spans several lines."""
    hidden = "(a secret is in this line, which is not shown)\n"
    lines = [
        hidden if any(secrecy.holds(line, secret) for secret in known) else line
        for line in text.splitlines(keepends=True)
    ]
    shown = "".join(lines)
    return hidden if any(secrecy.holds(shown, secret) for secret in known) else shown


def _place(error: BaseException) -> str:
    """Return the innermost place in this package that an error passed through; empty for none."""
    place, trace = "", error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.is_relative_to(_PACKAGE) and path not in _NOT_THE_PLACE:
            place = f"{path.relative_to(_PACKAGE.parent)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
