"""What is made once in a run of the tests: by the worker that needs it first, for the others too."""

import fcntl
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], T]) -> T:
    """Return what ``make`` returned to the first that asked for this name in this run.

    The others wait for it. A ``make`` that fails is called again by the next that asks.

    :param make: is given a new folder, which is kept until the run ends; what it returns is pickled.
    """
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "once" / name
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "kept"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            made = folder / "made"
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir()
            kept.write_bytes(pickle.dumps(make(made)))
        found: T = pickle.loads(kept.read_bytes())  # noqa: S301  our own
        return found
