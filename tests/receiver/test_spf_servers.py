"""The trees as BIND and Knot serve them, asked over the network; and servers that are broken."""

import asyncio
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.rcode
import pytest

from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.question import Server
from elastx_mrs.receiver.spf import Result, check_host
from elastx_mrs.receiver.spf_tree import Tree, expand
from tests.lookup.fakes import Dns
from tests.lookup.nets import Daemon, Reply, Respond, answer, authorities, dead, fake, impatient, net

RECORDS = {
    "plain.example": ["TXT v=spf1 ip4:192.0.2.0/24 -all"],
    "mail.example": ["A 198.51.100.1", "AAAA 2001:db8::1"],
    "neutral.example": ["TXT v=spf1 ?include:plain.example -all"],
    "to.example": ["TXT v=spf1 a:mail.example redirect=plain.example"],
    "all.example": ["TXT v=spf1 redirect=plain.example -all"],
    "ten.example": ["TXT v=spf1" + " include:plain.example" * 10 + " -all"],
    "eleven.example": ["TXT v=spf1" + " include:plain.example" * 10 + " redirect=plain.example"],
    "exp.example": ["TXT v=spf1 mx -all exp=explain.example", "MX 10 mail.example"],
    "many.example": ["TXT v=spf1 mx -all", *(f"MX {index} m{index}.example" for index in range(10))],
    "hundred.example": ["TXT v=spf1 mx -all", *(f"MX {index} m{index}.example" for index in range(11))],
    "void.example": ["TXT v=spf1 include:nested.example -all"],
    "nested.example": ["TXT v=spf1 a:none.example a:plain.example -all"],
    "after.example": ["TXT v=spf1 include:syntax.example -all"],
    "syntax.example": ["TXT v=spf1 -all moo"],
    "two.example": ["TXT v=spf1 mx -all", "TXT v=spf1 -all", "TXT something else"],
    "alias.example": ["TXT v=spf1 include:cname.example -all"],
    "cname.example": ["CNAME far.com"],
    "far.com": ["TXT v=spf1 a:mail.example -all"],
    "long.example": ["TXT v=spf1" + " ip4:203.0.113.77" * 80 + " include:plain.example -all", "TXT " + "x" * 1500],
    "macro.example": ["TXT v=spf1 exists:%{ir}.%{l}.%{d} -all"],
    "1.113.0.203.postmaster.macro.example": ["A 127.0.0.2"],
    **{f"m{index}.example": [f"A 198.51.100.{index}", "AAAA 2001:db8::2"] for index in range(11)},
    **{f"ring{index}.example": [f"TXT v=spf1 include:ring{(index + 1) % 10}.example"] for index in range(10)},
    "self.example": ["TXT v=spf1 include:self.example"],
}

NUMBERS = {
    # lookups, voids for IPv4 and IPv6, kinds of problems; None where the number is that of an endless loop
    "neutral.example": (1, (0, 0), []),
    "to.example": (2, (0, 0), []),
    "all.example": (0, (0, 0), []),
    "ten.example": (10, (0, 0), []),
    "eleven.example": (11, (0, 0), ["permerror"]),
    "exp.example": (1, (0, 0), []),
    "many.example": (1, (0, 0), []),
    "hundred.example": (1, (0, 0), ["permerror"]),
    "void.example": (3, (2, 2), []),
    "after.example": (1, (0, 0), ["permerror"]),
    "two.example": (0, (0, 0), ["permerror"]),
    "alias.example": (2, (0, 0), []),
    "long.example": (1, (0, 0), []),
    "macro.example": (1, (0, 0), ["sender"]),
    "none.example": (0, (0, 0), ["none"]),
    "ring0.example": (None, (0, 0), ["permerror", "permerror"]),
    "self.example": (None, (0, 0), ["permerror", "permerror"]),
}

RESULTS = {
    ("neutral.example", "192.0.2.1"): "neutral",
    ("to.example", "198.51.100.1"): "pass",
    ("to.example", "192.0.2.1"): "pass",
    ("all.example", "192.0.2.1"): "fail",
    ("eleven.example", "203.0.113.1"): "permerror",
    ("exp.example", "2001:db8::1"): "pass",
    ("many.example", "198.51.100.9"): "pass",
    ("hundred.example", "198.51.100.1"): "permerror",
    ("alias.example", "198.51.100.1"): "pass",
    ("long.example", "192.0.2.1"): "pass",
    ("macro.example", "203.0.113.1"): "pass",
    ("macro.example", "203.0.113.2"): "fail",
    ("ring0.example", "203.0.113.2"): "permerror",
    ("none.example", "203.0.113.2"): "none",
}


