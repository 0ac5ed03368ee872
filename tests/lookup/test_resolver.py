"""Lookups from BIND and Knot, and from servers that answer wrongly."""

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs import limits
from elastx_mrs.lookup.answer import Answer
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.question import Server
from elastx_mrs.lookup.resolver import system_resolvers
from tests.lookup.nets import Reply, Respond, answer, authorities, dead, fake, fakes, impatient, net, recursors
from tests.receiver.tree import COMPANY, DAEMONS, OTHER, ROOT, TOP


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with net(tmp_path_factory.mktemp("tree"), DAEMONS) as common:
        yield common


def ask(port: int, name: str, rdtype: str, hosts: tuple[str, ...] = (COMPANY, OTHER)) -> Answer:
    resolver = authorities(impatient(10), [Server(host, port) for host in hosts])
    return asyncio.run(resolver.ask(name, rdtype))


def ask_fakes(name: str, rdtype: str, *responds: Respond, flags: int = 0) -> Answer:
    async def work() -> Answer:
        async with fakes(*responds) as servers:
            make = recursors if flags else authorities
            made = make(impatient(), [server.server for server in servers])
            return await made.ask(name, rdtype)

    return asyncio.run(work())


def test_records_are_found(port: int) -> None:
    found = ask(port, "Example.COM.", "txt")
    assert (found.name, found.rdtype, found.status, found.canonical, found.problem) == (
        "example.com",
        "TXT",
        "found",
        "example.com",
        "",
    )
    assert sorted(found.texts()) == [b"two strings", b"v=spf1 -all"]
    assert ask(port, "example.com", "MX").names() == ["mail.example.com"]
    assert [str(address) for address in ask(port, "mail.example.com", "A").addresses()] == ["192.0.2.21"]


@pytest.mark.parametrize("name", ["empty.example.com", "mail.example.com", "moved.example.com"])
def test_a_name_without_such_a_record_is_nodata(port: int, name: str) -> None:
    assert ask(port, name, "TXT") == Answer(name, "TXT", "nodata", canonical=name)


@pytest.mark.parametrize("name", ["nothing.example.com", "a.b.nothing.example.com", "nothing.example.se"])
def test_no_such_name_is_nxdomain(port: int, name: str) -> None:
    assert ask(port, name, "TXT") == Answer(name, "TXT", "nxdomain", canonical=name)


@pytest.mark.parametrize(
    ("name", "status", "canonical"),
    [
        ("alias.example.com", "found", "www.example.se"),
        ("near.example.com", "found", "www.example.se"),
        ("www.moved.example.com", "found", "www.example.se"),
        ("void.example.com", "nxdomain", "nothing.example.se"),
        ("gone.example.com", "nxdomain", "nothing.example.com"),
        ("bare.example.com", "nodata", "mail.example.com"),
        ("nothing.moved.example.com", "nxdomain", "nothing.example.se"),
        ("x.wild.example.com", "nodata", "mail.example.com"),
    ],
)
def test_aliases_are_followed_across_zones_and_servers(port: int, name: str, status: str, canonical: str) -> None:
    found = ask(port, name, "TXT")
    assert (found.name, found.status, found.canonical) == (name, status, canonical)
    assert found.texts() == ([b"of example.se"] if status == "found" else [])


def test_an_alias_itself_can_be_queried(port: int) -> None:
    found = ask(port, "alias.example.com", "CNAME")
    assert (found.status, found.canonical, str(found.rdatas[0])) == ("found", "alias.example.com", "www.example.se.")


@pytest.mark.parametrize("name", ["across.example.com", "circle-a.example.se"])
def test_aliases_in_a_loop_fail(port: int, name: str) -> None:
    found = ask(port, name, "TXT")
    assert found.status == "failed"
    assert found.problem.startswith(f"its CNAMEs form a loop: {name} -> ")


def test_endless_aliases_fail(port: int) -> None:
    found = ask(port, "endless.example.com", "TXT")
    assert found.status == "failed"
    assert found.problem == (
        f"its CNAMEs go on for more than {limits.CNAMES.most} times: endless.example.com -> e0.example.se -> "
        "e1.example.se -> e2.example.se -> …"
    )


