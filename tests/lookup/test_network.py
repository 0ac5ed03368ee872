"""Queries one server: a test server makes the mistakes of servers, on real sockets."""

import asyncio
import gc
import time
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.question import LENGTH, LookupFailure, Question, Server
from elastx_mrs.lookup.transport.wire import UnusableError
from elastx_mrs.records.record import RecordError
from tests.lookup.nets import Reply, answer, dead, fake, fakes, impatient

T = TypeVar("T")

TXT = Question(dns.name.from_text("example.com"), dns.rdatatype.TXT)


def question(name: str) -> Question:
    return Question(dns.name.from_text(name), dns.rdatatype.TXT)


def good(query: dns.message.Message, via: str) -> Reply:
    return answer(query, f'{query.question[0].name} 60 IN TXT "over {via}"')


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run on a separate loop, and check that no socket or task is left over (pytest raises the warnings)."""
    result = asyncio.run(work, debug=True)
    gc.collect()
    return result


async def problem(network: Network, server: Server) -> str:
    with pytest.raises(LookupFailure) as caught:
        await network.exchange(server, TXT)
    assert caught.value.server == server
    assert str(caught.value) == f"{server} {caught.value.problem}"
    return caught.value.problem


def test_an_answer_over_udp_is_returned() -> None:
    async def work() -> None:
        async with fake(good) as server:
            reply = await impatient().exchange(server.server, TXT)
            assert [str(rrset) for rrset in reply.answer] == ['example.com. 60 IN TXT "over udp"']
            assert server.asked == {("example.com.", "TXT", "udp"): 1}

    run(work())


def test_the_query_has_edns_with_1232_octets_and_only_the_given_flags() -> None:
    seen: list[dns.message.Message] = []

    def respond(query: dns.message.Message, via: str) -> Reply:
        seen.append(query)
        return good(query, via)

    async def work() -> None:
        async with fake(respond) as server:
            network = impatient()
            await network.exchange(server.server, TXT)
            await network.exchange(server.server, Question(TXT.name, TXT.rdtype, dns.flags.RD))

    run(work())
    assert [(query.edns, query.payload) for query in seen] == [(0, 1232), (0, 1232)]
    assert [query.flags for query in seen] == [0, dns.flags.RD]


def test_a_truncated_answer_is_queried_over_tcp() -> None:
    def respond(query: dns.message.Message, via: str) -> Reply:
        return good(query, via) if via == "tcp" else answer(query, flags=dns.flags.TC)

    async def work() -> None:
        async with fake(respond) as server:
            reply = await impatient().exchange(server.server, TXT)
            assert [str(rrset) for rrset in reply.answer] == ['example.com. 60 IN TXT "over tcp"']

    run(work())


def test_after_an_unreadable_answer_over_udp_tcp_is_used() -> None:
    def respond(query: dns.message.Message, via: str) -> Reply:
        return good(query, via) if via == "tcp" else query.id.to_bytes(2, "big") + b"\x80\x00\x00\x01rubbish"

    async def work() -> None:
        async with fake(respond) as server:
            reply = await impatient().exchange(server.server, TXT)
            assert [str(rrset) for rrset in reply.answer] == ['example.com. 60 IN TXT "over tcp"']

    run(work())


@pytest.mark.parametrize(
    ("over_tcp", "told"),
    [
        (lambda query: answer(query, flags=dns.flags.TC), "sent a truncated answer, even over TCP"),
        (
            lambda query: b"rubbish",
            "sent a truncated answer over UDP, and over TCP sent an answer that cannot be read",
        ),
        (
            lambda query: answer(dns.message.make_query("example.org", "TXT", id=query.id)),
            "sent a truncated answer over UDP, and over TCP answered another question",
        ),
        (lambda query: None, "sent a truncated answer over UDP, and over TCP closed the connection without an answer"),
    ],
)
def test_a_server_that_fails_over_tcp_too_is_reported(over_tcp: Any, told: str) -> None:
    def respond(query: dns.message.Message, via: str) -> Reply:
        reply: Reply = over_tcp(query) if via == "tcp" else answer(query, flags=dns.flags.TC)
        return reply

    async def work() -> str:
        async with fake(respond) as server:
            return await problem(impatient(), server.server)

    assert run(work()) == told


@pytest.mark.parametrize("records", [(), ("a.example. 60 IN TXT there",)], ids=["alone", "with records"])
@pytest.mark.parametrize("code", [dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.BADVERS])
def test_an_error_code_is_a_failure_at_once(code: dns.rcode.Rcode, records: tuple[str, ...]) -> None:
    def respond(query: dns.message.Message, via: str) -> Reply:
        response = answer(query, *records)
        response.set_rcode(code)
        return response

    async def work() -> None:
        async with fake(respond) as server:
            network = impatient()
            for _ in range(2):  # the second time it is remembered
                with pytest.raises(LookupFailure, match=f"answered {code.name}$") as caught:
                    await network.exchange(server.server, TXT)
                assert caught.value.rcode == code
            assert server.queries == 1

    run(work())


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (dns.edns.EDEOption("7", "old\x1b"), r"answered SERVFAIL (EDE 7 (Signature Expired): old\027)"),
        (dns.edns.EDEOption("6"), "answered SERVFAIL (EDE 6 (DNSSEC Bogus))"),
        (dns.edns.EDEOption("49152", "x" * 900), "answered SERVFAIL (EDE 49152: " + "x" * (LENGTH - 11) + ")"),
    ],
)
def test_a_server_s_reason_for_its_failure_is_shown_as_visible_text(error: dns.edns.EDEOption, told: str) -> None:
    """RFC 8914."""

    def respond(query: dns.message.Message, via: str) -> Reply:
        response = answer(query)
        response.set_rcode(dns.rcode.SERVFAIL)
        response.use_edns(0, payload=1232, options=[error])
        return response

    async def work() -> str:
        async with fake(respond) as server:
            return await problem(impatient(), server.server)

    assert run(work()) == told


def test_nxdomain_is_an_answer() -> None:
    def respond(query: dns.message.Message, via: str) -> Reply:
        response = answer(query)
        response.set_rcode(dns.rcode.NXDOMAIN)
        return response

    async def work() -> None:
        async with fake(respond) as server:
            assert (await impatient().exchange(server.server, TXT)).rcode() == dns.rcode.NXDOMAIN

    run(work())


def test_a_server_without_edns_is_queried_without() -> None:
    def respond(query: dns.message.Message, via: str) -> Reply:
        if query.edns < 0:
            return good(query, via)
        return query.id.to_bytes(2, "big") + b"\x80\x01" + bytes(8)  # FORMERR, the header alone

    async def work() -> None:
        async with fake(respond) as server:
            assert (await impatient().exchange(server.server, TXT)).answer

    run(work())


def test_silence_is_reported_with_its_time_and_tries() -> None:
    async def work() -> None:
        async with fake(lambda query, via: None) as server:
            assert await problem(impatient(0.2), server.server) == "did not answer in 0.4 s, asked 2 times"
            assert server.queries == 2

    run(work())


def test_a_lost_packet_is_sent_again() -> None:
    lost: list[dns.message.Message] = []

    def respond(query: dns.message.Message, via: str) -> Reply:
        if not lost:
            lost.append(query)
            return None
        return good(query, via)

    async def work() -> None:
        async with fake(respond) as server:
            assert (await impatient(0.5).exchange(server.server, TXT)).answer

    run(work())


@pytest.mark.parametrize(
    "other",
    [
        lambda query: answer(dns.message.make_query("example.com", "TXT", id=(query.id + 1) % 65536)),
        lambda query: answer(dns.message.make_query("example.org", "TXT", id=query.id)),
        lambda query: answer(dns.message.make_query("example.com", "A", id=query.id)),
        lambda query: query,
        lambda query: b"",
    ],
    ids=["wrong ID", "wrong name", "wrong type", "the query itself", "nothing"],
)
def test_a_packet_that_does_not_answer_the_query_is_ignored(other: Any) -> None:
    async def work() -> None:
        async with fake(lambda query, via: other(query)) as server:
            assert await problem(impatient(0.2, tries=1), server.server) == "did not answer in 0.2 s"

    run(work())


def test_a_closed_port_is_reported_at_once() -> None:
    async def work() -> None:
        began = time.monotonic()
        assert await problem(impatient(30), dead()) == "refused the connection"
        assert time.monotonic() - began < 15

    run(work())


def test_no_query_is_sent_twice_in_turn_or_at_once() -> None:
    async def work() -> None:
        async with fake(good, delay=0.05) as server:
            network = impatient(5)
            names = ["example.com", "EXAMPLE.com", "example.com"]
            await asyncio.gather(*(network.exchange(server.server, question(name)) for name in names))
            await network.exchange(Server(server.host, server.port, "ns1.example.com"), TXT)
            assert server.queries == network.sent == 1

    run(work())


def test_a_failure_is_remembered_too() -> None:
    async def work() -> None:
        async with fake(lambda query, via: None) as server:
            network = impatient(0.2, tries=1)
            assert await problem(network, server.server) == await problem(network, server.server)
            assert server.queries == 1

    run(work())


def test_queries_in_flight_are_limited_over_all_servers_and_for_each() -> None:
    async def work() -> None:
        async with fake(good, delay=0.05) as one, fake(good, delay=0.05) as two:
            network = impatient(20, in_flight=7, per_server=5)
            await asyncio.gather(
                *(network.exchange(one.server, question(f"n{n}.example")) for n in range(30)),
                *(network.exchange(two.server, question(f"n{n}.example")) for n in range(30)),
            )
            assert one.queries == two.queries == 30
            assert one.most_at_once <= 5
            assert two.most_at_once <= 5
            assert 5 < one.most_at_once + two.most_at_once <= 10

    run(work())


def test_the_bound_over_all_servers_holds() -> None:
    at_once, most = 0, 0

    class Watched(Network):
        async def _sent(
            self, server: Server, question: Question, seconds: float, pauses: Sequence[float]
        ) -> dns.message.Message:
            nonlocal at_once, most
            at_once += 1
            most = max(most, at_once)
            try:
                return await super()._sent(server, question, seconds, pauses)
            finally:
                at_once -= 1

    async def work() -> None:
        async with fakes(*[good] * 4) as servers:
            network = Watched(in_flight=3, per_server=3)
            for server in servers:
                server.delay = 0.02
            await asyncio.gather(
                *(network.exchange(server.server, question(f"n{n}.example")) for server in servers for n in range(5))
            )

    run(work())
    assert most == 3


def test_a_slow_server_does_not_delay_others() -> None:
    async def work() -> None:
        async with fake(lambda query, via: None) as slow, fake(good) as quick:
            network = impatient(60, in_flight=3, per_server=2)
            waiting = [asyncio.create_task(network.exchange(slow.server, question(f"n{n}.example"))) for n in range(9)]
            await asyncio.sleep(0)
            await asyncio.wait_for(network.exchange(quick.server, TXT), 30)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    run(work())


def test_a_dead_server_costs_its_time_out_once() -> None:
    async def work() -> None:
        async with fake(lambda query, via: None) as server:
            network = impatient(0.2, per_server=2)
            told = await asyncio.gather(
                *(network.exchange(server.server, question(f"n{n}.example")) for n in range(40)), return_exceptions=True
            )
            problems = {failure.problem for failure in told if isinstance(failure, LookupFailure)}
            assert problems == {
                "did not answer in 0.4 s, asked 2 times",
                "answered no query in the last 30 s",
            }
            assert server.queries <= 8

    run(work())


def test_a_server_that_ignores_one_query_still_gets_others() -> None:
    def respond(query: dns.message.Message, via: str) -> Reply:
        return None if query.question[0].name == TXT.name else good(query, via)

    async def work() -> None:
        async with fake(respond) as server:
            network = impatient(0.5)
            silent = asyncio.create_task(problem(network, server.server))
            await asyncio.sleep(0.1)
            assert (await network.exchange(server.server, question("a.example"))).answer
            assert await silent == "did not answer in 1 s, asked 2 times"
            assert (await network.exchange(server.server, question("b.example"))).answer

    run(work())


def test_one_name_without_an_answer_does_not_affect_others() -> None:
    """A server may have zones of anybody; one name without answers must not exclude the others."""

    def respond(query: dns.message.Message, via: str) -> Reply:
        return None if query.question[0].name == TXT.name else good(query, via)

    async def work() -> None:
        async with fake(respond) as server:
            network = impatient(0.2)
            assert (await network.exchange(server.server, question("before.example"))).answer
            assert await problem(network, server.server) == "did not answer in 0.4 s, asked 2 times"
            assert (await network.exchange(server.server, question("after.example"))).answer

    run(work())


def test_servers_are_queried_in_order_until_one_is_usable() -> None:
    def servfail(query: dns.message.Message, via: str) -> Reply:
        response = answer(query)
        response.set_rcode(dns.rcode.SERVFAIL)
        return response

    def read(reply: dns.message.Message) -> str:
        if not reply.answer:
            raise UnusableError("says nothing")
        return str(reply.answer[0][0])

    async def work() -> None:
        async with fakes(servfail, lambda query, via: answer(query), good, good) as servers:
            asked = [server.server for server in servers]
            network = impatient()
            assert await network.first(asked, TXT, read) == '"over udp"'
            assert [server.queries for server in servers] == [1, 1, 1, 0]
            with pytest.raises(LookupFailure) as caught:
                await network.first(asked[:2], TXT, read)
            assert str(caught.value) == f"{asked[0]} answered SERVFAIL; {asked[1]} says nothing"

    run(work())


def test_no_server_at_all_is_a_failure() -> None:
    with pytest.raises(LookupFailure, match="there is no server to query"):
        run(impatient().first([], TXT, str))


def test_a_cancelled_query_leaves_nothing_behind_and_can_be_repeated() -> None:
    async def work() -> None:
        async with fake(good, delay=0.3) as server:
            network = impatient(20)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await network.exchange(server.server, TXT)
            assert not [task for task in asyncio.all_tasks() if "Network._asked" in repr(task.get_coro())]
            assert (await network.exchange(server.server, TXT)).answer

    run(work())


def test_one_that_gives_up_does_not_take_the_answer_from_another() -> None:
    async def work() -> None:
        async with fake(good, delay=0.2) as server:
            network = impatient(20)
            first = asyncio.create_task(network.exchange(server.server, TXT))
            second = asyncio.create_task(network.exchange(server.server, TXT))
            await asyncio.sleep(0.05)
            first.cancel()
            assert (await second).answer
            assert first.cancelled()
            assert server.queries == 1

    run(work())


def test_one_network_serves_one_event_loop_after_the_other() -> None:
    network = impatient(20, per_server=1)

    async def work(name: str) -> None:
        async with fake(good) as server:
            questions = [question(f"{n}.{name}") for n in range(3)]
            replies = await asyncio.gather(*(network.exchange(server.server, asked) for asked in questions))
            assert all(reply.answer for reply in replies)

    run(work("a.example"))
    run(work("b.example"))


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("192.0.2.1", "192.0.2.1", 53),
        ("192.0.2.1:5353", "192.0.2.1", 5353),
        ("2001:db8::1", "2001:db8::1", 53),
        ("[2001:db8::1]", "2001:db8::1", 53),
        ("[2001:DB8::1]:5353", "2001:db8::1", 5353),
    ],
)
def test_a_server_is_read_from_its_address(text: str, host: str, port: int) -> None:
    assert Server.parse(text) == Server(host, port)
    assert Server.parse(str(Server.parse(text))) == Server(host, port)


@pytest.mark.parametrize("text", ["", "ns1.example.com", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.256"])
def test_an_invalid_address_is_refused_with_the_right_form(text: str) -> None:
    with pytest.raises(RecordError, match=r"write 192\.0\.2\.1"):
        Server.parse(text)


@given(st.one_of(st.text(), st.text(alphabet="0123456789abcdef.:[]% \n", max_size=60)))
def test_no_text_raises_anything_else_and_what_is_read_is_written_the_same(text: str) -> None:
    try:
        server = Server.parse(text)
    except RecordError as error:
        shown = str(error)
    else:
        shown = ""
        assert 0 < server.port < 65536
        assert Server.parse(str(server)) == server
    assert not shown or shown.isprintable()


def test_a_server_is_shown_with_its_name() -> None:
    assert str(Server("192.0.2.1", 53, "ns1.example.com")) == "ns1.example.com (192.0.2.1)"
    assert str(Server("2001:db8::1", 5353)) == "[2001:db8::1]:5353"


@given(st.binary(max_size=80))
def test_no_octets_from_a_server_raise_anything_else(octets: bytes) -> None:
    async def work() -> str:
        async with fake(lambda query, via: query.id.to_bytes(2, "big") + octets) as server:
            try:
                return str(await impatient(0.02, tries=1).exchange(server.server, TXT))
            except LookupFailure as failure:
                return failure.problem

    assert asyncio.run(work())
