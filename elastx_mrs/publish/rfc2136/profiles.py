"""The primaries' addresses and keys, from the environment or, after that, the stack's config.

They are read at update time and never by the program, so no address or key is an input of a resource.
"""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dns.tsig
from dns.rdtypes.ANY.SOA import SOA

from elastx_mrs import limits
from elastx_mrs.config.environment import (
    RFC2136_ALGORITHM,
    RFC2136_KEY,
    RFC2136_KEY_FILE,
    RFC2136_KEY_NAME,
    RFC2136_SERVER,
    PrimaryVariable,
)
from elastx_mrs.display import quoted, visible
from elastx_mrs.identity import DEFAULT_PROFILE, NAMESPACE, profile_path
from elastx_mrs.lookup.vantage import Vantage
from elastx_mrs.publish.adoption import Get
from elastx_mrs.publish.rfc2136 import tsig
from elastx_mrs.publish.rfc2136.primary import Primary, UnreachableError, UpdateError, text
from elastx_mrs.publish.vantage import object_of, vantage_of
from elastx_mrs.reading import BeyondError, read_json, read_octets
from elastx_mrs.records import RecordError
from elastx_mrs.records.names import primary_address, tsig_key_name
from elastx_mrs.secrecy import masked

PORT = "53"


class Profiles:
    """The primaries of a stack, by profile. Results are cached for the life of the object.

    :param get: reads the stack's config.
    """

    def __init__(self, get: Get, environment: Mapping[str, str] = os.environ) -> None:
        self._get = get
        self._environment = environment
        self._known: dict[tuple[str, str], Primary] = {}

    def primary(self, profile: str, zone: str) -> Primary:
        """Return who serves a zone.

        :raises UpdateError: naming everything that is missing or malformed, never the key's text.
        """
        if (profile, zone) not in self._known:
            self._known[profile, zone] = _Described(self._get, self._environment, profile).primary(zone)
        return self._known[profile, zone]


