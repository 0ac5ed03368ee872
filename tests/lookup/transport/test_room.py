"""All sockets, also idle ones, stay within the machine's limit; a shortage is not a server's fault."""

import asyncio
import errno
import gc
import socket
import threading
from collections.abc import Awaitable
from contextlib import AsyncExitStack

import dns.flags
import dns.message
import dns.name
import pytest

from elastx_mrs import descriptors, limits
from elastx_mrs.descriptors import Shortage
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.question import LookupFailure, Question
from elastx_mrs.lookup.transport import pool, room
from elastx_mrs.lookup.transport.pool import _connected
from elastx_mrs.lookup.transport.room import Place, Room
from tests.lookup.nets import Reply, answer, authorities, dead, fake, impatient
from tests.lookup.transport.test_plain import TXT, ask, good, open_files, peer, question, run


def none() -> None:
    """Nothing idle to close."""


def places(most: int) -> Room:
    return Room(lambda taken: most)


def test_places_are_given_in_order_and_handed_on() -> None:
    async def work() -> None:
        here, order = places(2), []

        async def user(number: int) -> None:
            with await here.enter(none):
                order.append(number)
                assert here._taken <= 2
                await asyncio.sleep(0)

        await asyncio.gather(*map(user, range(20)))
        assert order == list(range(20))
        assert (here._taken, here.wanted) == (0, False)

    asyncio.run(work())


@pytest.mark.parametrize("given", [False, True], ids=["while it waits", "when its turn has just come"])
def test_a_waiter_that_gives_up_loses_no_place(given: bool) -> None:
    async def work() -> None:
        here = places(1)
        first = await here.enter(none)
        waiting = [asyncio.create_task(here.enter(none)) for _ in range(2)]
        await asyncio.sleep(0)
        if given:
            first.leave()
            await asyncio.sleep(0)  # the future has it now, the task does not know yet
        waiting[0].cancel()
        await asyncio.wait(waiting[:1])
        first.leave()
        (await asyncio.wait_for(waiting[1], 10)).leave()
        assert here._taken == 0

    asyncio.run(work())


def test_the_place_of_a_closed_loop_is_found() -> None:
    here = places(1)
    loop = asyncio.new_event_loop()
    place: Place | None = loop.run_until_complete(here.enter(none))
    abandoned = loop.create_task(here.enter(none))
    loop.run_until_complete(asyncio.sleep(0))
    abandoned.cancel()
    loop.run_until_complete(asyncio.wait({abandoned}))
    loop.close()
    assert place is not None
    del place
    gc.collect()

    async def work() -> None:
        (await asyncio.wait_for(here.enter(none), 10)).leave()

    asyncio.run(work())
    assert here._taken == 0


