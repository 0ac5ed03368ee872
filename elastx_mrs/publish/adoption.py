"""How a stack takes over existing records: through its config, or by an import."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from elastx_mrs.config.environment import ADOPT
from elastx_mrs.display import quoted
from elastx_mrs.identity import NAMESPACE
from elastx_mrs.reading import read_json
from elastx_mrs.records import RecordError, TxtRecord

Get = Callable[[str], Any]
"""The value of a stack config key, with its namespace, or None."""


def adopted(get: Get) -> frozenset[str]:
    """Return the owner names at which identical content may be taken over.

    :raises RecordError: if the config's value is not a list of names.
    """
    try:
        listed = read_json(get(f"{NAMESPACE}:adopt") or "[]")
    except ValueError:
        listed = None
    if listed == {}:
        listed = []  # a project's defaults write a missing value like this
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise RecordError("adopt: is not a list of owner names; write a list such as [_dmarc.example.com]")
    names = [*listed, *os.environ.get(ADOPT.name, "").split(",")]
    return frozenset(name.strip().lower().removesuffix(".") for name in names if name.strip())


@dataclass(frozen=True)
class Adoption:
    """How a publisher takes over existing records. The guard's messages name the next step.

    :param names: the owner names at which a create takes over existing records; empty if users import them.
    :param merge: returns the command that keeps and changes another record at the name.
    :param claim: returns the command that keeps exactly this record, as after an interrupted run.
    """

    names: frozenset[str]
    merge: Callable[[TxtRecord], str]
    claim: Callable[[TxtRecord], str]


def by_config(get: Get) -> Adoption:
    """Return the adoption of a publisher whose create reads :func:`adopted`.

    :param get: reads the stack's config.
    """

    def merge(record: TxtRecord) -> str:
        return f"run: elastx-mrs adopt {record.domain}, and put its output into the config"

    return Adoption(adopted(get), merge, lambda record: f"run once with {_setting(record.name)}")


def taken(owner: str, value: str) -> str:
    """Return the error of a create that reads :func:`adopted`, if exactly its value exists already."""
    return (
        f"{owner} has this TXT already, and this stack did not publish it: {quoted(value, 60)}. After an interrupted "
        f"run, or to take it over, run once more with {_setting(owner)}. After a rename in the program, give the "
        "resource an alias instead"
    )


def _setting(owner: str) -> str:
    """Return the setting that takes over an owner name. After a lost state, every record needs it."""
    return f"{ADOPT}={owner} (several: with commas between; pulumi up --continue-on-error names all of them)"
