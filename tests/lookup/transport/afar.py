"""Questions to a resolver that is far away: ``python -m tests.lookup.transport.afar URL PORT NAMES``, in its net."""

import asyncio
import sys

import dns.name
import dns.rdatatype

from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.patience import Patience
from elastx_mrs.lookup.question import LookupFailure, Question, Server
from tests.servers.lossy import FAR


async def asked(server: Server, names: int) -> None:
    """Ask for as many names at once, and print each failure; the last tries are many, so that none fails by chance."""
    network = Network(patience=Patience(silent=120, lossy=120))

    async def one(number: int) -> None:
        question = Question(dns.name.from_text(f"n{number}.example.com"), dns.rdatatype.TXT)
        try:
            await network.exchange(server, question)
        except LookupFailure as failure:
            print(f"{question}: {failure}")

    await asyncio.gather(*(one(number) for number in range(names)))


if __name__ == "__main__":
    url, port, count = sys.argv[1:]
    asyncio.run(asked(Server(FAR, int(port), url=url), int(count)))
