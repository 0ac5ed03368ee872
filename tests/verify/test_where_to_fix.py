"""A server that does not answer: the fix names the place where it is listed (faults.md, U5)."""

import asyncio
import socket

import pytest

from elastx_mrs.lookup.answer import Answer
from elastx_mrs.lookup.authority import Observation, Sighting
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.question import Server
from elastx_mrs.lookup.vantage import Run, Vantage, Who
from elastx_mrs.lookup.walk import Listed, NameServer
from elastx_mrs.verify.checks.per_server import judged, usable_at
from tests.cli.commands import completed

DEAD = Server("127.0.0.1", 9)
RUN = Run((DEAD,))
SILENT = Answer("a.com", "TXT", "failed", problem="had not answered")
LAME = Answer("a.com", "TXT", "failed", problem="answered REFUSED", lame=True)


@pytest.mark.parametrize(
    ("who", "listed"),
    [
        (Who(nameservers=(DEAD,)), ["nameservers"]),
        (Who(nameservers=(DEAD,)).in_run(Run()), ["nameservers"]),
        (Who().in_run(RUN), ["run"]),
        (Who(nameservers=(Server("127.0.0.2"),)).in_run(RUN), ["run"]),
        (Who(nameservers=(DEAD,), primary=Server("127.0.0.2")), ["nameservers", "primary"]),
        (Who(resolvers=(DEAD,), via="resolvers"), ["resolvers"]),
    ],
)
def test_the_place_where_a_server_is_listed_is_known(who: Who, listed: list[Listed]) -> None:
    served = asyncio.run(Vantage(who, Network()).observer.served("a.com"))
    assert [server.listed for server in served.servers] == listed


@pytest.mark.parametrize(
    ("listed", "fix"),
    [
        ("zone", "remove it from the NS records"),
        ("nameservers", "remove it from verification.nameservers"),
        ("run", "use another server with --nameserver or ELASTX_MRS_NAMESERVERS"),
        ("primary", "correct verification.primary or --primary"),
        ("resolvers", "use other resolvers (--resolver or verification.resolvers)"),
    ],
)
def test_the_fix_names_that_place_and_no_other(listed: Listed, fix: str) -> None:
    silent = Observation("a.com", (Sighting("ns1", DEAD, SILENT, listed),), zone="")
    nameless = Observation("a.com", nobody=(NameServer("ns1", (), "it has no address", listed=listed),))
    lame = Observation("a.com", (Sighting("ns1", DEAD, LAME, listed),), zone="a.com")
    for seen in (silent, nameless, lame):
        ((detail,), _) = judged(seen, "x", lambda answer: None)
        assert detail.cure.endswith(f", or {fix}")
        assert ("NS records" in detail.cure) == (listed == "zone")
    assert usable_at(listed) in detail.cure or "load the zone a.com on it" in detail.cure


def test_a_dead_server_of_one_run_is_not_in_any_ns_record() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    done = completed("verify", "good.com", "--nameserver", f"127.0.0.1:{port}")
    assert done.returncode == 3
    assert "NS records" not in done.stdout
    assert "or use another server with --nameserver or ELASTX_MRS_NAMESERVERS" in done.stdout
    assert "remove --nameserver and ELASTX_MRS_NAMESERVERS" in done.stdout, "for delegation to be followed"
    assert "verification.nameservers" not in done.stdout
