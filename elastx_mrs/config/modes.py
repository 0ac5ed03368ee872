"""The modes of the guard and of verification: ``require`` stops, ``warn`` only reports, ``off`` does not check."""

from collections.abc import Mapping
from typing import Literal

from elastx_mrs.display import quoted
from elastx_mrs.records import RecordError

Mode = Literal["require", "warn", "off"]

MODES: tuple[Mode, ...] = ("require", "warn", "off")


def of_run(variable: str, environment: Mapping[str, str], configured: Mapping[str, Mode]) -> dict[str, Mode]:
    """Return the mode by domain: the environment variable's for this run, otherwise the configured one.

    :raises RecordError: if the variable has another value.
    """
    override = environment.get(variable)
    if not override:
        return dict(configured)
    if override not in MODES:
        raise RecordError(f"{variable}: is {quoted(override)}; write {', '.join(MODES[:-1])} or {MODES[-1]}")
    return dict.fromkeys(configured, override)
