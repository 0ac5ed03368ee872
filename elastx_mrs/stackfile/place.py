"""A place in a file, and how messages write it."""

from typing import NamedTuple

from elastx_mrs.reading import STANDARD_INPUT


class Place(NamedTuple):
    """A line and a column of a file, from 1; both are None for the whole file."""

    line: int | None = None
    column: int | None = None


NOWHERE = Place()


def located(path: str, place: Place) -> str:
    """Return ``FILE:LINE:COLUMN``, or less where less is known."""
    name = "standard input" if path == STANDARD_INPUT else path
    return ":".join(str(part) for part in (name, *place) if part is not None)
