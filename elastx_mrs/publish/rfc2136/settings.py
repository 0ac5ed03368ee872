"""What a config says of name servers that take dynamic updates: who serves which zone, and by which TSIG key."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field
from pydantic.alias_generators import to_camel

from elastx_mrs import limits
from elastx_mrs.config.base import Shape, is_encrypted
from elastx_mrs.config.environment import RFC2136_KEY
from elastx_mrs.display import quoted, some
from elastx_mrs.identity import DEFAULT_PROFILE, NAMESPACE
from elastx_mrs.records import RecordError, names
from elastx_mrs.registry import Problem, Provider, StackKey
from elastx_mrs.secrecy import masked
from elastx_mrs.start import Question, Start

_SAMPLE_TSIG = "c2FtcGxlLCBuZXZlciB1c2UgaXQ="


def profile_name(text: str) -> str:
    """Return the name of a profile.

    :raises RecordError: if it is invalid.
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", text):
        raise RecordError(
            f"{quoted(masked(text))} is not a name for a server; write lower-case letters, digits and hyphens"
        )
    return text


def _server(text: str) -> str:
    names.primary_address(text)
    return text


_Zones = Annotated[list[Annotated[str, AfterValidator(names.sender_domain)]], Field(min_length=1)]


class Profile(Shape):
    """One primary, and the zones that it serves. The secret of its key is in ``tsigKey`` or ``tsigKeys``.

    Everything except ``zones`` is read at update time, and is never an input of a record.
    """

    written: ClassVar[str] = "an object such as {zones: [example.com]}"
    examples: ClassVar[Mapping[str, Any]] = {
        "zones": ["example.com"],
        "server": "ns1.example.com",
        "key_name": "mail-relay",
        "key_file": "/etc/mail-relay.key",
        "algorithm": "hmac-sha512",
    }

    zones: _Zones | None = None
    """The zones that it serves. Each domain belongs to its longest matching zone. Required."""
    server: Annotated[str, AfterValidator(_server)] | None = None
    """The server: an address, [address]:port or name:port. It is read at update time, from the stack's config or the
    provider's. Default: the one that the zone's SOA names.
    """
    key_name: Annotated[str, AfterValidator(names.tsig_key_name)] | None = None
    """The name of the TSIG key. It is read at update time, from the stack's config or the provider's."""
    key_file: str | None = None
    """A file with the key, from tsig-keygen. It is read at update time, from the stack's config or the provider's."""
    algorithm: Annotated[str, AfterValidator(names.tsig_algorithm)] | None = None
    """The TSIG algorithm. It is read at update time, from the stack's config or the provider's. Default: hmac-sha256.
    """


class Rfc2136(Profile):
    """Publishing by dynamic update (RFC 2136), to one primary, or to several by name."""

    examples: ClassVar[Mapping[str, Any]] = {
        "profiles": {"internal": {"zones": ["corp.example"], "server": "192.0.2.1"}}
    }

    zones: _Zones | None = None
    """The zones that it serves. Each domain belongs to its longest matching zone. Required unless profiles have them.
    """
    profiles: dict[Annotated[str, AfterValidator(profile_name)], Profile] = {}
    """Several primaries by name, each with its own zones."""

    @cached_property
    def by_zone(self) -> Mapping[str, str]:
        """The name of the profile that serves each zone."""
        own = {DEFAULT_PROFILE: self, **self.profiles}
        return {zone: name for name, profile in own.items() for zone in profile.zones or ()}


_MOST_LISTED = 10
"""Zones that a message lists, because thousands of domains may each have one."""

_OF_THE_SERVER = ("server", "key_name", "key_file", "algorithm")


def faults(given: Rfc2136, domains: Sequence[str], program: bool) -> Iterator[Problem]:
    """Yield the errors in the assignment of zones to primaries."""
    yield from _of_profiles(given, program)
    if served := given.by_zone:
        listed = some(list(served), _MOST_LISTED)
        for index, domain in enumerate(domains):
            if names.longest_zone(domain, served) is None:
                problem = f"{domain} is in none of rfc2136.zones ({listed}); add its zone there"
                yield f"domains[{index}]", problem