class _Described:
    """The settings of one primary in the config and the environment."""

    def __init__(self, get: Get, environment: Mapping[str, str], profile: str) -> None:
        config = _object(get, "rfc2136")
        profiles = config.get("profiles")
        own = profiles.get(profile) if isinstance(profiles, dict) else None
        self._settings = own if isinstance(own, dict) and own else config if profile == DEFAULT_PROFILE else {}
        self._get = get
        self._environment = environment
        self._profile = profile
        self._secret = "tsigKey" if profile == DEFAULT_PROFILE else f"tsigKeys.{profile}"

    def primary(self, zone: str) -> Primary:
        faults: list[str] = []
        key = self._key(faults)
        server = self._value("server", RFC2136_SERVER)
        host, port = "", 0
        if server:
            try:
                host, port = primary_address(server)
            except RecordError as error:
                faults.append(f"{self._path('server')}: {error}")
        if faults or key is None:
            raise UpdateError("\n  ".join(faults))
        if not server:
            host, port = asyncio.run(self._mname(zone)), int(PORT)
        return Primary(host, port, key, self._profile)

    def _key(self, faults: list[str]) -> dns.tsig.Key | None:
        """Return the key. Environment, config and key file must agree about it."""
        where, given = self._key_text(faults)
        algorithm = self._value("algorithm", RFC2136_ALGORITHM)
        name = self._key_name(faults)
        if given is None or name is None:
            if name == "" and where == self._secret:
                faults.append(self._missing("keyName", RFC2136_KEY_NAME, "the TSIG key's name"))
            return None
        try:
            key = tsig.read_key(given)
            for what, one, other in (("keyName", name, key.name), ("algorithm", algorithm, key.algorithm)):
                if one and other and _plain(one) != _plain(other):
                    said = f"is {visible(masked(one))}, and the key is {visible(masked(other))}"
                    faults.append(f"{self._path(what)}: {said}; remove one of them")
            name = name or key.name or ""
            if not name:
                faults.append(self._missing("keyName", RFC2136_KEY_NAME, "the TSIG key's name"))
                return None
        except RecordError as error:
            faults.append(f"{where}: {error}")
            return None
        try:
            return tsig.key_from(name, key.secret, algorithm or key.algorithm or tsig.ALGORITHM)
        except RecordError as error:
            of_algorithm = "(RFC 8945 §6)" in str(error)
            faults.append(f"{self._path('algorithm') if of_algorithm else where}: {error}")
            return None

    def _key_name(self, faults: list[str]) -> str | None:
        """Return the key's name; empty if only the key file may contain it, None if it is invalid."""
        try:
            return tsig_key_name(self._value("keyName", RFC2136_KEY_NAME))
        except RecordError as error:
            faults.append(f"{self._path('keyName')}: {error}")
            return None

    def _key_text(self, faults: list[str]) -> tuple[str, str | None]:
        """Return the key's place and text. The environment comes before the config."""
        key_variable, file_variable = RFC2136_KEY.of(self._profile), RFC2136_KEY_FILE.of(self._profile)
        if value := self._environment.get(key_variable):
            return self._secret, value
        if path := self._environment.get(file_variable):
            return file_variable, self._file(file_variable, path, faults)
        alone = self._profile == DEFAULT_PROFILE
        secret = self._get(f"{NAMESPACE}:tsigKey") if alone else self._of_profiles(faults)
        if secret:
            return self._secret, str(secret)
        if faults:
            return self._secret, None
        if path := self._settings.get("keyFile"):
            return self._path("keyFile"), self._file(self._path("keyFile"), path, faults)
        faults.append(f"{self._secret}: is missing; {self._set} or {file_variable}")
        return self._secret, None

    @property
    def _set(self) -> str:
        """The fix for a missing key."""
        path = "" if self._profile == DEFAULT_PROFILE else "--path "
        run = f"run: pulumi config set {path}--secret {NAMESPACE}:{self._secret}"
        return f"{run}, or set {RFC2136_KEY.of(self._profile)}"

    def _of_profiles(self, faults: list[str]) -> str | None:
        """Return the profile's key. An error about malformed keys quotes nothing of them."""
        try:
            keys = read_json(self._get(f"{NAMESPACE}:tsigKeys") or "{}")
        except ValueError:
            faults.append(f"tsigKeys: is no JSON; {self._set}")
            return None
        if not isinstance(keys, dict):
            faults.append(f"tsigKeys: is not an object with a key for each profile; {self._set}")
            return None
        found = keys.get(self._profile)
        if found is not None and not isinstance(found, str):
            faults.append(f"{self._secret}: is no text; {self._set}")
            return None
        return found

    def _file(self, where: str, path: str, faults: list[str]) -> str | None:
        cure = "name a file as tsig-keygen writes it"
        try:
            return read_octets(str(Path(path).expanduser().absolute()), limits.KEY_FILE).decode("ascii")
        except BeyondError as error:
            faults.append(f"{where}: {visible(path)}: {error}; {cure}")
        except UnicodeDecodeError:
            faults.append(f"{where}: {visible(path)}: is no text; {cure}")
        except (OSError, ValueError, RuntimeError) as error:  # a path with a NUL; an unknown home folder
            if masked(path) != path:
                faults.append(f"{where}: is the key itself, not the name of a file; {cure}; or {self._set}")
            elif isinstance(error, OSError):
                faults.append(f"{where}: {visible(path)}: {error.strerror}; {cure}")
            else:
                faults.append(f"{where}: {quoted(path)}: is no path; {cure}")
        return None

    def _value(self, key: str, variable: PrimaryVariable) -> str:
        return str(self._environment.get(variable.of(self._profile)) or self._settings.get(key) or "")

    def _missing(self, key: str, variable: PrimaryVariable, what: str) -> str:
        return f"{self._path(key)}: is missing; write {what}, or set {variable.of(self._profile)}"

    def _path(self, key: str) -> str:
        return profile_path(self._profile, key)

    async def _mname(self, zone: str) -> str:
        """Return an address of the primary that the zone's SOA names (RFC 1035 §3.3.13)."""
        vantage = self._vantage()
        cure = self._missing("server", RFC2136_SERVER, "the primary's address").partition("; ")[2]
        path = f"{self._path('server')}: is missing, and"
        soa = await vantage.ask(zone, "SOA")
        found = [rdata for rdata in soa.rdatas if isinstance(rdata, SOA)]
        if not found:
            problem = (
                f"{path} the SOA of {zone}, which names the primary, was not found: {soa.problem or 'it has none'}"
            )
            raise (UnreachableError if soa.status == "failed" else UpdateError)(f"{problem}; {cure}")
        name = text(found[0].mname)
        for rdtype in ("A", "AAAA"):
            answer = await vantage.ask(name, rdtype)
            for address in answer.addresses():
                return str(address)
        raise UpdateError(f"{path} the primary that the SOA of {zone} names, {name}, has no address; {cure}")

    def _vantage(self) -> Vantage:
        """Return the servers to ask for the primary."""
        try:
            return vantage_of(self._get, self._environment)
        except RecordError as error:
            raise UpdateError(str(error)) from None


def _object(get: Get, key: str) -> dict[str, Any]:
    """Return an object of the stack's config; empty if it is missing.

    :raises UpdateError: if it is not an object.
    """
    try:
        return object_of(get, key)
    except RecordError as error:
        raise UpdateError(str(error)) from None


def _plain(name: str) -> str:
    return name.lower().removesuffix(".")