def test_event_loops_share_the_room() -> None:
    here, most = places(3), [0]

    async def user() -> None:
        with await here.enter(none):
            most[0] = max(most[0], here._taken)
            await asyncio.sleep(0.001)

    async def work() -> None:
        await asyncio.gather(*(user() for _ in range(30)))

    threads = [threading.Thread(target=lambda: asyncio.run(work())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (most[0], here._taken, here.wanted) == (3, 0, False)


def test_descriptors_of_others_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "RECOUNTED", 0.0)
    allowed = [3]

    async def work() -> None:
        here = Room(lambda taken: allowed[0])
        first, second = await here.enter(none), await here.enter(none)
        allowed[0] = 1
        later = asyncio.create_task(here.enter(none))
        await asyncio.sleep(0)
        first.leave()
        await asyncio.sleep(0)
        assert not later.done()
        second.leave()
        (await asyncio.wait_for(later, 10)).leave()

    asyncio.run(work())


@pytest.mark.parametrize("via", ["udp", "tcp"])
def test_sockets_fit_with_many_servers(via: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of 12 servers gets 5 queries at a time, so its sockets would be kept for the next."""
    counted: list[int] = []

    def respond(query: dns.message.Message, how: str) -> Reply:
        counted.append(here._taken)
        flags = dns.flags.TC if how == "udp" and via == "tcp" else 0
        return answer(query, f'{query.question[0].name} 60 IN TXT "good"', flags=dns.flags.AA | flags)

    async def work() -> None:
        async with AsyncExitStack() as stack:
            servers = [await stack.enter_async_context(fake(respond)) for _ in range(12)]
            before = open_files()
            network = impatient(60, in_flight=200, per_server=5)
            await asyncio.gather(*(ask(network, server.server, range(5)) for server in servers))
            await asyncio.sleep(0)
            assert max(counted) == 4
            # A fake's ends of the connections may still be open.
            assert open_files() - sum(len(server.streams) for server in servers) <= before
            assert all(server.queries == (5 if via == "udp" else 10) for server in servers)

    here = places(4)
    monkeypatch.setattr(pool, "ROOM", here)
    run(work())
    assert (here._taken, here.wanted) == (0, False)


def test_an_idle_socket_makes_room_for_another_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "ROOM", places(1))

    async def work() -> None:
        async with peer(good, delay=0.05) as slow, peer(good) as other:
            network = impatient(60, per_server=1)
            # The slow one gets queries until the end, over a socket that is idle only for a moment.
            await asyncio.gather(ask(network, slow.server, range(10)), ask(network, other.server, range(10)))

    run(work())


class Refusing:
    """Refuses a number of sockets, with an error; ``connect`` is what is refused."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int, times: float) -> None:
        self.left = times

        def connected(address: tuple[str, int]) -> socket.socket:
            if self.left > 0:
                self.left -= 1
                raise OSError(number, "refused by the system")
            return _connected(address)

        monkeypatch.setattr(pool, "_connected", connected)
        monkeypatch.setattr(descriptors, "_ports_are_short", lambda address: True)
        for module in (descriptors, pool, room):
            monkeypatch.setattr(module, "SHORTAGE", descriptors.SHORTAGE)


SHORTAGES = [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL]


@pytest.mark.parametrize("number", SHORTAGES)
def test_a_short_shortage_only_delays(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    Refusing(monkeypatch, number, 7)

    async def work() -> None:
        async with peer(good) as server:
            await ask(impatient(60), server.server, range(5))

    run(work())


@pytest.mark.parametrize("number", SHORTAGES)
def test_a_long_shortage_is_blamed_on_this_machine(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is reported once, no other server is queried, and the network does not cache it."""
    monkeypatch.setattr(descriptors, "SHORTAGE", Shortage())
    monkeypatch.setattr(limits, "SHORTAGE", limits.SHORTAGE._replace(most=1))
    refusing = Refusing(monkeypatch, number, float("inf"))

    async def work() -> None:
        async with peer(good) as server:
            network = impatient(60)
            told = [await failure(network.exchange(server.server, question(1))) for _ in range(2)]
            assert told[0].short
            assert str(told[0]).startswith(f"{server.server} could not be queried: this machine is short of ")
            assert str(told[0]) == str(told[1])
            asked = network.first([server.server, dead()], question(2), lambda reply: reply)
            assert ";" not in str(await failure(asked))
            found = await authorities(network, [server.server]).ask("n3.example.com", "TXT")
            assert "this machine is short of " in found.problem
            refusing.left = 0
            await ask(network, server.server, range(5))

    run(work())


async def failure(asking: Awaitable[object]) -> LookupFailure:
    with pytest.raises(LookupFailure) as caught:
        await asking
    return caught.value


def test_a_datagram_that_the_system_has_no_buffer_for_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """ENOBUFS when it is sent, as on BSD and macOS."""
    sending = pool._Socket.ask
    left = [3]

    async def asked(self: pool._Socket, *given: object) -> dns.message.Message:
        if left[0]:
            left[0] -= 1
            asyncio.get_running_loop().call_soon(self.error_received, OSError(errno.ENOBUFS, "No buffer space"))
        return await sending(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(pool._Socket, "ask", asked)

    async def work() -> None:
        async with peer(good) as server:
            await ask(impatient(60, per_server=1), server.server, range(3))

    run(work())


def test_encrypted_resolvers_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    from elastx_mrs.lookup.transport import encrypted

    here, most, left = places(2), [0], [3]

    async def https(*asked: object) -> dns.message.Message:
        most[0] = max(most[0], here._taken)
        await asyncio.sleep(0.001)
        if left[0]:
            left[0] -= 1
            raise ValueError("a client's own") from OSError(errno.EMFILE, "Too many open files")
        return answer(dns.message.make_query("example.com", "TXT"))

    monkeypatch.setattr(pool, "ROOM", here)
    monkeypatch.setattr(encrypted, "_https", https)

    async def work() -> None:
        from elastx_mrs.lookup.question import Server

        server, network = Server("192.0.2.1", 443, url="https://192.0.2.1/dns-query"), Network()
        names = [dns.name.from_text(f"n{number}.example.com") for number in range(10)]
        await asyncio.gather(*(network.exchange(server, Question(name, TXT)) for name in names))

    asyncio.run(work())
    assert (most[0], here._taken) == (2, 0)
