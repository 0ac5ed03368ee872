"""A trial: the lab's folder, its server, and one command that has all it needs in its environment."""

import asyncio
import base64
import contextlib
import fcntl
import os
import secrets
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import dns.name
import dns.tsig

from elastx_mrs.config.environment import LAB_DNS, NAMESERVERS, RFC2136_KEY, RFC2136_KEY_NAME, RFC2136_SERVER
from elastx_mrs.extras import NotInstalledError
from elastx_mrs.lab import plugins
from elastx_mrs.lab.samples import SAMPLES
from elastx_mrs.lab.server import LabServer
from elastx_mrs.lab.zones import LabError, ZoneStore

if TYPE_CHECKING:
    from elastx_mrs.lab.cloudflare.serving import CloudflareServer

__all__ = ["Lab", "LabError", "open_lab", "run"]

KEY_NAME = "elastx-mrs-lab."
KEY_OCTETS = 32
"""As many as HMAC-SHA-256 puts out (RFC 2104 §3)."""

LOOK = 0.5
"""Seconds after which a wait for the command looks whether a signal came."""

TOKEN_LENGTH = 40
"""Characters; the Cloudflare plugin refuses what doesn't look like a token."""


@dataclass(frozen=True)
class Lab:
    """A running lab: where it answers, the TSIG key (base64) that may update its zones, and Cloudflare's API of them.

    The API's state is on the lab's own event loop: read it from anywhere, change it before anybody asks.
    """

    directory: Path
    address: str
    key: str = field(repr=False)
    cloudflare: "CloudflareServer"
    token: str = field(repr=False)
    key_name: str = KEY_NAME

    def environment(self) -> dict[str, str]:
        """Return what the stack ``lab`` needs; Pulumi's state lies beside the zones that it describes."""
        return {
            RFC2136_SERVER.name: self.address,
            RFC2136_KEY_NAME.name: self.key_name,
            RFC2136_KEY.name: self.key,
            LAB_DNS.name: self.address,
            NAMESERVERS.name: self.address,
            "CLOUDFLARE_BASE_URL": self.cloudflare.url,
            "CLOUDFLARE_API_TOKEN": self.token,
            "PULUMI_BACKEND_URL": f"file://{self.directory / 'state'}",
            "PULUMI_HOME": str(_pulumi_home(self.directory)),
            "PULUMI_CONFIG_PASSPHRASE": "lab",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            # The Cloudflare plugin is the user's or isn't needed, but the engine would try to download it at every run.
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }


@contextlib.contextmanager
def open_lab(directory: Path, samples: Mapping[str, str] = SAMPLES) -> Iterator[Lab]:
    """Serve the folder's zones, in a thread of its own, while the context is entered.

    :param directory: made with the ``samples`` where it is new.
    :raises LabError: where the folder can't be used, or another lab is using it.
    """
    directory = directory.resolve()
    try:
        (directory / "state").mkdir(parents=True, exist_ok=True)
        lock = (directory / "lock").open("w")
    except OSError as error:
        raise _unusable(directory, error) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LabError(
                f"{directory}: another lab is using it; stop that, or name another folder with --dir"
            ) from None
        try:
            plugins.share(_pulumi_home(directory))
        except OSError as error:
            raise _unusable(directory, error) from None
        key, token = _key(_key_file(directory)), _token(_token_file(directory))
        store = ZoneStore(directory / "zones", samples)
        cloudflare = _cloudflare(store, token, directory / "cloudflare")
        with _serving(_dns(store, key), cloudflare) as server:
            yield Lab(directory, server.address, key, cloudflare, token)


def run(directory: Path, command: Sequence[str], delay: float = 0.0, requests: int | None = None) -> int:
    """Start a lab and run a command in it, or wait for Ctrl-C where there is none.

    :param delay: seconds until DNS serves what Cloudflare's API has taken.
    :param requests: that Cloudflare's API takes in five minutes; as Cloudflare does unless given.
    :returns: the command's exit code; 128 and the signal's number where one ended it; 127 where there is none.
    :raises LabError: where the lab can't start.
    """
    with open_lab(directory) as lab:
        lab.cloudflare.api.delay = delay
        if requests is not None:
            lab.cloudflare.api.limit.requests = requests
        return _run(lab, command) if command else _wait(lab)


