from collections.abc import Iterator
from pathlib import Path

import cloudflare
import httpx
import pytest

from elastx_mrs.lab.session import Lab, open_lab
from tests.lab.api import client
from tests.lab.client import ZONES
from tests.lab.wire import wire


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with open_lab(tmp_path / "lab", ZONES) as running:
        yield running


@pytest.fixture
def api(lab: Lab) -> Iterator[cloudflare.Cloudflare]:
    with client(lab) as made:
        yield made


@pytest.fixture
def http(lab: Lab) -> Iterator[httpx.Client]:
    with wire(lab) as client:
        yield client
