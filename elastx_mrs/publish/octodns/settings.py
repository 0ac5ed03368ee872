"""The config of octoDNS's providers, in octoDNS's own words: each by its id, with its class and the class's keys."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import ConfigDict

from elastx_mrs.config.base import Shape, is_encrypted
from elastx_mrs.config.environment import holds_secret
from elastx_mrs.display import quoted
from elastx_mrs.identity import NAMESPACE
from elastx_mrs.publish.octodns import known
from elastx_mrs.publish.octodns.listed import zone_faults
from elastx_mrs.records import names
from elastx_mrs.registry import Problem, Provider, StackKey
from elastx_mrs.secrecy import masked
from elastx_mrs.start import Question, Start

_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}")
_CLASS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)+")
_SAMPLE = {"class": "octodns_hetzner.HetznerProvider", "token": "env/HCLOUD_TOKEN"}


class Octodns(Shape):
    """Publishing through octoDNS's providers. Only the stack's config has them, each by a name of your choice: its
    class, the keys of that class, and zones. A program writes an empty object.
    """

    model_config = ConfigDict(extra="allow")

    written: ClassVar[str] = "an object with providers of octoDNS by name, such as {hetzner: {class: …, token: …}}"
    examples: ClassVar[Mapping[str, Any]] = {"hetzner": _SAMPLE}

    @property
    def providers(self) -> Mapping[str, Any]:
        """What is given of each provider, by octoDNS's id."""
        return self.model_extra or {}


def faults(given: Octodns, domains: Sequence[str], program: bool) -> Iterator[Problem]:
    """Yield what cannot work."""
    if program:
        for key in given.providers:
            problem = f"cannot be an input: write it under {NAMESPACE}:octodns in the stack's config"
            yield f"octodns.{masked(key)}", f"{problem}, and octodns={{}} in the program"
        return
    listed: dict[str, str] = {}
    for key, one in given.providers.items():
        path = f"octodns.{masked(key)}"
        if not _ID.fullmatch(key):
            yield path, f"{quoted(masked(key))} is not an id; write up to 63 letters, digits, '_', '-' and '.'"
        elif not isinstance(one, Mapping):
            yield path, f"is not an object with keys; write one, such as {{class: {_SAMPLE['class']}, …}}"
        else:
            yield from _of_class(f"{path}.class", one.get("class"))
            yield from zone_faults(f"{path}.zones", one.get("zones"), listed)


def _of_class(path: str, given: Any) -> Iterator[Problem]:
    example = f"such as {_SAMPLE['class']}"
    if given is None:
        yield path, f"is missing; write the provider's class, {example}"
    elif not isinstance(given, str) or not _CLASS.fullmatch(given):
        shown = f"{quoted(masked(given))} " if isinstance(given, str) else ""
        yield path, f"{shown}is not the path of a Python class; write one, {example}"


def in_plain_text(given: Any) -> Iterator[Problem]:
    """Yield each key of a class that holds a secret by its name, and has it in the stack's file."""
    for key, one in given.items() if isinstance(given, Mapping) and not is_encrypted(given) else ():
        for path in _open(one, _below("octodns", key)) if isinstance(one, Mapping) else ():
            cure = "create a new key at the provider, revoke this one, and run"
            set_ = f"pulumi config set --path --secret {shlex.quote(f'{NAMESPACE}:{path}')}"
            yield path, f"{cure}: {set_}"


def _below(path: str, key: Any) -> str:
    """Return the path of a key, as Pulumi reads it."""
    name = masked(str(key))
    return f"{path}.{name}" if re.fullmatch(r"[\w-]+", name) else f'{path}["{name}"]'


def _open(given: Any, path: str, secret: bool = False) -> Iterator[str]:
    """Yield the paths of readable secrets. ``passwords`` has several: what is below such a key is secret too."""
    if isinstance(given, Mapping) and not is_encrypted(given):
        for key, one in given.items():
            yield from _open(one, _below(path, key), secret or holds_secret(str(key).removesuffix("s")))
    elif isinstance(given, list):
        for index, one in enumerate(given):
            yield from _open(one, f"{path}[{index}]", secret)
    elif secret and isinstance(given, str) and given and not given.startswith("env/"):
        yield path


def stand_in(path: tuple[str | int, ...], name: str) -> Any:
    """Return the placeholder for an encrypted value."""
    match path:
        case ():
            return {"encrypted": {"class": "encrypted.Provider"}}
        case (_,):
            return {"class": "encrypted.Provider"}
        case (_, "class"):
            return "encrypted.Provider"
        case (_, "zones"):
            return [name]
        case (_, "zones", int()):
            return name
        case _:
            return "encrypted"


def place(given: Octodns, domain: str) -> str:
    """Return the id of the provider whose zones name a domain's; empty where zones are found at run time."""
    by_zone: dict[str, str] = {}
    for key, one in given.providers.items():
        zones = one.get("zones") if isinstance(one, Mapping) and not is_encrypted(one) else None
        if zones and not any(zone_faults("", zones, {})):
            by_zone |= dict.fromkeys(map(names.sender_domain, zones), key)
    return by_zone.get(names.longest_zone(domain, by_zone) or "", "")


PROVIDER = Provider(
    "octodns",
    Octodns,
    "Publish through a provider of octoDNS. Required unless another publisher is named.",
    "elastx_mrs.publish.octodns.publisher:make",
    zones="elastx_mrs.publish.octodns.publisher:zones",
    examine="elastx_mrs.publish.octodns.examine:examine",
    extra="octodns",
    faults=faults,
    at_update="The providers of octoDNS, by name: class, keys and zones.",
    stack_keys=(
        StackKey(
            "adopt",
            "names",
            "Names whose published records the stack takes over (not for cloudflare): `elastx-mrs adopt` prints them.",
            example=["_dmarc.example.com"],
        ),
    ),
    in_plain_text=in_plain_text,
    stand_in=stand_in,
    place=place,
    start=Start(
        questions=(
            Question("class", f"the class of the provider; {known.PAGE} lists some", "octodns_hetzner.HetznerProvider"),
            Question(
                "keys",
                "the keys of the class; empty for the usual ones. For a secret, name its variable",
                "token=env/HCLOUD_TOKEN,backend=hcloud",
            ),
            Question(
                "zones",
                "the zones, because this class cannot list them",
                "example.com,example.se",
                zones=True,
                applies=known.needs_zones,
            ),
        ),
        extra="octodns",
        settings=known.of_answers,
        needs=known.needs,
    ),
)
