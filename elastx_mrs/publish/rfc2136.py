"""Publishing by dynamic update (RFC 2136): a Pulumi dynamic resource, one per TXT record.

The provider's class is pickled by reference, so ``elastx_mrs.publish.rfc2136`` and its name are part of the state's
format. A server's address and key are read where it runs and are never inputs: they would end up in the state.
"""

import asyncio
import json
import os
import sys
from base64 import b64decode
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from typing import Any, ClassVar, TypeVar

import pulumi
from pulumi import dynamic

from elastx_mrs.publish.dns_update import Primary, UnreachableError, UpdateError, changed_value, key_from
from elastx_mrs.publish.existing import CannotAskError, Existing
from elastx_mrs.publish.probe import existing
from elastx_mrs.records import TxtRecord
from elastx_mrs.records.names import longest_zone

NAMESPACE = "elastx-mrs"
"""Of the stack's config, whatever the program's project is called."""

CONNECTIONS = 8
"""To the primary, at once."""

Get = Callable[[str], Any]
"""The value of a stack config key, with its namespace, or None."""

T = TypeVar("T")


def primary(get: Get) -> Primary:
    """Return where to send, from the stack's config, or from the environment, which comes first.

    :raises UpdateError: naming everything that is missing or malformed, never the key's text.
    """
    settings = json.loads(get(f"{NAMESPACE}:rfc2136") or "{}")
    server = os.environ.get("ELASTX_MRS_RFC2136_SERVER") or settings.get("server")
    key_name = os.environ.get("ELASTX_MRS_RFC2136_KEY_NAME") or settings.get("keyName")
    secret = os.environ.get("ELASTX_MRS_RFC2136_KEY") or get(f"{NAMESPACE}:tsigKey")
    faults = []
    if not server:
        faults.append("rfc2136.server: is missing; write the primary's address, or set ELASTX_MRS_RFC2136_SERVER")
    if not key_name:
        faults.append("rfc2136.keyName: is missing; write the TSIG key's name, or set ELASTX_MRS_RFC2136_KEY_NAME")
    if not secret:
        faults.append(
            "tsigKey: is missing; run: pulumi config set --secret elastx-mrs:tsigKey, or set ELASTX_MRS_RFC2136_KEY"
        )
    octets = b""
    if secret:
        with suppress(ValueError):
            octets = b64decode("".join(str(secret).split()), validate=True)
        if not octets:
            faults.append("tsigKey: is not base64; write the secret as tsig-keygen prints it")
    try:
        host, port = _address(str(server or "localhost"))
    except ValueError:
        faults.append(
            f"rfc2136.server: {server!r} is not an address; write 192.0.2.1, [2001:db8::1]:53 or ns1.example.com"
        )
    if faults:
        raise UpdateError("\n  ".join(faults))
    return Primary(host, port, key_from(str(key_name), octets, settings.get("algorithm") or "hmac-sha256"))


def adopted(get: Get) -> frozenset[str]:
    """Return the owner names at which identical content may be taken over."""
    listed = json.loads(get(f"{NAMESPACE}:adopt") or "[]")
    names = [*listed, *os.environ.get("ELASTX_MRS_ADOPT", "").split(",")]
    return frozenset(name.strip().lower().removesuffix(".") for name in names if name.strip())


