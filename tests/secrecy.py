"""Every secret that the product can hold, and every form in which one could leave the process.

The forms are made by the standard library, and by no code of the product: what hides a secret is judged by them.
"""

import base64
import html
import json
import quopri
import threading
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

SHORTEST = 6
"""Octets of a form that are looked for: shorter ones stand in every text."""


EVERYTHING = ("-v=9", "--logtostderr", "--logflow")
"""What lets Pulumi log all that it can: the engine, and the plugins that it starts."""

OF_OCTETS = ("its octets", "hex of its octets", "a literal")
"""Forms of what a secret is base64 of: only a TSIG key is sent so."""

LOOK = 0.1
"""Seconds between two looks at the processes."""


class Held(NamedTuple):
    """A secret that the product can hold.

    :param name: as ``docs/security.md`` has it.
    :param variables: environment variables that may hold it; of a named profile, that of the profile ``in-house``.
    :param keys: keys of a stack's config that may hold it, with their namespace.
    :param value: one that is nobody's.
    """

    name: str
    variables: tuple[str, ...]
    keys: tuple[str, ...]
    value: str


OCTODNS = "elastx-mrs:octodns"

HELD = (
    Held(
        "TSIG key",
        ("ELASTX_MRS_RFC2136_KEY",),
        ("elastx-mrs:tsigKey",),
        "Y2FuYXJ5LW9mLXRoZS1kZWZhdWx0LXRzaWcta2V5LTM=",
    ),
    Held(
        "TSIG key of a profile",
        ("ELASTX_MRS_RFC2136_IN_HOUSE_KEY",),
        ("elastx-mrs:tsigKeys",),
        "b25lLW1vcmUtY2FuYXJ5LW9mLWEtbmFtZWQtcHJvZmk=",
    ),
    Held("Cloudflare API token", ("CLOUDFLARE_API_TOKEN",), ("cloudflare:apiToken",), f"Canary-of_a_token{'7q' * 10}"),
    Held("Cloudflare API key", ("CLOUDFLARE_API_KEY",), ("cloudflare:apiKey",), f"canaryofthekey{'3' * 23}"),
    Held(
        "Cloudflare user service key",
        ("CLOUDFLARE_API_USER_SERVICE_KEY",),
        ("cloudflare:apiUserServiceKey",),
        f"v1.0-canary-{'9f' * 40}",
    ),
    Held("AWS secret access key", ("AWS_SECRET_ACCESS_KEY",), (), "canary/of+an/AWS/secret+access/key/44444"),
    Held("AWS session token", ("AWS_SESSION_TOKEN",), (), f"canary/of//an+AWS+token{'5x' * 20}=="),
    Held(
        "keys of octoDNS's providers",
        ("PDNS_API_KEY",),
        (OCTODNS,),
        "Canary+of_a-key/of.octoDNS=55555",
    ),
    Held("SMTP password", ("ELASTX_MRS_SMTP_PASSWORD",), (), "Canary & the <password> of 100 %: åäö"),
    Held("Pulumi passphrase", ("PULUMI_CONFIG_PASSPHRASE",), (), "canary of Pulumi's pass phrase"),
)
"""All of them; ``tests/test_secrets.py`` holds the list against the registry and the table of variables."""


def environment() -> dict[str, str]:
    """Return every variable that may hold a secret, with one in it."""
    return {variable: one.value for one in HELD for variable in one.variables}


def config() -> dict[str, object]:
    """Return every key of a stack's config that may hold a secret, with one in it, but those that name a publisher."""
    found: dict[str, object] = {key: one.value for one in HELD for key in one.keys if key != OCTODNS}
    found["elastx-mrs:tsigKeys"] = {"in-house": found["elastx-mrs:tsigKeys"]}
    return found


def octodns(port: int = 9) -> dict[str, object]:
    """Return a provider of octoDNS, as a stack's config has it, with its key in plain text."""
    key = next(one.value for one in HELD if OCTODNS in one.keys)
    return {"class": "octodns_powerdns.PowerDnsProvider", "host": "127.0.0.1", "port": port, "api_key": key}


def values() -> tuple[str, ...]:
    """Return every secret of :data:`HELD`."""
    return tuple(one.value for one in HELD)


