"""What happens where something is not as it should be: ``require`` stops, ``warn`` says so, ``off`` does not look."""

from collections.abc import Mapping
from typing import Literal

from elastx_mrs.display import quoted
from elastx_mrs.records import RecordError

Mode = Literal["require", "warn", "off"]

MODES: tuple[Mode, ...] = ("require", "warn", "off")


def of_run(variable: str, environment: Mapping[str, str], configured: Mapping[str, Mode]) -> dict[str, Mode]:
    """Return the mode by domain: the environment variable's, for this one run, else the configured one.

    :raises RecordError: naming the variable, where it holds no mode.
    """
    override = environment.get(variable)
    if not override:
        return dict(configured)
    if override not in MODES:
        raise RecordError(f"{variable}: is {quoted(override)}; write {', '.join(MODES[:-1])} or {MODES[-1]}")
    return dict.fromkeys(configured, override)
