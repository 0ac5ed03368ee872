"""What hangs outside of an event loop, such as the system's resolver, holds nothing up."""

import asyncio
import socket
import threading
from typing import Any

import dns.rdatatype
import pytest

from elastx_mrs.lookup.aside import Shared, aside
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.patience import Patience
from elastx_mrs.lookup.question import LookupFailure, Question, Server
from elastx_mrs.lookup.response import absolute
from elastx_mrs.lookup.vantage import Who
from elastx_mrs.verify.expected import from_domains
from elastx_mrs.verify.wait import BUDGET, Job, wait


class Hangs:
    """A system resolver that answers nothing until it is let go, which a test that fails does in the end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.let_go = threading.Event()
        self.asked = 0
        monkeypatch.setattr(socket, "getaddrinfo", self.getaddrinfo)

    def getaddrinfo(self, *_: Any, **__: Any) -> Any:
        self.asked += 1
        self.let_go.wait(60)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 9))]


@pytest.fixture
def hangs(monkeypatch: pytest.MonkeyPatch) -> Any:
    yield (made := Hangs(monkeypatch))
    made.let_go.set()


def test_a_resolver_s_name_that_is_not_found_out_is_given_up(hangs: Hangs) -> None:
    """The event loop's own way waits for the thread when the loop ends, and Python again when the program does."""
    server = Server("dns.example", 853, url="tls://dns.example")
    names = ("a.example", "b.example", "c.example")

    async def one(network: Network, name: str) -> str:
        with pytest.raises(LookupFailure) as caught:
            await network.exchange(server, Question(absolute(name), dns.rdatatype.TXT, 0))
        return caught.value.problem

    async def work() -> list[str]:
        network = Network(patience=Patience(first=0.02, silent=0.02))
        return await asyncio.gather(*(one(network, name) for name in names))

    said = asyncio.run(work())
    assert len(said) == 3
    assert all("did not answer in" in text for text in said)
    assert not hangs.let_go.is_set(), "nobody waited for it"
    assert hangs.asked == 1


def test_the_deadline_of_a_run_holds_all_the_same(hangs: Hangs) -> None:
    """The run would last until the system's resolver answers, and the program with it."""
    who = Who(resolvers=(Server("dns.example", 853, url="tls://dns.example"),), via="resolvers")
    (expected,) = from_domains(["example.com"])
    job = Job(expected, who, 60.0)
    asyncio.run(wait([job], lambda pending: None, deadline=0.5))
    assert not hangs.let_go.is_set(), "nobody waited for it"
    assert job.outcomes[BUDGET].verdict == "unreachable"
    assert hangs.asked == 1


def test_one_that_waits_no_longer_takes_it_from_nobody_else() -> None:
    let_go, shared, done = threading.Event(), Shared(), []

    def work() -> str:
        let_go.wait(60)
        done.append(1)
        return "done"

    async def both() -> str:
        first, second = (asyncio.create_task(shared.get("x", work)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first])
        let_go.set()
        return await second

    assert asyncio.run(both()) == "done"
    assert done == [1]


def test_an_error_is_the_caller_s() -> None:
    def fails() -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(socket.gaierror):
        aside(fails).result(60)

    async def asked() -> None:
        await Shared().get("x", fails)

    with pytest.raises(socket.gaierror):
        asyncio.run(asked())
