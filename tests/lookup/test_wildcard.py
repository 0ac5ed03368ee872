"""A name that exists and one that a wildcard answers for are told apart, on servers that answer both alike."""

import asyncio
from collections.abc import Iterator

import pytest

from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.vantage import Vantage, Who
from elastx_mrs.lookup.wildcard import synthesised
from tests.servers import NameServer, start
from tests.servers.zones import HEAD

ZONE = """*.text TXT "v=spf1 -all"
there.text TXT "v=spf1 -all"
*.alias CNAME mail
there.alias CNAME mail
*.dead CNAME nothing
*.hosts A 192.0.2.1
*.hosts MX 10 mail
there.hosts A 192.0.2.1
there.hosts MX 10 mail
below.empty.hosts TXT "x"
own.text TXT "v=spf1 -all"
*.own.text TXT "v=spf1 -all"
moved DNAME mail
"""


@pytest.fixture(scope="module", params=["lab", "knot"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServer]:
    served = {"example.com": HEAD.format(name="example.com") + ZONE}
    with start(request.param, tmp_path_factory.mktemp(request.param), served) as running:
        yield running


@pytest.mark.parametrize(
    ("name", "wildcard"),
    [
        ("x.text", True),
        ("a.b.text", True),
        ("there.text", False),
        ("own.text", False),
        ("x.own.text", True),
        ("x.alias", True),
        ("there.alias", False),
        ("x.dead", True),
        ("x.hosts", True),
        ("there.hosts", False),
        ("empty.hosts", False),
        ("x.moved", False),
        ("nothing", False),
        ("mail", False),
        (".".join(["a" * 60] * 3), False),
    ],
)
def test_what_a_wildcard_answers_is_not_there(server: NameServer, name: str, wildcard: bool) -> None:
    vantage = Vantage(Who.of([server.address], resolvers=()), Network())
    assert asyncio.run(synthesised(vantage.ask, f"{name}.example.com")) == wildcard
