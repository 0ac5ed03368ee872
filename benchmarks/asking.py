"""What ``benchmarks.verify`` times, each in a process of its own: ``python -m benchmarks.asking WHAT …``."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

import dns.asyncquery
import dns.flags
import dns.message
import dns.name
import dns.rdatatype

from toolchain.usage import usage

IN_FLIGHT = 200
"""Queries under way at once, in the bare loop and in elastx-mrs verify."""

Address = tuple[str, int]


def main() -> None:
    """Do one thing, and print the seconds, the CPU seconds, and the peak RSS in MB, of the whole process."""
    what, *arguments = usage(__doc__, f"{'|'.join(ASKING)} ARGUMENT…")
    began = time.perf_counter()
    ASKING[what](arguments)
    status = Path("/proc/self/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    print(json.dumps([time.perf_counter() - began, time.process_time(), peak / 1024]))


def bare(arguments: Sequence[str]) -> None:
    """Ask dnspython's own way, and throw the answers away: FILE of names, SERVER…."""
    names, servers = _read(arguments)
    bound = asyncio.Semaphore(IN_FLIGHT)

    async def ask(name: str, server: Address) -> None:
        async with bound:
            query = dns.message.make_query(name, "TXT", use_edns=0, payload=1232)
            query.flags = dns.flags.Flag(0)
            reply, _ = await dns.asyncquery.udp_with_fallback(query, server[0], timeout=5, port=server[1])
            assert reply.answer

    async def work() -> None:
        await asyncio.gather(*(ask(name, server) for name in names for server in servers))

    asyncio.run(work())


def network(arguments: Sequence[str]) -> None:
    """Ask through the one network, which keeps the answers: FILE of names, SERVER…."""
    from elastx_mrs.lookup.network import Network
    from elastx_mrs.lookup.question import Question, Server

    names, servers = _read(arguments)
    asking = Network(IN_FLIGHT, IN_FLIGHT // len(servers))

    async def ask(name: str, server: Address) -> None:
        question = Question(dns.name.from_text(name), dns.rdatatype.TXT)
        assert (await asking.exchange(Server(*server), question)).answer

    async def work() -> None:
        await asyncio.gather(*(ask(name, server) for name in names for server in servers))

    asyncio.run(work())


def command(arguments: Sequence[str]) -> None:
    """Run elastx-mrs, its output thrown away; it must succeed."""
    from elastx_mrs.cli.main import main as elastx_mrs

    sys.argv = ["elastx-mrs", *arguments]
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        try:
            elastx_mrs()
        except SystemExit as end:
            if end.code:
                raise


def checkdmarc(arguments: Sequence[str]) -> None:
    """Check SPF and DMARC with checkdmarc, and nothing else of it: FILE of domains, SERVER."""
    import dns.resolver
    from checkdmarc.dmarc import check_dmarc
    from checkdmarc.spf import check_spf

    domains, [(host, port)] = _read(arguments)
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = [host], port
    for domain in domains:
        for check in (check_spf, check_dmarc):
            found = check(domain, resolver=resolver, timeout=5)
            assert found["valid"], found


ASKING = {"bare": bare, "network": network, "command": command, "checkdmarc": checkdmarc}


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    return host, int(port)


def _read(arguments: Sequence[str]) -> tuple[list[str], list[Address]]:
    return Path(arguments[0]).read_text().split(), [_address(text) for text in arguments[1:]]


if __name__ == "__main__":
    main()
