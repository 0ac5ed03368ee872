"""DNAME (RFC 6672): the lab answers as BIND and Knot do, message for message."""

from collections.abc import Iterator, Mapping

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from tests.lab.client import ZONES
from tests.servers import NameServer, each
from tests.servers.zones import HEAD

ZONE = {
    "example.com": HEAD.format(name="example.com")
    + """dn DNAME mail
away DNAME example.net.
in DNAME target
x.target TXT "there"
alias.target CNAME x.in
long DNAME {long}
dn TXT "the owner itself"
""".format(long=".".join(["a" * 50] * 4) + ".example.com.")
}
NAMES = {
    "x.dn.example.com": "NXDOMAIN",  # x.mail is not there
    "x.y.away.example.com": "NOERROR",
    "x.in.example.com": "NOERROR",
    "alias.in.example.com": "NOERROR",  # through a CNAME and the DNAME again
    "dn.example.com": "NOERROR",
    f"{'b' * 40}.long.example.com": "YXDOMAIN",  # RFC 6672 §2.2: the new name is too long
}


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, NameServer]]:
    with each(tmp_path_factory, ZONE, "lab", "bind", "knot") as running:
        yield running


@pytest.mark.parametrize("rdtype", ["TXT", "CNAME", "DNAME"])
@pytest.mark.parametrize("name", NAMES)
def test_an_answer(servers: Mapping[str, NameServer], name: str, rdtype: str) -> None:
    seen = {}
    for kind, server in servers.items():
        query = dns.message.make_query(name, rdtype, flags=0, use_edns=0)
        answer = dns.query.tcp(query, server.host, timeout=5, port=server.port)
        rows = sorted(f"{rrset}" for rrset in answer.answer)
        seen[kind] = (answer.rcode(), bool(answer.flags & dns.flags.AA), rows)
    if NAMES[name] == "YXDOMAIN":
        del seen["knot"]  # which says NXDOMAIN
    assert all(answer == seen["lab"] for answer in seen.values())
    if rdtype == "TXT":
        assert seen["lab"][0] == dns.rcode.from_text(NAMES[name])


REDIRECTED = (
    ZONES["example.com"]
    + """
in 77 DNAME target
x.target TXT "there"
alias.target CNAME x.in
hidden.in NS ns1
tochild DNAME child
growing DNAME x.growing
self DNAME self
"""
)


@pytest.fixture(scope="module")
def redirecting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[NameServer, NameServer]]:
    with each(tmp_path_factory, {"example.com": REDIRECTED}, "lab", "bind") as running:
        yield running["lab"], running["bind"]


def _said(server: NameServer, name: str) -> tuple[dns.rcode.Rcode, int, list[str]]:
    """The response code, the number of answers as the header counts them, and the answers with where they end."""
    query = dns.message.make_query(f"{name}.example.com", "TXT", flags=0)
    response = dns.query.tcp(query, server.host, timeout=5, port=server.port)
    assert response.wire is not None
    apex = ("example.com.", dns.rdatatype.NS)  # which BIND adds to what it answers
    ends = [rrset for rrset in response.authority if (rrset.name.to_text(), rrset.rdtype) != apex]
    return response.rcode(), int.from_bytes(response.wire[6:8], "big"), [*map(str, response.answer), *map(str, ends)]


@pytest.mark.parametrize("name", ["alias.in", "x.in", "y.hidden.in", "hidden.in", "x.tochild", "in", "growing", "self"])
def test_an_answer_through_a_dname_is_bind_s(redirecting: tuple[NameServer, NameServer], name: str) -> None:
    lab, bind = redirecting
    ours, theirs = _said(lab, name), _said(bind, name)
    assert ours == theirs


@pytest.mark.parametrize("name", ["y.growing", "y.self"])
def test_a_dname_to_below_itself_ends_where_bind_ends(redirecting: tuple[NameServer, NameServer], name: str) -> None:
    lab, bind = redirecting
    ours, theirs = _said(lab, name), _said(bind, name)
    assert ours[1:] == theirs[1:]
    assert ours[0] == dns.rcode.NOERROR, "as Knot says; BIND says SERVFAIL"