@pytest.mark.limit("CNAMES")
@pytest.mark.parametrize(("records", "status"), [(limits.CNAMES.most, "found"), (limits.CNAMES.most + 1, "failed")])
def test_sixteen_aliases_are_followed_and_no_more(records: int, status: str) -> None:
    def respond(query: dns.message.Message, via: str) -> Reply:
        number = int(query.question[0].name.labels[0].decode()[1:])
        rest = "TXT end" if number == records else f"CNAME n{number + 1}.example."
        return answer(query, f"n{number}.example. 60 IN {rest}")

    assert ask_fakes("n0.example", "TXT", respond).status == status


def test_an_alias_to_dead_servers_fails_and_names_them(port: int) -> None:
    found = ask(port, "refused.example.com", "TXT")
    assert found == Answer(
        "refused.example.com",
        "TXT",
        "failed",
        problem=f"refused.example.com -> www.example.org: {COMPANY}:{port} answered REFUSED; "
        f"{OTHER}:{port} answered REFUSED",
        lame=True,
    )


def test_every_server_is_reported_with_what_it_did(port: int) -> None:
    found = ask(port, "mail.example.com", "A", ("127.0.0.9", OTHER, TOP, ROOT))
    lame = "refers to others for mail.example.com: it does not serve that name"
    assert found.problem == (
        f"127.0.0.9:{port} refused the connection; {OTHER}:{port} answered REFUSED; "
        f"{TOP}:{port} {lame}; {ROOT}:{port} {lame}"
    )
    assert found.status == "failed"
    assert not found.void


def test_the_first_usable_server_counts(port: int) -> None:
    assert ask(port, "mail.example.com", "A", ("127.0.0.9", TOP, OTHER, COMPANY)).status == "found"


def test_a_name_in_a_child_zone_is_queried_at_its_own_server(port: int) -> None:
    assert ask(port, "child.example.com", "TXT").texts() == [b"child"]


def test_a_query_in_any_case_of_letters_is_sent_once() -> None:
    async def work() -> int:
        async with fake(lambda query, via: answer(query, "a.example. 60 IN TXT x"), delay=0.05) as server:
            resolver = authorities(impatient(10), [server.server])
            names = ["a.example", "A.example", "a.EXAMPLE."] * 5
            found = await asyncio.gather(*(resolver.ask(name, "TXT") for name in names))
            assert {(one.status, one.name) for one in found} == {("found", "a.example")}
            assert await resolver.ask("a.example", "txt") is await resolver.ask("A.example", "TXT")
            return server.queries

    assert asyncio.run(work()) == 1


@pytest.mark.parametrize(
    "name", ["a..b", ".a.b", "a.b..", "x" * 64 + ".com", ".".join(["x" * 60] * 5), "é.com", "a\\", "a\\999", "@"]
)
def test_a_name_that_is_invalid_in_dns_fails_without_a_query(name: str) -> None:
    found = asyncio.run(authorities(Network(), [dead()]).ask(name, "TXT"))
    assert found.status == "failed"
    assert found.problem.endswith("is not a name that DNS can hold (RFC 1035 §3.1)")
    assert found.problem.isprintable()


@given(st.one_of(st.text(max_size=300), st.text(alphabet="aA.\\0-_@\x00é", max_size=300)))
def test_no_name_raises(name: str) -> None:
    found = asyncio.run(authorities(Network(), []).ask(name, "TXT"))
    assert found.status == "failed"
    assert found.problem.isprintable()


def test_without_servers_the_lookup_fails_with_a_reason() -> None:
    assert asyncio.run(authorities(Network(), []).ask("example.com", "TXT")).problem == "there is no server to query"


def test_the_systems_resolvers_are_those_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "resolv.conf").write_text(
        "# the machine's\nnameserver 127.0.0.9\nnameserver 127.0.0.10\noptions ndots:5\n"
    )
    assert system_resolvers(str(tmp_path / "resolv.conf")) == [Server("127.0.0.9"), Server("127.0.0.10")]
    assert system_resolvers(str(tmp_path / "none")) == []