@pytest.fixture(scope="module", params=["bind", "knot"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    daemon = Daemon(request.param, "127.0.0.1", Dns(RECORDS).zones())
    with net(tmp_path_factory.mktemp("spf"), [daemon]) as port:
        yield Server("127.0.0.1", port)


def tree(domain: str, *servers: Server, network: Network | None = None) -> Tree:
    return asyncio.run(expand(authorities(network or Network(), servers).ask, domain))


def result(domain: str, address: str, server: Server) -> Result:
    return asyncio.run(check_host(authorities(Network(), [server]).ask, address, domain))


@pytest.mark.parametrize("domain", NUMBERS)
def test_real_servers_lead_to_the_numbers_counted_by_hand(domain: str, server: Server) -> None:
    lookups, voids, kinds = NUMBERS[domain]
    found = tree(domain, server)
    assert found.lookups == lookups or (lookups is None and found.lookups > 10)
    assert found.voids == voids
    assert [problem.kind for problem in found.problems()] == kinds


@pytest.mark.parametrize(("domain", "address"), RESULTS)
def test_real_servers_lead_to_the_results_of_the_standard(domain: str, address: str, server: Server) -> None:
    found = result(domain, address, server)
    assert found.result == RESULTS[domain, address], found.reason


def test_no_question_is_sent_twice(server: Server) -> None:
    network = Network()
    tree("ten.example", server, network=network)
    assert network.sent == 2


def test_an_answer_too_long_for_udp_is_read_whole(server: Server) -> None:
    found = tree("long.example", server)
    assert len(found.found.text) > 1232
    assert found.found.text == RECORDS["long.example"][0].removeprefix("TXT ")


def silent(query: dns.message.Message, via: str) -> Reply:
    return None


def failing(query: dns.message.Message, via: str) -> Reply:
    response = dns.message.make_response(query)
    response.set_rcode(dns.rcode.SERVFAIL)
    return response


def rubbish(query: dns.message.Message, via: str) -> Reply:
    return query.id.to_bytes(2, "big") + b"\x80" + b"\xff" * 40


def lame(query: dns.message.Message, via: str) -> Reply:
    return dns.message.make_response(query)  # without AA: it does not serve the zone


def truncating(query: dns.message.Message, via: str) -> Reply:
    return answer(query, flags=dns.flags.AA | dns.flags.TC)


def good(query: dns.message.Message, via: str) -> Reply:
    return answer(query, f'{query.question[0].name} 60 IN TXT "v=spf1 ip4:192.0.2.1 -all"')


def by_tcp(query: dns.message.Message, via: str) -> Reply:
    return good(query, via) if via == "tcp" else truncating(query, via)


async def both(*servers: Server) -> tuple[Tree, Result]:
    ask = authorities(impatient(0.2, tries=1), servers).ask
    return await expand(ask, "example.com"), await check_host(ask, "192.0.2.1", "example.com")


@pytest.mark.parametrize(
    ("respond", "problem"),
    [
        (silent, "did not answer in 0.2 s"),
        (failing, "answered SERVFAIL"),
        (rubbish, ""),
        (lame, ""),
        (truncating, "sent a truncated answer"),
    ],
)
def test_a_broken_server_is_temperror_and_never_none(respond: Respond, problem: str) -> None:
    async def work() -> None:
        async with fake(respond) as broken:
            found, result = await both(broken.server)
        assert [problem.kind for problem in found.problems()] == ["temperror"]
        assert problem in found.problems()[0].text
        assert result.result == "temperror"
        assert problem in result.reason

    asyncio.run(work())


@pytest.mark.parametrize("respond", [silent, failing, rubbish, lame, truncating])
def test_another_server_that_works_is_enough(respond: Respond) -> None:
    async def work() -> None:
        async with fake(respond) as broken, fake(good) as working:
            found, result = await both(dead(), broken.server, working.server)
        assert found.problems() == []
        assert result.result == "pass"

    asyncio.run(work())


def test_a_truncated_answer_is_queried_over_tcp() -> None:
    async def work() -> None:
        async with fake(by_tcp) as server:
            found, result = await both(server.server)
        assert found.problems() == []
        assert result.result == "pass"

    asyncio.run(work())


def test_one_broken_server_deep_in_the_tree_is_named_with_its_path() -> None:
    def deep(query: dns.message.Message, via: str) -> Reply:
        name = query.question[0].name.to_text()
        lead = {"example.com.": "v=spf1 include:a.example -all", "a.example.": "v=spf1 include:b.example -all"}
        return answer(query, f'{name} 60 IN TXT "{lead[name]}"') if name in lead else failing(query, via)

    async def work() -> None:
        async with fake(deep) as server:
            found, result = await both(server.server)
        (problem,) = found.problems()
        assert problem.kind == "temperror"
        assert problem.path == ("example.com", "include:a.example", "include:b.example")
        assert "answered SERVFAIL" in problem.text
        assert result.result == "temperror"

    asyncio.run(work())
