"""Cloudflare: its API by the lab, and its plugin by the tests' copy. Ours are the inputs, the look-ups and the cures.

There the resource is Pulumi's own, so what a create refuses by itself is the API's business.
"""

import asyncio
import json
import re
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import grpc
import pulumi
import pytest
from pulumi.runtime.proto import provider_pb2
from starlette.requests import Request
from starlette.responses import Response

from elastx_mrs.identity import CLOUDFLARE_TYPE
from elastx_mrs.lab.cloudflare.zone import Permission, Token
from elastx_mrs.lab.session import Lab, open_lab
from elastx_mrs.publish.cloudflare import publisher, resource
from elastx_mrs.publish.cloudflare.failures import Failures
from elastx_mrs.publish.cloudflare.invoke import InvokeError
from elastx_mrs.publish.cloudflare.publisher import Cloudflare, Settings
from elastx_mrs.publish.publisher import Publisher
from elastx_mrs.records import TxtRecord
from tests.cloudflare.plugin.values import plain, struct
from tests.cloudflare.running import URN, Running, running
from tests.lab.cloudflare_faults import Fault, faults_of
from tests.publish.contract.rfc2136 import rdata
from tests.publish.contract.world import APEX, Lost, Made, Refused, Text, World
from tests.servers import NameServer
from tests.servers.zones import ZONES


