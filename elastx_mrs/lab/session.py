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

import dns.name
import dns.tsig

from elastx_mrs.lab.samples import SAMPLES
from elastx_mrs.lab.server import LabServer
from elastx_mrs.lab.zones import LabError, ZoneStore

__all__ = ["Lab", "LabError", "open_lab", "run"]

KEY_NAME = "elastx-mrs-lab."
KEY_OCTETS = 32
"""As many as HMAC-SHA-256 puts out (RFC 2104 §3)."""


@dataclass(frozen=True)
class Lab:
    """A running lab: where it answers, and the TSIG key (base64) that may update its zones."""

    directory: Path
    address: str
    key: str = field(repr=False)
    key_name: str = KEY_NAME

    def environment(self) -> dict[str, str]:
        """Return what the stack ``lab`` needs; Pulumi's state lies beside the zones that it describes."""
        return {
            "ELASTX_MRS_RFC2136_SERVER": self.address,
            "ELASTX_MRS_RFC2136_KEY_NAME": self.key_name,
            "ELASTX_MRS_RFC2136_KEY": self.key,
            "ELASTX_MRS_LAB_DNS": self.address,
            "ELASTX_MRS_NAMESERVERS": self.address,
            "PULUMI_BACKEND_URL": f"file://{self.directory / 'state'}",
            "PULUMI_HOME": str(self.directory / "pulumi-home"),
            "PULUMI_CONFIG_PASSPHRASE": "lab",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            # The Cloudflare plugin isn't needed here, but the engine would try to download it at every run.
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
        raise LabError(f"{directory}: {error.strerror}; name another folder with --dir") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LabError(
                f"{directory}: another lab is using it; stop that, or name another folder with --dir"
            ) from None
        key = _key(_key_file(directory))
        store = ZoneStore(directory / "zones", samples)
        with _serving(store, key) as address:
            yield Lab(directory, address, key)


def run(directory: Path, command: Sequence[str]) -> int:
    """Start a lab and run a command in it, or wait for Ctrl-C where there is none.

    :returns: the command's exit code; 128 and the signal's number where one ended it; 127 where there is none.
    :raises LabError: where the lab can't start.
    """
    with open_lab(directory) as lab:
        return _run(lab, command) if command else _wait(lab)


def _run(lab: Lab, command: Sequence[str]) -> int:
    started: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _frame: object) -> None:
        # Ctrl-C reaches the command by itself, being in the same process group; the command decides what it means.
        if number == signal.SIGTERM:
            for process in started:
                process.terminate()

    with _signals(pass_on):
        try:
            started.append(subprocess.Popen(command, env=os.environ | lab.environment()))
        except FileNotFoundError:
            print(f"lab: there is no command {command[0]}; is it on PATH?", file=sys.stderr)
            return 127
        except OSError as error:
            print(f"lab: {command[0]} cannot be run: {error.strerror}", file=sys.stderr)
            return 126
        code = started[0].wait()
    return code if code >= 0 else 128 - code


def _wait(lab: Lab) -> int:
    host, _, port = lab.address.rpartition(":")
    stop = threading.Event()
    with _signals(lambda *_: stop.set()):
        print(
            f"The lab's DNS server answers at {lab.address}, over UDP and TCP. "
            "It is for trying and testing, not for serving.\n"
            f"\n  dig @{host} -p {port} example.com TXT\n"
            f"\nIts zones are example.com, example.se, elastx.email, google.com; kept in {lab.directory / 'zones'}.\n"
            f"Updates need the TSIG key {lab.key_name} (hmac-sha256), kept in {_key_file(lab.directory)}.\n"
            f"\n{_exports(lab)}\n"
            "\nTo run a command with all of that in its environment: elastx-mrs lab -- COMMAND\n"
            "Ctrl-C stops it.",
            flush=True,
        )
        stop.wait()
    return 0


def _exports(lab: Lab) -> str:
    """Return lines for a shell; the key is read from its file, so that it is not on the screen."""
    lines = [f"  export {name}={shlex.quote(value)}" for name, value in lab.environment().items() if value != lab.key]
    return "\n".join([*lines, f'  export ELASTX_MRS_RFC2136_KEY="$(cat {shlex.quote(str(_key_file(lab.directory)))})"'])


@contextlib.contextmanager
def _signals(handler: Callable[..., None]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _key_file(directory: Path) -> Path:
    return directory / "tsig.key"


def _key(path: Path) -> str:
    """Return the folder's TSIG key (base64), making it the first time; nobody else may read it."""
    try:
        if not path.exists():
            unfinished = path.with_suffix(".unfinished")
            unfinished.unlink(missing_ok=True)
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(base64.b64encode(secrets.token_bytes(KEY_OCTETS)).decode() + "\n")
            unfinished.replace(path)
        key = path.read_text(encoding="ascii").strip()
        if not base64.b64decode(key, validate=True):
            raise ValueError("it is empty")
    except OSError as error:
        raise LabError(f"{path}: {error.strerror}; make it readable, or name another folder with --dir") from None
    except ValueError as error:
        raise LabError(f"{path}: is no TSIG key in base64 ({error}); remove it, and the lab makes a new one") from None
    return key


@contextlib.contextmanager
def _serving(store: ZoneStore, key: str) -> Iterator[str]:
    """Run the server on an event loop of its own, in a thread, so that a command can be waited for beside it."""
    name = dns.name.from_text(KEY_NAME)
    keyring = {name: dns.tsig.Key(name, base64.b64decode(key), dns.tsig.HMAC_SHA256)}
    loop = asyncio.new_event_loop()
    server = LabServer(store, keyring)
    thread = threading.Thread(target=loop.run_forever, name="elastx-mrs-lab", daemon=True)
    thread.start()
    try:
        try:
            asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result()
        except OSError as error:
            raise LabError(f"the lab cannot listen on the loopback address: {error.strerror}; try again") from None
        try:
            yield server.address
        finally:
            asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
