"""How long to wait for one server, and for the first servers: an answer in time counts, one just after does not.

The clock jumps, so the seconds are those of the loop.
"""

import asyncio
from typing import Any

import dns.message
import dns.name
import dns.rdatatype
import pytest

from elastx_mrs import limits
from elastx_mrs.lookup import budget
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.question import LookupFailure, Question, Server
from elastx_mrs.lookup.start import Entrance, NobodyError
from elastx_mrs.lookup.transport import plain
from tests.fuzz.clock import Loop
from tests.lookup.nets import answer

ONE = Server("192.0.2.1")


def question(name: str) -> Question:
    return Question(dns.name.from_text(name), dns.rdatatype.TXT)


class Silent:
    """A server that answers only after some seconds of the loop's clock, counted from the first try.

    :ivar most: queries that were under way at once.
    """

    def __init__(self, until: float, monkeypatch: pytest.MonkeyPatch) -> None:
        self.until = until
        self.began: float | None = None
        self.now = self.most = 0
        monkeypatch.setattr(plain, "exchange", self.exchange)

    async def exchange(
        self, sockets: Any, host: str, port: int, query: Any, seconds: float, again: Any
    ) -> dns.message.Message:
        clock = asyncio.get_running_loop().time
        if self.began is None:
            self.began = clock()
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            async with asyncio.timeout(seconds):
                await asyncio.sleep(max(0.0, self.began + self.until - clock()))
        finally:
            self.now -= 1
        return answer(query.message(), "example.com. 60 IN TXT x")


@pytest.mark.limit("QUESTION_SECONDS", "LOSSY_QUESTION_SECONDS")
@pytest.mark.parametrize(
    ("limit", "lossy", "said"),
    [
        (limits.QUESTION_SECONDS, False, "did not answer in 4 s, asked 8 times"),
        (limits.LOSSY_QUESTION_SECONDS, True, "did not answer in 13 s, asked 21 times"),
    ],
)
def test_one_server(limit: limits.Limit, lossy: bool, said: str, loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def asked(seconds: float) -> str:
        network, server = Network(), Silent(1.0, monkeypatch)
        if lossy:  # it answers, and not the first packet
            await network.exchange(ONE, question("first.example.com"))
        server.until, server.began = seconds, None
        try:
            await network.exchange(ONE, question("example.com"))
        except LookupFailure as failure:
            return failure.problem
        return ""

    assert loop.run_until_complete(asked(limit.most - 0.1)) == ""
    assert loop.run_until_complete(asked(limit.most + 0.1)) == said


@pytest.mark.limit("ENTRANCE_SECONDS")
def test_the_first_answer_of_all(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def first(seconds: float) -> Server:
        network = Network()

        async def exchange(server: Server, asked: Question) -> dns.message.Message:
            await asyncio.sleep(seconds)
            return answer(dns.message.make_query(asked.name, asked.rdtype), "example.com. 60 IN TXT x")

        monkeypatch.setattr(network, "exchange", exchange)
        entrance = Entrance(network, [ONE], "nobody answers", "see why", lambda reply, asked: None)
        return (await entrance.servers(question("example.com")))[0]

    most = limits.ENTRANCE_SECONDS.most
    assert loop.run_until_complete(first(most - 0.1)) == ONE
    with pytest.raises(NobodyError, match=r"nobody answers: 192\.0\.2\.1 did not answer in 8 s"):
        loop.run_until_complete(first(most + 0.1))


@pytest.mark.limit("DOMAIN_AT_ONCE")
@pytest.mark.parametrize("more", [0, 1])
def test_queries_of_one_domain_at_once(more: int, loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    most = limits.DOMAIN_AT_ONCE.most

    async def work() -> Silent:
        network, servers = Network(in_flight=1000), Silent(1.0, monkeypatch)
        with budget.of_domain("verifying example.com"):
            each = (Server(f"192.0.2.{number}") for number in range(most + more))
            await asyncio.gather(*(network.exchange(server, question("example.com")) for server in each))
        return servers

    assert loop.run_until_complete(work()).most == most


@pytest.mark.limit("SILENT_SECONDS")
@pytest.mark.parametrize(("later", "problem"), [(-0.1, "answered no query in the last"), (0.1, "did not answer")])
def test_a_silent_server_is_left_alone(later: float, problem: str, loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    Silent(1e9, monkeypatch)

    async def work() -> str:
        network = Network()
        with pytest.raises(LookupFailure):
            await network.exchange(ONE, question("example.com"))
        await asyncio.sleep(limits.SILENT_SECONDS.most + later)
        with pytest.raises(LookupFailure) as caught:
            await network.exchange(ONE, question("example.net"))
        return caught.value.problem

    assert loop.run_until_complete(work()).startswith(problem)
