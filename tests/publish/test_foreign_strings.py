"""No foreign string is lost, whatever it looks like: adopt, create, refresh, update and delete over dynamic update.

The lab's server stands for all here, since a property needs many runs; ``test_rfc2136.py`` has one case on each.
"""

from collections.abc import Iterator
from typing import Literal

import dns.name
import dns.query
import dns.update
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from elastx_mrs.publish.rfc2136.connection import POOL
from elastx_mrs.records.text import presentation
from tests import golden
from tests.publish.rfc2136.updates import primary, provider, record
from tests.records.foreign import NOT_OURS
from tests.servers import NameServer, start

Kind = Literal["spf", "dmarc", "report", "dkim"]
LIVES: dict[Kind, tuple[str, str, str]] = {
    "spf": ("example.com", golden.SPF, "v=spf1 include:elastx.email mx -all"),
    "dmarc": ("_dmarc.example.com", golden.DMARC, "v=DMARC1; p=reject;"),
    "report": ("example.se._report._dmarc.example.com", "v=DMARC1;", "v=DMARC1; rua=mailto:a@example.com"),
    "dkim": ("elastx._domainkey.example.com", golden.DKIM, "v=DKIM1; p="),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServer]:
    with start("lab", tmp_path_factory.mktemp("lab")) as running:
        yield running
    POOL.close()


@pytest.mark.parametrize("kind", LIVES)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_foreign_strings_outlive_ours(server: NameServer, kind: Kind, data: st.DataObject) -> None:
    owner, first, second = LIVES[kind]
    foreign = set(data.draw(st.lists(NOT_OURS[kind], min_size=1, max_size=3, unique=True)))
    present(server, owner, foreign)
    ours = provider(server, adopt=[owner])
    made = ours.create(record(owner, first))
    assert served(server, owner) == foreign | {first}
    present(server, owner, foreign)  # by hand: ours is gone
    assert ours.read(made.id, record(owner, first)).id == ""
    ours.create(record(owner, first))
    ours.update(made.id, record(owner, first), record(owner, second))
    assert served(server, owner) == foreign | {second}
    ours.delete(made.id, record(owner, second))
    assert served(server, owner) == foreign


def present(server: NameServer, owner: str, strings: set[str]) -> None:
    """Have a name hold just these strings, as a human does it."""
    change = dns.update.UpdateMessage("example.com", keyring=primary(server).key)
    change.delete(dns.name.from_text(owner), "TXT")
    for text in strings:
        change.add(dns.name.from_text(owner), 300, "TXT", presentation(text))
    assert dns.query.tcp(change, server.host, timeout=5, port=server.port).rcode() == 0


def served(server: NameServer, owner: str) -> set[str]:
    return {value.decode() for value in server.txt(owner)}
