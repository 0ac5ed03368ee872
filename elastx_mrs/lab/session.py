"""Runs a lab: its folder, its servers, and one command with the environment that leads to them."""

import asyncio
import base64
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import dns.name
import dns.tsig

from elastx_mrs import limits
from elastx_mrs.extras import NotInstalledError
from elastx_mrs.lab import plugins
from elastx_mrs.lab.keys import key_file, key_of, token_file, token_of
from elastx_mrs.lab.samples import SAMPLES, sample
from elastx_mrs.lab.server import LabServer
from elastx_mrs.lab.sharing import (
    KEY_NAME,
    Access,
    InUseError,
    Running,
    alone,
    announced,
    joined,
    outlive,
    pulumi_home,
    unusable,
)
from elastx_mrs.lab.telling import tell
from elastx_mrs.lab.zones import LabError, ZoneStore

if TYPE_CHECKING:
    from elastx_mrs.lab.cloudflare.serving import CloudflareServer

__all__ = ["Lab", "LabError", "open_lab", "run"]

LOOK = 0.5
"""Seconds after which a wait checks for signals."""

JOIN_LOOK = 0.1
"""Seconds between two attempts to join a lab that is starting or ending."""


@dataclass(frozen=True)
class Lab(Access):
    """A lab that runs in this process.

    The API's state is on the lab's own event loop. Read it from anywhere, but change it only before the first request.
    """

    cloudflare: "CloudflareServer"
    zones: Sequence[str]


@contextlib.contextmanager
def open_lab(directory: Path, samples: Mapping[str, str] = SAMPLES, added: Sequence[str] = ()) -> Iterator[Lab]:
    """Serve the folder's zones in a separate thread while the context is entered.

    :param directory: the folder; a new one is filled with the ``samples``.
    :param added: names of zones to create if they are missing.
    :raises InUseError: if another lab uses the folder.
    :raises LabError: if the folder cannot be used.
    """
    directory = directory.resolve()
    try:
        (directory / "state").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unusable(directory, error) from None
    with alone(directory):
        _share(directory)
        key, token = key_of(key_file(directory)), token_of(token_file(directory))
        store = ZoneStore(directory / "zones", samples, {name: sample(name) for name in added})
        cloudflare = _cloudflare(store, token, directory / "cloudflare")
        with _serving(_dns(store, key), cloudflare) as server:
            zones = tuple(store.delegations())
            with announced(directory, Running(server.address, cloudflare.url, zones)):
                yield Lab(directory, server.address, cloudflare.url, key, token, cloudflare, zones)


def run(
    directory: Path,
    command: Sequence[str],
    delay: float = 0.0,
    requests: int | None = None,
    added: Sequence[str] = (),
) -> int:
    """Start a lab, or join a running one. Run a command in it, or wait for Ctrl-C.

    :param delay: seconds until DNS serves a change that Cloudflare's API accepted.
    :param requests: the requests that Cloudflare's API accepts in five minutes; the default is Cloudflare's own limit.
    :param added: names of zones to create if they are missing.
    :returns: the command's exit code; 128 plus the signal's number if a signal ended it; 127 if it is not found.
    :raises LabError: if the lab cannot start.
    """
    directory = directory.resolve()
    end = time.monotonic() + limits.LAB_JOIN_SECONDS.most
    while True:
        with contextlib.suppress(InUseError), open_lab(directory, added=added) as lab:
            lab.cloudflare.api.delay = delay
            if requests is not None:
                lab.cloudflare.api.limit.requests = requests
            code = _run(lab, command) if command else _wait(lab)
            _outlive(directory)
            return code
        with joined(directory) as running:
            if running is not None:
                _check_joined(running, delay, requests, added)
                access = _joined(directory, running)
                return (
                    _run(access, command)
                    if command
                    else tell(access, running.zones, "The lab runs in another terminal")
                )
        if time.monotonic() >= end:
            raise LabError(
                f"{directory}: another lab is using it and did not answer in {limits.LAB_JOIN_SECONDS.text}; stop "
                "it, or name another folder with --dir"
            )
        time.sleep(JOIN_LOOK)


def _joined(directory: Path, running: Running) -> Access:
    """Return the access to a lab of another process."""
    if not (pulumi_home(directory) / "plugins").exists():
        _share(directory)  # the user may have installed plugins since
    return Access(directory, running.address, running.url, key_of(key_file(directory)), token_of(token_file(directory)))


