"""The product keeps its connections to Route 53 until the process ends; a test closes those that it made."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from elastx_mrs.publish.route53 import client


@contextmanager
def clients_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close each client that is made here."""
    made: list[Any] = []
    real = client._client

    def keep() -> Any:
        made.append(real())
        return made[-1]

    monkeypatch.setattr(client, "_client", keep)
    yield
    for one in made:
        one.close()
