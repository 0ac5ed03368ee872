"""What is said of an error that nobody expected: a fault of this program, in one line that can be reported."""

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from elastx_mrs import secrecy
from elastx_mrs.config.environment import DEBUG, secrets

CURE = (
    "this is a bug in elastx-mrs: please report this line, and the output of elastx-mrs --version, where you got "
    f"elastx-mrs. {DEBUG}=1 shows the traceback"
)
"""What to do where the fault ends one domain's verdict, or one record's check, and the others go on."""

_PACKAGE = Path(__file__).resolve().parent
_NOT_THE_PLACE = (_PACKAGE / "cli" / "exits.py",)


def told(error: BaseException) -> str:
    """Return what it is and where, such as ``internal error: KeyError at elastx_mrs/cli/spf.py:40``.

    The exception's own text is left out, which may be secret. Of a group the first one is told.
    """
    place = _place(error)
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
        place = _place(error) or place
    return f"internal error: {type(error).__name__} at {place or 'an unknown place'}"


def traced(error: BaseException) -> str:
    """Return the traceback, which has the exception's own text, where ``DEBUG`` asks for it; else an empty text.

    A line with a secret of the environment is left out.
    """
    if os.environ.get(DEBUG.name, "") in ("", "0"):
        return ""
    known = [secret for secret in secrets(os.environ) if len(secret) >= secrecy.SHORTEST]
    return _without("".join(traceback.format_exception(error)), known)


def contained(error: BaseException) -> str:
    """Return what is said of an error that ends nothing but one verdict; the traceback goes to standard error."""
    print(traced(error), end="", file=sys.stderr)
    return told(error)


def _without(text: str, known: Sequence[str]) -> str:
    """Return a text without the lines that hold a secret; of one that stands in several lines nothing is left."""
    hidden = "(a secret is in this line, which is not shown)\n"
    lines = [
        hidden if any(secrecy.holds(line, secret) for secret in known) else line
        for line in text.splitlines(keepends=True)
    ]
    shown = "".join(lines)
    return hidden if any(secrecy.holds(shown, secret) for secret in known) else shown


def _place(error: BaseException) -> str:
    """Return the innermost place in this package that an error went through; empty for none."""
    place, trace = "", error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.is_relative_to(_PACKAGE) and path not in _NOT_THE_PLACE:
            place = f"{path.relative_to(_PACKAGE.parent)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