class CloudflareWorld(World):
    shares_ttl = False

    def __init__(self, lab: Lab, plugin: Running) -> None:
        self._lab = lab
        self._api = lab.cloudflare.api
        self._plugin = plugin
        host, _, port = lab.address.rpartition(":")
        self._dns = NameServer("lab", host, int(port))
        self._zone = self._api.zone(APEX).id
        self._faults = faults_of(lab.cloudflare)
        self._others: list[Callable[[], None]] = []
        self._api.intercept = self._intercept
        self._changes = 0
        self.secrets = (lab.token,)

    def put(self, owner: str, *texts: Text, ttl: int = 3600) -> None:
        for one in self._listed(owner):
            self._ask("DELETE", f"/{one['id']}")
        for text in texts:
            self._add(owner, "TXT", rdata(text).to_text(), ttl)

    def served(self, owner: str) -> dict[bytes, int]:
        return self._dns.txt(owner)

    def alias(self, owner: str) -> None:
        self._add(owner, "CNAME", f"mail.{APEX}", 300)

    def delegate(self, owner: str) -> None:
        self._add(owner, "NS", "ns1.other.example", 300)

    def publisher(self) -> Publisher:
        return self._publisher()[0]

    def create(
        self, owner: str, value: str, *, ttl: int | None = None, guard: str | None = None, zone: str = ""
    ) -> Made:
        inputs = self._inputs(owner, value, ttl) | ({"zoneId": zone} if zone else {})
        request = provider_pb2.CreateRequest(urn=URN, type=CLOUDFLARE_TYPE, properties=struct(inputs))
        answer = self._told("create", inputs, lambda: self._plugin.stub.Create(request))
        return Made(answer.id, plain(answer.properties))

    def adopt(self, owner: str, value: str) -> Made:
        """Import the record that the message of a create names."""
        told = re.search(r"pulumi import \S+ \S+ (\w+/\w+) ", self.refused(lambda: self.create(owner, value)))
        assert told is not None
        answer = self._plugin.stub.Read(provider_pb2.ReadRequest(id=told[1], urn=URN))
        return Made(answer.id, plain(answer.properties))

    def read(self, made: Made) -> Made | None:
        request = provider_pb2.ReadRequest(id=made.id, urn=URN, properties=struct(dict(made.outputs)))
        answer = self._told("read", {}, lambda: self._plugin.stub.Read(request))
        return Made(answer.id, plain(answer.properties)) if answer.id else None

    def update(self, made: Made, value: str = "", *, ttl: int | None = None) -> Made:
        olds = dict(made.outputs)
        inputs = self._inputs(olds["name"], value or self.value(made), ttl or olds["ttl"])
        request = provider_pb2.UpdateRequest(id=made.id, urn=URN, olds=struct(olds), news=struct(inputs))
        answer = self._told("update", inputs, lambda: self._plugin.stub.Update(request))
        return Made(made.id, plain(answer.properties))

    def delete(self, made: Made) -> None:
        request = provider_pb2.DeleteRequest(id=made.id, urn=URN, properties=struct(dict(made.outputs)))
        self._told("delete", {}, lambda: self._plugin.stub.Delete(request))

    @property
    def sent(self) -> int:
        return self._changes

    def lose(self, when: Lost, times: int = 1) -> None:
        self._faults.append(Fault(path="/dns_records", times=times, reset=when))

    def interrupt(self) -> None:
        self._faults.append(Fault(method="GET", reset="before"))

    def silence(self) -> None:
        self._faults.append(Fault(times=-1, reset="before"))

    def meanwhile(self, others: Callable[[], None]) -> None:
        self._others.append(others)

    def throttle(self, times: int) -> None:
        self._faults.append(Fault("POST", times=times, status=429, headers={"Retry-After": "1"}))

    def forbid(self) -> None:
        self._api.tokens[self._lab.token] = Token(permissions=frozenset({Permission.ZONE_READ, Permission.DNS_READ}))

    def unknown(self) -> None:
        del self._api.tokens[self._lab.token]

    def nowhere(self) -> str:
        return "0" * 32

    def reset(self) -> None:
        self._api.tokens = {self._lab.token: Token()}
        self._faults.clear()

    def largest(self) -> Sequence[bytes]:
        """At most 8,192 characters of content at a name."""
        return [f"{number:04}{'x' * 249}".encode() for number in range(31)] + [b"y" * 160]

    async def _intercept(self, request: Request, work: Callable[[], Response]) -> Response:
        ours = request.headers.get("user-agent") != "somebody else"
        self._changes += ours and request.method != "GET"
        if ours and request.method != "GET" and self._others:
            await asyncio.get_running_loop().run_in_executor(None, self._others.pop())
        return await self._faults.intercept(request, work) if ours else work()

    def _listed(self, owner: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("GET", f"?type=TXT&name.exact={owner}")
        return found

    def _add(self, owner: str, kind: str, content: str, ttl: int) -> None:
        self._ask("POST", "", {"type": kind, "name": owner, "content": content, "ttl": ttl})

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the API as somebody else does."""
        request = urllib.request.Request(  # noqa: S310
            f"{self._lab.cloudflare.url}/zones/{self._zone}/dns_records{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {self._lab.token}", "User-Agent": "somebody else"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)["result"]

    def _publisher(self) -> tuple[Cloudflare, Failures, list[str]]:
        """Return what a run has: the publisher, what explains failures, and what that said."""
        said: list[str] = []
        component = cast("pulumi.Resource", SimpleNamespace(get_provider=lambda _: None, urn=_Urn()))
        made = Cloudflare(Settings(zones={APEX: self._zone}, domains=[APEX]), component, "mail", lambda *_: None)
        pace: Any = made._pace
        return made, Failures(component, "mail", pace, lambda _, text: said.append(text), made._records), said

    def _inputs(self, owner: str, value: str, ttl: int | None) -> dict[str, Any]:
        """Return what the publisher declares."""
        record = TxtRecord(APEX, "challenge", owner, value, ttl)
        return dict(cast("Mapping[str, Any]", self._publisher()[0].declare("x", record, pulumi.ResourceOptions())))

    def _told(self, operation: str, inputs: Mapping[str, Any], work: Callable[[], Any]) -> Any:
        try:
            return work()
        except grpc.RpcError as error:
            text = str(error.details())
        _, failures, said = self._publisher()
        args: Any = SimpleNamespace(errors=[text], failed_operation=operation, name="x", new_inputs=inputs)
        asyncio.run(failures.failed(args))
        raise Refused("; ".join([*said, text]))


class _Urn:
    async def future(self) -> str:
        return "urn:pulumi:test::mail"


@contextmanager
def world(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[CloudflareWorld]:
    with open_lab(folder, ZONES) as lab, running() as plugin:
        plugin.configure(baseUrl=lab.cloudflare.url, apiToken=lab.token)

        async def invoke(token: str, arguments: Mapping[str, Any], *_: Any) -> Mapping[str, Any]:
            try:
                return plugin.invoke(token.rpartition(":")[2], **arguments)
            except grpc.RpcError as error:
                raise InvokeError(error.details()) from None

        patch.setattr(resource, "invoke", invoke)
        patch.setattr(publisher, "hooks", lambda *_: None)
        patch.setattr(publisher, "DnsRecord", lambda _name, inputs, _options: inputs)
        patch.setenv("CLOUDFLARE_API_TOKEN", lab.token)
        yield CloudflareWorld(lab, plugin)