def forms(secret: str) -> Mapping[str, bytes]:
    """Return every form of a secret by its kind, in lower case: who compares lowers the case of both."""
    octets = secret.encode()
    found = {
        "plain": octets,
        "upper case": secret.upper().encode(),  # of other letters than those of ASCII
        "lower case": secret.lower().encode(),
        "reversed": secret[::-1].encode(),
        "reversed, in upper case": secret[::-1].upper().encode(),
        "reversed, in lower case": secret[::-1].lower().encode(),
        "without white space": b"".join(octets.split()),
        "percent-encoded": urllib.parse.quote(secret, safe="").encode(),
        "form-encoded": urllib.parse.quote_plus(secret).encode(),
        "percent-encoded throughout": "".join(f"%{octet:02x}" for octet in octets).encode(),
        "JSON": json.dumps(secret)[1:-1].encode(),
        "HTML": html.escape(secret).encode(),
        "a Python literal": repr(secret)[1:-1].encode(),
        "a Python literal of octets": repr(octets)[2:-1].encode(),
        "quoted-printable": quopri.encodestring(octets).strip(),
        "hex": octets.hex().encode(),
        "hex with colons": octets.hex(":").encode(),
        "hex with spaces": octets.hex(" ").encode(),
    }
    found |= {f"base64 at {at}": text for at, text in enumerate(_base64(octets))}
    try:
        raw = base64.b64decode(secret, validate=True)
    except ValueError:
        raw = b""
    if raw:  # a TSIG key
        found |= dict(zip(OF_OCTETS, (raw, raw.hex().encode(), repr(raw)[2:-1].encode()), strict=True))
    return {kind: text.lower() for kind, text in found.items() if len(text) >= SHORTEST}


def _base64(octets: bytes) -> Iterator[bytes]:
    """Yield what stands for a text in base64, wherever in the whole it begins; in both alphabets."""
    for before in range(3):
        whole = base64.b64encode(bytes(before) + octets)
        # Characters that the octets before or after it decide too are left out.
        part = whole[(0, 2, 3)[before] :].rstrip(b"=")
        part = part if (before + len(octets)) % 3 == 0 else part[:-1]
        yield part
        yield part.translate(bytes.maketrans(b"+/", b"-_"))


def shown(text: str | bytes, secrets: Iterable[str]) -> list[str]:
    """Return what a text has of secrets, as ``a form of '…'``; it should be nothing."""
    octets = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    lower = octets.lower()
    places = (lower, b"".join(lower.split()))
    return [
        f"{kind} of {secret!r}: …{place[max(0, place.index(form) - 60) : place.index(form)].decode(errors='replace')}"
        for secret in secrets
        for kind, form in forms(secret).items()
        for place in places
        if form in place
    ]


def shown_below(folder: Path, secrets: Iterable[str], *besides: Path) -> list[str]:
    """Return what the files below a folder, and their names, have of secrets; ``besides`` are folders to pass over."""
    found = []
    secrets = tuple(secrets)
    for path in sorted(folder.rglob("*")):
        if any(path.is_relative_to(one) for one in besides):
            continue
        found += [f"{path}: its name: {one}" for one in shown(path.name, secrets)]
        if path.is_file() and not path.is_symlink():
            found += [f"{path}: {one}" for one in shown(path.read_bytes(), secrets)]
    return found


@dataclass
class Processes:
    """What others on a machine may see of processes: their arguments, and, of their own user, their environment."""

    commands: set[bytes] = field(default_factory=set)
    environments: set[bytes] = field(default_factory=set)

    def look(self, mark: bytes) -> None:
        """Look at every process that has a mark in its environment."""
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has ended
                environment = (process / "environ").read_bytes()
                if mark in environment:
                    self.environments.add(environment)
                    self.commands.add((process / "cmdline").read_bytes())


@contextmanager
def watched(mark: str) -> Iterator[Processes]:
    """Look at the processes again and again; ``mark`` is a text in the environment of those that are meant."""
    seen, over = Processes(), threading.Event()

    def look() -> None:
        while not over.wait(LOOK):
            seen.look(mark.encode())

    watch = threading.Thread(target=look, daemon=True)
    watch.start()
    try:
        yield seen
    finally:
        over.set()
        watch.join()
    if Path("/proc/self/environ").exists():
        assert len(seen.commands) > 1, "nothing was seen"
