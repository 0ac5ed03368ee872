"""Finds authoritative servers on a private Internet of BIND and Knot, each on its own loopback address."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from elastx_mrs import limits
from elastx_mrs.lookup.delegation import GivenServers
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.question import LookupFailure, Question, Server
from elastx_mrs.lookup.roots import ROOT_SERVERS
from elastx_mrs.lookup.walk import Cut, Delegations, NameServer
from tests.lookup.nets import Reply, answer, fake, fakes, net, steady
from tests.receiver.tree import COMPANY, DAEMONS, OTHER, ROOT, TOP


class Counting(Network):
    def __init__(self) -> None:
        super().__init__(patience=steady(10))
        self.asked: Counter[str] = Counter()

    async def _sent(
        self, server: Server, question: Question, seconds: float, pauses: Sequence[float]
    ) -> dns.message.Message:
        self.asked[server.host] += 1
        return await super()._sent(server, question, seconds, pauses)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with net(tmp_path_factory.mktemp("tree"), DAEMONS) as common:
        yield common


def cut(port: int, name: str, network: Network | None = None) -> Cut:
    return asyncio.run(Delegations(network or Counting(), [Server(ROOT, port)]).cut(name))


def child(port: int, owner: str, zone: str) -> str | None:
    return asyncio.run(Delegations(Counting(), [Server(ROOT, port)]).child_zone(owner, zone))


def addresses(found: Cut) -> dict[str, list[str]]:
    return {server.name: [address.host for address in server.addresses] for server in found.servers}


def test_a_zone_is_found_with_all_its_servers(port: int) -> None:
    found = cut(port, "Example.COM.")
    assert found == Cut(
        "example.com",
        "example.com",
        (
            NameServer("ns1.example.com", (Server(COMPANY, port),)),
            NameServer("ns2.example.com", (Server("127.0.0.5", port),)),
        ),
        "zone",
    )
    assert str(found.servers[0].addresses[0]) == f"ns1.example.com ({COMPANY}:{port})"


@pytest.mark.parametrize(
    ("name", "zone", "end"),
    [
        ("", "", "zone"),
        ("com", "com", "zone"),
        ("test", "test", "zone"),
        ("a.root-servers.test", "test", "name"),
        ("mail.example.com", "example.com", "name"),
        ("empty.example.com", "example.com", "name"),
        ("below.empty.example.com", "example.com", "name"),
        ("_dmarc.example.com", "example.com", "nxdomain"),
        ("elastx._domainkey.example.com", "example.com", "nxdomain"),
        ("child.example.com", "child.example.com", "zone"),
        ("_dmarc.child.example.com", "child.example.com", "nxdomain"),
        ("same.com", "same.com", "zone"),
        ("x.inner.same.com", "inner.same.com", "nxdomain"),
        ("nosuch.com", "com", "nxdomain"),
        ("www.nosuch.com", "com", "nxdomain"),
        ("nosuch", "", "nxdomain"),
        ("half.com", "half.com", "zone"),
        ("x.half.com", "half.com", "nxdomain"),
    ],
)
def test_the_deepest_zone_and_its_answer_for_the_name(port: int, name: str, zone: str, end: str) -> None:
    found = cut(port, name)
    assert (found.zone, found.end, found.alias) == (zone, end, "")


@pytest.mark.parametrize(
    ("name", "end", "alias", "target"),
    [
        ("alias.example.com", "cname", "alias.example.com", "www.example.se"),
        ("x.wild.example.com", "cname", "x.wild.example.com", "mail.example.com"),
        ("moved.example.com", "name", "", ""),
        ("www.moved.example.com", "dname", "moved.example.com", "example.se"),
        ("a.b.c.moved.example.com", "dname", "moved.example.com", "example.se"),
        ("below.alias.example.com", "nxdomain", "", ""),
    ],
)
def test_an_alias_is_reported_and_not_followed(port: int, name: str, end: str, alias: str, target: str) -> None:
    found = cut(port, name)
    assert (found.zone, found.end, found.alias, found.target) == ("example.com", end, alias, target)


def test_servers_without_glue_are_looked_up_by_the_same_walk(port: int) -> None:
    found = cut(port, "glueless.com")
    assert addresses(found) == {"ns.example.se": [OTHER, "2001:db8::53"]}
    deeper = cut(port, "sub.glueless.com")
    assert (deeper.zone, addresses(deeper)) == ("sub.glueless.com", {"ns.child.example.com": [OTHER]})


def test_a_dead_address_is_skipped(port: int) -> None:
    network = Counting()
    assert cut(port, "x.half.com", network).zone == "half.com"
    assert network.asked["127.0.0.5"] == 1


def test_a_zone_with_dead_servers_is_still_delegated(port: int) -> None:
    assert cut(port, "dead.com").end == "zone"
    with pytest.raises(LookupFailure) as caught:
        cut(port, "_dmarc.dead.com")
    assert str(caught.value) == f"dead.com: ns1.dead.com (127.0.0.9:{port}) refused the connection"


def test_a_lame_server_is_named(port: int) -> None:
    with pytest.raises(LookupFailure) as caught:
        cut(port, "x.lame.com")
    told = "refers to others for x.lame.com: it does not serve that name"
    assert str(caught.value) == f"lame.com: ns1.lame.com ({TOP}:{port}) {told}"


def test_delegations_that_wait_on_each_other_end(port: int) -> None:
    found = cut(port, "loop-a.com")
    assert found.end == "zone"
    circle = "its address depends on itself: ns.loop-b.com -> ns.loop-a.com -> ns.loop-b.com"
    assert [(server.addresses, circle in server.problem) for server in found.servers] == [((), True)]
    with pytest.raises(LookupFailure, match=circle):
        cut(port, "_dmarc.loop-a.com")


def test_both_sides_of_a_loop_can_be_walked_at_once(port: int) -> None:
    async def work() -> list[Cut]:
        walks = Delegations(Counting(), [Server(ROOT, port)])
        names = ["loop-a.com", "loop-b.com"] * 3
        return await asyncio.wait_for(asyncio.gather(*(walks.cut(name) for name in names)), 60)

    assert [found.end for found in asyncio.run(work())] == ["zone"] * 6


def test_missing_glue_is_reported(port: int) -> None:
    found = cut(port, "unglued.com")
    assert "its address depends on itself: ns.unglued.com -> ns.unglued.com" in found.servers[0].problem


def test_a_name_server_that_is_an_alias_is_reported(port: int) -> None:
    found = cut(port, "aliased.com")
    assert "alias.example.com is an alias, which no name server may be (RFC 2181 §10.3)" in found.servers[0].problem


def test_five_hundred_names_ask_their_parents_once(port: int) -> None:
    network = Counting()
    authorities = Delegations(network, [Server(ROOT, port)])

    async def work() -> list[str | None]:
        owners = [f"_dmarc.n{number}.example.com" for number in range(500)]
        return await asyncio.gather(*(authorities.child_zone(owner, "example.com") for owner in owners))

    assert set(asyncio.run(work())) == {None}
    assert (network.asked[ROOT], network.asked[TOP]) == (1, 1)


@pytest.mark.parametrize(
    ("owner", "zone", "expected"),
    [
        ("_dmarc.example.com", "example.com", None),
        ("example.com", "example.com", None),
        ("_dmarc.child.example.com", "example.com", "child.example.com"),
        ("child.example.com", "example.com", "child.example.com"),
        ("_dmarc.child.example.com", "child.example.com", None),
        ("x.inner.same.com", "same.com", "inner.same.com"),
        ("x.inner.same.com", "com", "same.com"),
        ("_dmarc.nosuch.com", "nosuch.com", None),
        ("www.moved.example.com", "example.com", None),
        ("_dmarc.dead.com", "com", "dead.com"),
    ],
)
def test_a_child_zone_between_is_found_by_delegation(port: int, owner: str, zone: str, expected: str | None) -> None:
    assert child(port, owner, zone) == expected


@pytest.mark.parametrize(
    ("owner", "zone", "expected"),
    [
        ("_dmarc.example.com", "example.com", None),
        ("example.com", "example.com", None),
        ("_dmarc.child.example.com", "example.com", "child.example.com"),
        ("_dmarc.child.example.com", "child.example.com", None),
        ("x.inner.same.com", "same.com", "inner.same.com"),
        ("_dmarc.nosuch.com", "nosuch.com", None),
        ("alias.example.com", "example.com", None),
        ("circle-a.example.se", "example.se", None),
        ("www.moved.example.com", "example.com", None),
        ("www.example.se", "example.se", None),
    ],
)
def test_a_child_zone_between_is_found_by_configured_servers(
    port: int, owner: str, zone: str, expected: str | None
) -> None:
    servers = [Server(host, port) for host in (COMPANY, OTHER, TOP)]
    assert asyncio.run(GivenServers(Counting(), servers).child_zone(owner, zone)) == expected


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("_dmarc.example.com", "example.com"),
        ("x.child.example.com", "child.example.com"),
        ("alias.example.com", "example.com"),
    ],
)
def test_the_zone_of_a_name_is_the_same_by_both_ways(port: int, name: str, zone: str) -> None:
    assert cut(port, name).zone == zone
    assert asyncio.run(GivenServers(Counting(), [Server(COMPANY, port)]).child_zone(name, "com")) == zone


def test_configured_servers_that_do_not_serve_the_name_are_named(port: int) -> None:
    servers = [Server("127.0.0.9", port), Server(OTHER, port), Server(ROOT, port)]
    with pytest.raises(LookupFailure) as caught:
        asyncio.run(GivenServers(Counting(), servers).child_zone("_dmarc.example.com", "example.com"))
    assert str(caught.value) == (
        f"127.0.0.9:{port} refused the connection; {OTHER}:{port} answered REFUSED; "
        f"{ROOT}:{port} refers to others for _dmarc.example.com: it does not serve that name"
    )


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".com", "é.com"])
def test_a_name_that_is_invalid_in_dns_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not a name that DNS can hold"):
        asyncio.run(Delegations(Network()).cut(name))


def test_a_server_that_denies_names_with_others_below_does_not_mislead() -> None:
    def respond(query: dns.message.Message, via: str) -> Reply:
        name = query.question[0].name.to_text()
        if name == "www.empty.example.":
            return answer(query)
        if name == "example.":
            return answer(query)
        response = answer(query)
        response.set_rcode(dns.rcode.NXDOMAIN)
        return response

    async def work() -> Cut:
        async with fake(respond) as server:
            return await Delegations(Counting(), [server.server]).cut("www.empty.example")

    assert asyncio.run(work()).end == "name"


def test_a_zone_of_endless_servers_without_glue_is_given_up() -> None:
    def respond(query: dns.message.Message, via: str) -> Reply:
        """Delegate every name to thirty others, as in the NXNSAttack."""
        asked = query.question[0].name
        response = dns.message.make_response(query)
        label = asked.labels[0].decode()
        targets = [f"n{number}.{label[:20]}x{number}.attack." for number in range(30)]
        response.authority.append(dns.rrset.from_text(asked, 60, "IN", "NS", *targets))
        return response

    async def work() -> None:
        async with fake(respond) as server:
            network = Counting()
            with pytest.raises(LookupFailure) as caught:
                await Delegations(network, [server.server]).cut("www.attack")
            assert network.sent <= limits.WALK_QUERIES.most
            assert len(str(caught.value)) < 5000

    asyncio.run(asyncio.wait_for(work(), 60))


def test_addresses_of_names_outside_the_parent_are_not_taken_from_it() -> None:
    """Otherwise a parent could send the walk anywhere, with the name of another zone's server."""

    def respond(query: dns.message.Message, via: str) -> Reply:
        name = query.question[0].name
        response = dns.message.make_response(query)
        if name.to_text() == "example.":
            response.authority.append(dns.rrset.from_text("example.", 60, "IN", "NS", "ns.example."))
            response.additional.append(dns.rrset.from_text("ns.example.", 60, "IN", "A", "127.0.0.1"))
        elif name.to_text() == "victim.example.":
            response.authority.append(dns.rrset.from_text(name, 60, "IN", "NS", "ns.other."))
            response.additional.append(dns.rrset.from_text("ns.other.", 60, "IN", "A", "127.0.0.66"))
        else:
            response.flags |= dns.flags.AA
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response

    async def work() -> Cut:
        async with fake(respond) as server:
            return await Delegations(Counting(), [server.server]).cut("victim.example")

    found = asyncio.run(work())
    assert [server.addresses for server in found.servers] == [()]


@pytest.mark.parametrize("referred", [".", "example.", "other."])
def test_a_referral_that_does_not_lead_down_is_lame(referred: str) -> None:
    def respond(query: dns.message.Message, via: str) -> Reply:
        response = dns.message.make_response(query)
        up = referred if query.question[0].name.to_text() != "example." else "example."
        response.authority.append(dns.rrset.from_text(up, 60, "IN", "NS", "ns.example."))
        response.additional.append(dns.rrset.from_text("ns.example.", 60, "IN", "A", "127.0.0.1"))
        return response

    async def work() -> None:
        async with fakes(respond) as [server]:
            with pytest.raises(LookupFailure, match=r"refers to others for www\.example: it does not serve that name"):
                await Delegations(Counting(), [server.server]).cut("www.example")

    asyncio.run(work())


def test_there_are_thirteen_root_servers() -> None:
    assert len(ROOT_SERVERS) == len({server.host for server in ROOT_SERVERS}) == 26
    assert {server.name for server in ROOT_SERVERS} == {f"{letter}.root-servers.net" for letter in "abcdefghijklm"}
    assert {server.port for server in ROOT_SERVERS} == {53}
