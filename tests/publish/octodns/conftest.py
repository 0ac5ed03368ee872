"""What the tests of octoDNS's providers share: PowerDNS with its HTTP API, and a stack that publishes there."""

from collections.abc import Iterator

import pytest

from elastx_mrs import limits
from elastx_mrs.publish.octodns import served, source
from elastx_mrs.publish.rrset import gathering, names
from tests.publish.octodns.powerdns import PowerDns, powerdns


@pytest.fixture(scope="session")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PowerDns]:
    with powerdns(tmp_path_factory.mktemp("powerdns")) as server:
        yield server


@pytest.fixture
def pdns(_server: PowerDns, monkeypatch: pytest.MonkeyPatch) -> PowerDns:
    """A server with its zones as they were, whose key is in the environment."""
    _server.reset()
    for key, value in _server.environment().items():
        monkeypatch.setenv(key, value)
    monkeypatch.setattr(names, "PAUSE", 0.01)
    monkeypatch.setattr(gathering, "MOST", 0.0)
    monkeypatch.setattr(served, "PAUSE", 0.05)
    monkeypatch.setattr(source, "PAUSE", 0.01)
    monkeypatch.setattr(limits, "SERVED_SECONDS", limits.SERVED_SECONDS._replace(most=1))
    return _server