def _check_joined(running: Running, delay: float, requests: int | None, added: Sequence[str]) -> None:
    """Refuse options that work only when a lab starts."""
    missing = [name for name in added if name not in running.zones]
    options = [f"--zone {name}" for name in missing]
    options += ["--dns-delay"] * bool(delay) + ["--rate-limit"] * (requests is not None)
    if options:
        raise LabError(
            f"{', '.join(options)}: a lab already runs in this folder without this option; stop it, or name "
            "another folder with --dir"
        )


def _outlive(directory: Path) -> None:
    """Wait for the commands that joined; a signal ends the wait."""
    stop = _Stop()
    told = False

    def wait() -> bool:
        nonlocal told
        if not told:
            print("lab: a command in another terminal still uses this lab; Ctrl-C stops the lab now", file=sys.stderr)
            told = True
        if not stop.came:
            time.sleep(JOIN_LOOK)
        return not stop.came

    with _signals(stop):
        outlive(directory, wait)


def _share(directory: Path) -> None:
    try:
        plugins.share(pulumi_home(directory))
    except OSError as error:
        raise unusable(directory, error) from None


def _run(lab: Access, command: Sequence[str]) -> int:
    started: list[subprocess.Popen[bytes]] = []
    stop = _Stop()

    def pass_on(number: int, frame: object) -> None:
        # Ctrl-C also reaches the command, which is in the same process group; the command decides what to do.
        if number != signal.SIGINT:
            stop(number, frame)
            for process in started:
                process.terminate()

    environment = os.environ | lab.environment()
    if advice := plugins.missing(command, environment):
        print(f"lab: {advice}", file=sys.stderr)
    with _signals(pass_on):
        try:
            started.append(subprocess.Popen(command, env=environment))
        except FileNotFoundError:
            print(f"lab: there is no command {command[0]}; is it on PATH?", file=sys.stderr)
            return 127
        except OSError as error:
            print(f"lab: {command[0]} cannot be run: {error.strerror}", file=sys.stderr)
            return 126
        if stop.came:  # a signal came while the command started
            started[0].terminate()
        code = _ended(started[0])
    return code if code >= 0 else 128 - code


def _ended(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process; return its code."""
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(LOOK)


def _wait(lab: Lab) -> int:
    stop = _Stop()
    with _signals(stop):
        tell(lab, lab.zones, "Ctrl-C stops the lab")
        while not stop.came:
            time.sleep(LOOK)
    return 0


class _Stop:
    """A signal handler that remembers that a signal came.

    Python runs handlers only in the main thread. If the system delivers a signal to another thread, it does not
    interrupt a wait in the main thread. So every wait checks this object regularly. An Event is not safe here: a
    handler that interrupts another handler would hang on its lock.
    """

    def __init__(self) -> None:
        self.came = False

    def __call__(self, _number: int, _frame: object) -> None:
        self.came = True


@contextlib.contextmanager
def _signals(handler: Callable[..., None]) -> Iterator[None]:
    # A closing terminal sends SIGHUP; nohup ignores it.
    numbers = [signal.SIGINT, signal.SIGTERM]
    numbers += [signal.SIGHUP] * (signal.getsignal(signal.SIGHUP) != signal.SIG_IGN)
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _dns(store: ZoneStore, key: str) -> LabServer:
    name = dns.name.from_text(KEY_NAME)
    return LabServer(store, {name: dns.tsig.Key(name, base64.b64decode(key), dns.tsig.HMAC_SHA256)})


def _cloudflare(store: ZoneStore, token: str, directory: Path) -> "CloudflareServer":
    try:
        from elastx_mrs.lab.cloudflare.api import CloudflareApi
        from elastx_mrs.lab.cloudflare.serving import CloudflareServer
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        raise LabError(str(NotInstalledError(package, "lab"))) from None
    return CloudflareServer(CloudflareApi(store, token, directory))


@contextlib.contextmanager
def _serving(server: LabServer, cloudflare: "CloudflareServer") -> Iterator[LabServer]:
    """Run the servers on their own event loop in a thread, while the main thread waits for a command."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="elastx-mrs-lab", daemon=True)
    thread.start()

    async def start() -> contextlib.AsyncExitStack:
        async with contextlib.AsyncExitStack() as begun:  # closes the first if the second cannot start
            await begun.enter_async_context(server)
            await begun.enter_async_context(cloudflare)
            return begun.pop_all()

    try:
        try:
            both = asyncio.run_coroutine_threadsafe(start(), loop).result()
        except OSError as error:
            raise LabError(f"the lab cannot listen on the loopback address: {error.strerror}; try again") from None
        try:
            yield server
        finally:
            asyncio.run_coroutine_threadsafe(both.aclose(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