def _of_profiles(given: Rfc2136, program: bool) -> Iterator[Problem]:
    named = {DEFAULT_PROFILE: given} if given.model_fields_set - {"profiles"} or not given.profiles else {}
    if named and DEFAULT_PROFILE in given.profiles:
        problem = "is described twice, here and by the keys of rfc2136 itself; keep one of them"
        yield f"rfc2136.profiles.{DEFAULT_PROFILE}", problem
    seen: dict[str, str] = {}
    for name, profile in (named | given.profiles).items():
        where = "rfc2136" if profile is given else f"rfc2136.profiles.{name}"
        zones = f"{where}.zones"
        if not profile.zones:
            yield zones, "is missing; write it"
        for index, zone in enumerate(profile.zones or ()):
            if zone in seen:
                yield f"{zones}[{index}]", f"{zone} is in {seen[zone]} too; list it in one of them"
            seen.setdefault(zone, zones)
        for key in _OF_THE_SERVER if program else ():
            if getattr(profile, key) is not None:
                problem = f"cannot be an input: write it as {to_camel(key)} under {NAMESPACE}:rfc2136 in "
                yield f"{where}.{key}", f"{problem}the stack's config, or set the environment variable"


def place(given: Rfc2136, domain: str) -> str:
    """Return the profile of the primary that serves a domain's zone. A zone may have several, in several views."""
    return given.by_zone.get(names.longest_zone(domain, given.by_zone) or "", "")


def stand_in(path: tuple[str | int, ...], name: str) -> Any:
    """Return the placeholder for an encrypted value."""
    match path:
        case () | ("profiles", _):
            return {"zones": [name]}
        case ("profiles",):
            return {"encrypted": {"zones": [name]}}
        case (*_, "zones"):
            return [name]
        case (*_, "zones", int()):
            return name
        case (*_, "server" | "keyName" | "keyFile"):
            return "encrypted"  # settings without any key would count as missing
        case _:  # this is algorithm, the only other key
            return "hmac-sha256"


def elsewhere(given: Mapping[str, Any], absent: Any) -> Mapping[str, Any]:
    """Complete a stack's settings with the zones that its program names.

    :param absent: the placeholder for a value that is elsewhere.
    """
    profiles = given.get("profiles")
    if isinstance(profiles, Mapping) and not is_encrypted(profiles):
        described = {name: _with_zones(one, absent) for name, one in profiles.items()}
        return {**(_with_zones(given, absent) if set(given) > {"profiles"} else {}), "profiles": described}
    return {"zones": absent, **given}


def _with_zones(profile: Any, absent: Any) -> Any:
    readable = isinstance(profile, Mapping) and not is_encrypted(profile)
    return {"zones": absent, **profile} if readable else profile


PROVIDER = Provider(
    "rfc2136",
    Rfc2136,
    "Publish to your own name servers, by dynamic update. Required unless another publisher is named.",
    "elastx_mrs.publish.rfc2136.publisher:make",
    zones="elastx_mrs.publish.rfc2136.publisher:zones",
    examine="elastx_mrs.publish.rfc2136.examine:examine",
    faults=faults,
    at_update="The primaries of `rfc2136`: server, keyName, keyFile, algorithm, and profiles.",
    stack_only=_OF_THE_SERVER,
    stack_keys=(
        StackKey(
            "tsigKey",
            "secret",
            "The TSIG key: its secret in base64, or the content of a file from tsig-keygen.",
            "create a new key, remove the old one from the server",
            example=_SAMPLE_TSIG,
        ),
        StackKey(
            "tsigKeys",
            "secrets",
            "The TSIG keys of `rfc2136.profiles`, by the profile's name.",
            "create a new key, remove the old one from the server",
            example={"internal": _SAMPLE_TSIG},
        ),
        StackKey(
            "adopt",
            "names",
            "Names whose published records the stack takes over (not for cloudflare): `elastx-mrs adopt` prints them.",
            example=["_dmarc.example.com"],
        ),
    ),
    stand_in=stand_in,
    elsewhere=elsewhere,
    place=place,
    waits=lambda _: f"Lost messages to a primary are sent again for up to {limits.RECORD_SECONDS.text}",
    hints={profile_name: {"pattern": r"^[a-z][a-z0-9-]{0,30}$"}},
    start=Start(
        questions=(
            Question("zones", "the zones that your primary name server serves", "example.com,example.se", zones=True),
            Question(
                "server",
                "the primary that accepts updates; empty for the one that the SOA record names",
                "ns1.example.com",
            ),
            Question("keyName", "the name of the TSIG key; empty if the key's file names it", "mail-relay"),
        ),
        credentials=(f"{RFC2136_KEY}: the TSIG key, as its secret in base64 or as the file that tsig-keygen writes",),
    ),
)