def _run(lab: Lab, command: Sequence[str]) -> int:
    started: list[subprocess.Popen[bytes]] = []
    stop = threading.Event()

    def pass_on(number: int, _frame: object) -> None:
        # Ctrl-C reaches the command by itself, being in the same process group; the command decides what it means.
        if number == signal.SIGTERM:
            stop.set()
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
        if stop.is_set():  # it came while the command began
            started[0].terminate()
        code = _ended(started[0])
    return code if code >= 0 else 128 - code


def _ended(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process; return its code.

    Python runs handlers in this thread alone, and a signal that another thread was given, as the second of two close
    together is, does not interrupt a wait here. So it ends now and then.
    """
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(LOOK)


def _wait(lab: Lab) -> int:
    host, _, port = lab.address.rpartition(":")
    stop = threading.Event()
    with _signals(lambda *_: stop.set()):
        print(
            f"The lab's DNS server answers at {lab.address}, over UDP and TCP. "
            "It is for trying and testing, not for serving.\n"
            f"\n  dig @{host} -p {port} example.com TXT\n"
            f"\nCloudflare's API answers at {lab.cloudflare.url}, for the same zones:\n"
            f'\n  curl -H "Authorization: Bearer $(cat {shlex.quote(str(_token_file(lab.directory)))})"'
            f" {lab.cloudflare.url}/zones\n"
            f"\nWhat it is asked is in {lab.directory / 'cloudflare' / 'requests.jsonl'}, a line each.\n"
            f"\nIts zones are {', '.join(SAMPLES)}; kept in {lab.directory / 'zones'}.\n"
            f"Updates need the TSIG key {lab.key_name} (hmac-sha256), kept in {_key_file(lab.directory)}.\n"
            f"\n{_exports(lab)}\n"
            "\nTo run a command with all of that in its environment: elastx-mrs lab -- COMMAND\n"
            "Ctrl-C stops it.",
            flush=True,
        )
        stop.wait()
    return 0


def _exports(lab: Lab) -> str:
    """Return lines for a shell; secrets are read from their files, so that they are not on the screen."""
    files = {lab.key: _key_file(lab.directory), lab.token: _token_file(lab.directory)}
    return "\n".join(
        f"  export {name}={shlex.quote(value)}"
        if value not in files
        else f'  export {name}="$(cat {shlex.quote(str(files[value]))})"'
        for name, value in lab.environment().items()
    )


@contextlib.contextmanager
def _signals(handler: Callable[..., None]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _unusable(directory: Path, error: OSError) -> LabError:
    return LabError(f"{directory}: {error.strerror}; name another folder with --dir")


def _pulumi_home(directory: Path) -> Path:
    return directory / "pulumi-home"


def _key_file(directory: Path) -> Path:
    return directory / "tsig.key"


def _token_file(directory: Path) -> Path:
    return directory / "cloudflare.token"


def _key(path: Path) -> str:
    """Return the folder's TSIG key (base64), making it the first time."""
    try:
        key = _secret(path, base64.b64encode(secrets.token_bytes(KEY_OCTETS)).decode())
        if not base64.b64decode(key, validate=True):
            raise ValueError("it is empty")
    except ValueError as error:
        raise LabError(f"{path}: is no TSIG key in base64 ({error}); remove it, and the lab makes a new one") from None
    return key


def _token(path: Path) -> str:
    """Return the folder's API token, making it the first time: 40 characters, as Cloudflare's have."""
    try:
        token = _secret(path, secrets.token_hex(TOKEN_LENGTH // 2))
        if len(token) != TOKEN_LENGTH or not token.isalnum():
            raise ValueError(f"it has {len(token)} characters")
    except ValueError as error:
        raise LabError(f"{path}: is no API token ({error}); remove it, and the lab makes a new one") from None
    return token


def _secret(path: Path, new: str) -> str:
    """Return what a file holds, ``new`` the first time; nobody else may read it.

    :raises ValueError: where that is not ASCII text.
    """
    try:
        if not path.exists():
            unfinished = path.with_suffix(".unfinished")
            unfinished.unlink(missing_ok=True)
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(f"{new}\n")
            unfinished.replace(path)
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise LabError(f"{path}: {error.strerror}; make it readable, or name another folder with --dir") from None


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
    """Run the servers on an event loop of their own, in a thread, so that a command can be waited for beside them."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="elastx-mrs-lab", daemon=True)
    thread.start()

    async def start() -> contextlib.AsyncExitStack:
        async with contextlib.AsyncExitStack() as begun:  # the first is ended where the second cannot begin
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
