"""What the tests of Route 53 share."""

from collections.abc import Iterator

import pytest

from elastx_mrs.publish.route53 import client
from elastx_mrs.publish.rrset import gathering, names
from tests.publish.route53 import moto as motos
from tests.publish.route53.api import Route53Api, serve


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Route53Api]:
    with serve() as api:
        for key, value in api.environment().items():
            monkeypatch.setenv(key, value)
        monkeypatch.setattr(names, "PAUSE", 0.001)
        monkeypatch.setattr(gathering, "MOST", 0.0)
        monkeypatch.setattr(client, "PAUSE", 0.001)
        monkeypatch.setattr(client, "RATE", 1_000)
        yield api


@pytest.fixture(scope="session")
def _moto() -> Iterator[motos.Moto]:
    with motos.serve() as moto:
        yield moto


@pytest.fixture
def moto(_moto: motos.Moto, monkeypatch: pytest.MonkeyPatch) -> motos.Moto:
    """moto's server with no zone, in the environment."""
    _moto.reset()
    for key, value in _moto.environment().items():
        monkeypatch.setenv(key, value)
    monkeypatch.setattr(gathering, "MOST", 0.0)
    return _moto