def test_a_resolver_gets_rd_and_need_not_be_an_authority() -> None:
    flags: list[int] = []

    def respond(query: dns.message.Message, via: str) -> Reply:
        flags.append(query.flags)
        return answer(query, "a.example. 60 IN CNAME b.example.", "b.example. 60 IN TXT x", flags=dns.flags.RA)

    found = ask_fakes("a.example", "TXT", respond, flags=dns.flags.RD)
    assert (found.status, found.canonical) == ("found", "b.example")
    assert flags == [dns.flags.RD]


def test_a_resolvers_nodata_need_not_have_an_soa() -> None:
    found = ask_fakes("a.example", "TXT", lambda query, via: answer(query, flags=dns.flags.RA), flags=dns.flags.RD)
    assert found.status == "nodata"


def referring(query: dns.message.Message, via: str) -> Reply:
    response = dns.message.make_response(query)
    response.authority.append(dns.rrset.from_text("example.", 60, "IN", "NS", "ns.example."))
    return response


def test_a_referral_never_counts_as_nodata() -> None:
    assert "refers to others for a.example" in ask_fakes("a.example", "TXT", referring).problem
    assert "it is not a resolver" in ask_fakes("a.example", "TXT", referring, flags=dns.flags.RD).problem


def test_an_answer_from_a_cache_is_not_an_authoritys() -> None:
    def cached(query: dns.message.Message, via: str) -> Reply:
        return answer(query, "a.example. 60 IN TXT stale", flags=dns.flags.RA)

    found = ask_fakes("a.example", "TXT", cached, lambda query, via: answer(query, "a.example. 60 IN TXT own"))
    assert found.texts() == [b"own"]


def test_a_negative_answer_is_about_the_end_of_the_chain_only_where_its_soa_says_so() -> None:
    """RFC 6604: with the code of an answer with a CNAME, some servers deny a name that they do not serve."""

    def respond(query: dns.message.Message, via: str) -> Reply:
        if query.question[0].name.to_text() == "b.other.":
            return answer(query, "b.other. 60 IN TXT there")
        response = answer(query, "a.example. 60 IN CNAME b.other.")
        response.authority.append(dns.rrset.from_text("example.", 60, "IN", "SOA", "ns.example. h. 1 1 1 1 1"))
        response.set_rcode(dns.rcode.NXDOMAIN)
        return response

    assert ask_fakes("a.example", "TXT", respond).texts() == [b"there"]


@pytest.mark.parametrize("chain", [(), ("b.other.",)], ids=["direct", "alias"])
@pytest.mark.parametrize("flags", [0, int(dns.flags.RD)], ids=["authority", "resolver"])
def test_nxdomain_counts_whatever_records_come_with_it(chain: tuple[str, ...], flags: int) -> None:
    """RFC 2308 §2.1, and RFC 6604 §3 for the end of a chain: unbound and BIND hand the NXDOMAIN on."""

    def respond(query: dns.message.Message, via: str) -> Reply:
        names = ("a.example.", *chain)
        aliases = [f"{name} 60 IN CNAME {end}" for name, end in itertools.pairwise(names)]
        response = answer(query, *aliases, f"{names[-1]} 60 IN TXT there")
        response.set_rcode(dns.rcode.NXDOMAIN)
        return response

    found = ask_fakes("a.example", "TXT", respond, flags=flags)
    assert (found.status, found.rdatas) == ("nxdomain", ())


def test_records_of_other_names_in_the_answer_are_not_taken() -> None:
    found = ask_fakes("a.example", "TXT", lambda query, via: answer(query, "b.example. 60 IN TXT other"))
    assert found.status == "nodata"


def test_a_huge_answer_of_aliases_takes_no_time() -> None:
    def respond(query: dns.message.Message, via: str) -> Reply:
        if via == "udp":
            return answer(query, flags=dns.flags.TC)
        return answer(query, *(f"n{number}.e. 60 IN CNAME n{number + 1}.e." for number in range(2000)))

    found = ask_fakes("n0.e", "TXT", respond)
    assert found.status == "failed"
