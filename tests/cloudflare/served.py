"""The lab's Cloudflare API in a thread beside a test, over zones of its own."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from elastx_mrs.lab.cloudflare.api import CloudflareApi
from elastx_mrs.lab.cloudflare.serving import CloudflareServer
from elastx_mrs.lab.zones import ZoneStore
from tests.lab.cloudflare_faults import Faults, faults_of

TOKEN = "0123456789abcdefghijklmnopqrstuvwxyz-_AB"
ZONE = """$TTL 3600
@ SOA ns1.example.com. hostmaster.example.com. 1 3600 900 604800 300
@ NS ns1.example.com.
"""


@dataclass
class Served:
    """A running API; the log grows while it is asked."""

    api: CloudflareApi
    url: str
    faults: Faults

    def environment(self) -> dict[str, str]:
        return {"CLOUDFLARE_BASE_URL": self.url, "CLOUDFLARE_API_TOKEN": TOKEN}


@contextlib.contextmanager
def served(directory: Path, *names: str) -> Iterator[Served]:
    """Serve zones of these names, which begin without a record to the API's eye but NS."""
    api = CloudflareApi(ZoneStore(directory, dict.fromkeys(names, ZONE)), TOKEN)
    started: asyncio.Queue[CloudflareServer] = asyncio.Queue()
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()

    async def run() -> None:
        async with CloudflareServer(api) as server:
            await started.put(server)
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    try:
        server = asyncio.run_coroutine_threadsafe(started.get(), loop).result(timeout=10)
        yield Served(api, server.url, faults_of(server))
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()
