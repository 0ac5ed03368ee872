"""What goes over the wire: queries as dnspython writes them, ports and IDs that nobody can predict, no socket left."""

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs.lookup import budget
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.question import LookupFailure, Question, Server
from elastx_mrs.lookup.transport.pool import USES
from elastx_mrs.lookup.transport.wire import Query
from tests.lookup.nets import answer, dead, impatient

NAME = dns.name.from_text("example.com")
TXT = dns.rdatatype.TXT


labels = st.binary(min_size=1, max_size=12)
names = st.lists(labels, max_size=8).map(lambda found: dns.name.Name([*found, b""]))
rdtypes = st.sampled_from([TXT, dns.rdatatype.A, dns.rdatatype.NS, dns.rdatatype.SOA, dns.rdatatype.MX])
flags = st.sampled_from([0, int(dns.flags.RD)])


def question(number: int) -> Question:
    return Question(dns.name.from_text(f"n{number}.example.com"), TXT)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run, and see to it that no socket is left, nor a warning of one (pytest raises them)."""
    before = open_files()
    asyncio.run(work, debug=True)
    gc.collect()
    assert open_files() == before


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


Respond = Callable[[dns.message.Message], list[dns.message.Message]]


@dataclass
class Peer(asyncio.DatagramProtocol):
    """A server that notes the port and the ID of each query, and answers after a while."""

    respond: Respond
    delay: float
    seen: list[tuple[int, int]] = field(default_factory=list)
    waiting: Counter[int] = field(default_factory=Counter)
    most_at_once: int = 0
    most_at_one_port: int = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        self.seen.append((addr[1], query.id))
        self.waiting[addr[1]] += 1
        self.most_at_once = max(self.most_at_once, self.waiting.total())
        self.most_at_one_port = max(self.most_at_one_port, *self.waiting.values())
        asyncio.get_running_loop().call_later(self.delay, self.reply, query, addr)

    def reply(self, query: dns.message.Message, addr: tuple[str, int]) -> None:
        self.waiting[addr[1]] -= 1
        for reply in self.respond(query):
            self.transport.sendto(reply.to_wire(), addr)

    @property
    def server(self) -> Server:
        return Server(*self.transport.get_extra_info("sockname"))

    @property
    def ports(self) -> Counter[int]:
        return Counter(port for port, _ in self.seen)


@asynccontextmanager
async def peer(respond: Respond, delay: float = 0.0) -> AsyncIterator[Peer]:
    loop = asyncio.get_running_loop()
    transport, made = await loop.create_datagram_endpoint(lambda: Peer(respond, delay), local_addr=("127.0.0.1", 0))
    try:
        yield made
    finally:
        transport.close()


def good(query: dns.message.Message) -> list[dns.message.Message]:
    return [answer(query, f'{query.question[0].name} 60 IN TXT "good"')]


async def ask(network: Network, server: Server, numbers: range) -> None:
    replies = await asyncio.gather(*(network.exchange(server, question(number)) for number in numbers))
    assert [reply.question[0].name for reply in replies] == [question(number).name for number in numbers]


@given(names, rdtypes, flags)
def test_a_query_is_what_dnspython_makes(name: dns.name.Name, rdtype: dns.rdatatype.RdataType, flags: int) -> None:
    with_edns = Query.make(name, rdtype, flags)
    theirs = dns.message.make_query(name, rdtype, use_edns=0, payload=1232, flags=flags)
    assert with_edns.wire[2:] == theirs.to_wire()[2:]
    assert with_edns.message().id == int.from_bytes(with_edns.wire[:2], "big")
    without = Query.make(name, rdtype, flags, opt=b"")
    assert without.wire[2:] == dns.message.make_query(name, rdtype, flags=flags).to_wire()[2:]


def test_ids_are_drawn_from_all_16_bits() -> None:
    drawn = {int.from_bytes(Query.make(NAME, TXT, 0).wire[:2], "big") for _ in range(2000)}
    assert len(drawn) > 1900  # 1,970 on average; below this once in many lifetimes
    assert min(drawn) < 2000
    assert max(drawn) > 63000


others = st.sampled_from(["example.com", "EXAMPLE.com", "example.org", "a.example.com"])


@given(
    others,
    rdtypes,
    st.sampled_from(["IN", "CH"]),
    st.sampled_from([dns.flags.QR, dns.flags.QR | dns.flags.AA, 0]),
    st.sampled_from([0, 0x0800, 0x2000]),
    st.sampled_from(range(6)),
    st.sampled_from([0, 1, 2]),
)
def test_what_is_an_answer_is_as_dnspython_sees_it(
    name: str, rdtype: dns.rdatatype.RdataType, rdclass: str, flags: int, opcode: int, code: int, questions: int
) -> None:
    query = Query.make(NAME, TXT, 0)
    other = dns.message.make_query(name, rdtype, rdclass, id=query.message().id)
    other.question = other.question * questions
    other.flags = dns.flags.Flag(flags | opcode | code)
    message = dns.message.from_wire(other.to_wire())
    assert query.is_answered_by(message) == query.message().is_response(message)


def test_of_an_answer_with_txt_records_only_those_are_read() -> None:
    query = Query.make(NAME, TXT, 0)
    reply = answer(query.message(), 'example.com. 60 IN TXT "one"')
    reply.authority = answer(query.message(), "example.com. 60 IN NS ns1.example.com.").answer
    reply.additional = answer(query.message(), "ns1.example.com. 60 IN A 192.0.2.1").answer
    found = query.read(reply.to_wire())
    assert found.answer == reply.answer
    assert (found.id, found.flags, found.question) == (reply.id, reply.flags, reply.question)
    assert not found.authority
    assert not found.additional


@pytest.mark.parametrize("options", [[], [dns.edns.GenericOption("65001", b"some")]], ids=["bare", "options"])
@pytest.mark.parametrize("code", [dns.rcode.NOERROR, dns.rcode.BADVERS, dns.rcode.BADCOOKIE])
def test_the_code_is_read_in_full_beside_txt_records(code: dns.rcode.Rcode, options: list[dns.edns.Option]) -> None:
    """RFC 6891 §6.1.3: the upper bits of the code are in the OPT record."""
    query = Query.make(NAME, TXT, 0)
    reply = answer(query.message(), 'example.com. 60 IN TXT "one"')
    reply.use_edns(0, payload=1232, options=options)
    reply.set_rcode(code)
    assert query.read(reply.to_wire()).rcode() == code


@pytest.mark.parametrize(
    ("rdtype", "record"),
    [
        (TXT, "example.com. 60 IN CNAME a.example.com."),
        (dns.rdatatype.NS, "example.com. 60 IN NS ns1.example.com."),
        (TXT, ""),
    ],
)
def test_other_answers_are_read_to_their_end(rdtype: dns.rdatatype.RdataType, record: str) -> None:
    query = Query.make(NAME, rdtype, 0)
    reply = answer(query.message(), *([record] if record else []))
    reply.authority = answer(
        query.message(), "example.com. 60 IN SOA ns1.example.com. mail.example.com. 1 2 3 4 5"
    ).answer
    reply.additional = answer(query.message(), "ns1.example.com. 60 IN A 192.0.2.1").answer
    found = query.read(reply.to_wire())
    assert found.to_wire() == reply.to_wire()


@pytest.mark.parametrize("at_once", [1, 5])
@pytest.mark.parametrize("bounded", [False, True], ids=["by itself", "in a budget"])
def test_a_port_is_used_again_and_not_too_often(bounded: bool, at_once: int) -> None:
    async def work() -> None:
        async with peer(good) as server:
            with budget.budget("asking", 60) if bounded else nullcontext():
                await ask(impatient(20, per_server=at_once), server.server, range(USES * 8))
            # The kernel may draw a port again, once in some thousand times: for that, one less and twice as often.
            assert max(server.ports.values()) in (USES, 2 * USES)
            assert 7 <= len(server.ports) <= 13  # eight, and the few that were open when there was no more to ask

    run(work())


def test_a_port_has_one_query_at_a_time() -> None:
    async def work() -> None:
        async with peer(good, delay=0.02) as server:
            await ask(impatient(20, per_server=20), server.server, range(200))
            assert server.most_at_once > 1
            assert server.most_at_one_port == 1

    run(work())


def test_the_port_of_a_query_that_was_not_answered_is_not_used_again() -> None:
    async def work() -> None:
        async with peer(lambda query: []) as server:
            network = impatient(0.1, 3, per_server=1)
            with pytest.raises(LookupFailure):
                await network.exchange(server.server, question(1))
            assert len(server.ports) >= 2  # three, unless the kernel drew one again

    run(work())


def test_what_arrives_twice_or_late_is_not_for_the_next_query() -> None:
    before: list[dns.message.Message] = []

    def respond(query: dns.message.Message) -> list[dns.message.Message]:
        reply = good(query)
        replies = [*before, *reply, *reply]
        before[:] = reply
        return replies

    async def work() -> None:
        async with peer(respond) as server:
            await ask(impatient(20, per_server=1), server.server, range(20))
            assert len(server.ports) == 1

    run(work())


def test_sockets_are_closed_when_nothing_is_asked_any_more_and_the_network_is_still_of_use() -> None:
    async def work() -> None:
        before = open_files()
        async with peer(good) as server:
            network = impatient(20)
            for start in (0, 100):
                await ask(network, server.server, range(start, start + 50))
                await asyncio.sleep(0)
                assert open_files() == before + 1
            assert len(server.seen) == 100

    run(work())


def test_a_port_that_is_closed_leaves_no_socket() -> None:
    async def work() -> None:
        network, server = impatient(20), dead()
        asked = (network.exchange(server, question(number)) for number in range(30))
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(failure, LookupFailure) for failure in told)

    run(work())


def test_an_end_in_the_middle_leaves_no_socket() -> None:
    def respond(query: dns.message.Message) -> list[dns.message.Message]:
        return good(query) if query.question[0].name.labels[0] < b"n5" else []

    async def work() -> None:
        async with peer(respond) as server:
            network = impatient(60, per_server=10)
            tasks = [asyncio.create_task(network.exchange(server.server, question(number))) for number in range(20)]
            while sum(task.done() for task in tasks) < 15 or len(server.seen) < 20:
                await asyncio.sleep(0.01)
            raise KeyError("the rest ends with the loop")

    with pytest.raises(KeyError):
        run(work())
