"""DNAME (RFC 6672): the lab answers as BIND and Knot do, message for message."""

from collections.abc import Iterator, Mapping

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import pytest

from tests.servers import NameServer, start
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
    with (
        start("lab", tmp_path_factory.mktemp("lab"), ZONE) as lab,
        start("bind", tmp_path_factory.mktemp("bind"), ZONE) as bind,
        start("knot", tmp_path_factory.mktemp("knot"), ZONE) as knot,
    ):
        yield {"lab": lab, "bind": bind, "knot": knot}


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