class TxtProvider(dynamic.ResourceProvider):
    """Creates, reads, updates and deletes one TXT record on the primary."""

    serialize_as_secret_always: ClassVar[bool] = False  # type: ignore[misc]  # it holds nothing but its own name

    _get: Get

    def configure(self, req: dynamic.ConfigureRequest) -> None:
        """Keep the stack's config; it is read when something is done."""
        self._get = req.config.get

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.DiffResult:
        """Compare inputs: another place is a replacement, another value or TTL an update."""
        changed = [key for key in ("profile", "zone", "owner", "value", "ttl") if _olds.get(key) != _news.get(key)]
        return dynamic.DiffResult(
            changes=bool(changed),
            replaces=[key for key in changed if key in ("profile", "zone", "owner")],
            delete_before_replace=True,
        )

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Publish the record."""
        owner, value = props["owner"], props["value"]
        self._do(lambda to: to.add(props["zone"], owner, value, _ttl(props), owner in adopted(self._get)))
        return dynamic.CreateResult(f"{owner}/TXT/{sha256(value.encode()).hexdigest()[:12]}", _outs(props))

    def read(self, id_: str, props: dict[str, Any]) -> dynamic.ReadResult:
        """Return what is served now: the record, what somebody made of it, or nothing."""
        values, served = self._do(lambda to: to.read(props["owner"]))
        value = changed_value(values, props["value"])
        if value is None:
            return dynamic.ReadResult("", {})
        ttl = None if props.get("ttl") is None else served
        return dynamic.ReadResult(id_, _outs(props) | {"value": value, "ttl": ttl})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.UpdateResult:
        """Put the new value in the old one's place, in one message."""
        self._do(lambda to: to.replace(_news["zone"], _news["owner"], _olds["value"], _news["value"], _ttl(_news)))
        return dynamic.UpdateResult(_outs(_news))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Withdraw the record."""
        self._do(lambda to: to.remove(_props["zone"], _props["owner"], _props["value"]))

    def _do(self, action: Callable[[Primary], T]) -> T:
        try:
            return action(primary(self._get))
        except UpdateError:
            sys.tracebacklimit = 0  # the engine shows the user a traceback otherwise
            raise


class TxtResource(dynamic.Resource, module="rfc2136", name="TxtRecord"):
    """One TXT record on an RFC 2136 primary."""

    def __init__(self, name: str, inputs: dict[str, Any], options: pulumi.ResourceOptions) -> None:
        super().__init__(TxtProvider(), name, inputs, options)


class Rfc2136:
    """Declares records on an RFC 2136 primary.

    :param zones: the zones that the primary serves; a domain is in the longest one that it is, or ends in.
    :param get: reads the stack's config, for where the primary is.
    """

    def __init__(self, zones: Sequence[str], get: Get) -> None:
        self._zones = zones
        self._get = get
        self._pool = ThreadPoolExecutor(max_workers=CONNECTIONS, thread_name_prefix="elastx-mrs-probe")
        self._dead: str | None = None

    def declare(self, name: str, record: TxtRecord, options: pulumi.ResourceOptions) -> pulumi.CustomResource:
        """Declare one record."""
        inputs = {
            "profile": "default",
            "zone": longest_zone(record.domain, self._zones),
            "owner": record.name,
            "value": record.value,
            "ttl": record.configured_ttl,
        }
        return TxtResource(name, inputs, options)

    def published(self, resource: pulumi.CustomResource) -> pulumi.Output[str]:
        """Return the value in the state."""
        return pulumi.Output.all(resource.id, resource.value).apply(lambda known: str(known[1]))  # type: ignore[attr-defined]

    async def existing(self, owner: str) -> Existing:
        """Ask the primary; after it did not answer once, it is not waited for again."""
        zone = longest_zone(owner, self._zones)
        if zone is None:
            raise CannotAskError(f"{owner} is in none of rfc2136.zones ({', '.join(self._zones)}); add its zone there")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._existing, zone, owner)

    def adopted(self) -> frozenset[str]:
        """Return the owner names of stack config ``adopt``, and of ``ELASTX_MRS_ADOPT``."""
        return adopted(self._get)

    def merging(self, record: TxtRecord) -> str:
        """Return what to run to keep, and change, what is at a record's name."""
        return f"run: elastx-mrs adopt {record.domain}, and put what it prints into the config"

    def claiming(self, record: TxtRecord) -> str:
        """Return what to run where exactly a record's value is there already."""
        return f"run once with ELASTX_MRS_ADOPT={record.name}"

    def _existing(self, zone: str, owner: str) -> Existing:
        if self._dead is not None:
            raise CannotAskError(self._dead)
        try:
            return existing(primary(self._get), zone, owner)
        except UnreachableError as error:
            self._dead = str(error)
            raise CannotAskError(self._dead) from None
        except UpdateError as error:
            raise CannotAskError(str(error)) from None


def check_zones(zones: Sequence[str], get: Get) -> list[str]:
    """Ask the primary for each zone, before anything is sent.

    :returns: what could not be asked, one message a cause.
    :raises UpdateError: where it answers that it refuses, or is not authoritative.
    """
    to = primary(get)

    def problem(zone: str) -> UpdateError | None:
        try:
            to.check_zone(zone)
        except UpdateError as error:
            return error
        return None

    with ThreadPoolExecutor(max_workers=CONNECTIONS) as pool:
        problems = [found for found in pool.map(problem, zones) if found is not None]
    said = [str(found) for found in problems if not isinstance(found, UnreachableError)]
    if said:
        raise UpdateError("\n  ".join(dict.fromkeys(said)))
    return list(dict.fromkeys(str(found) for found in problems))


def _outs(props: dict[str, Any]) -> dict[str, Any]:
    return {key: props.get(key) for key in ("profile", "zone", "owner", "value")} | {"ttl": _ttl(props)}


def _ttl(props: dict[str, Any]) -> int | None:
    ttl = props.get("ttl")  # Pulumi hands numbers on as floats
    return None if ttl is None else int(ttl)


def _address(text: str) -> tuple[str, int]:
    """Return host and port of ``192.0.2.1``, ``192.0.2.1:53``, ``[2001:db8::1]:53``, ``2001:db8::1`` or a name."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":") or "53"
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    else:
        host, port = text, "53"
    if not host or not 0 < int(port) < 65536:
        raise ValueError(text)
    return host, int(port)
