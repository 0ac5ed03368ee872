"""A stand-in for ``pulumi-resource-cloudflare`` 6.23.1, only for machines where the real plugin can't be had.

It speaks the engine's protocol itself, so that every request to Cloudflare's API, every difference and every error is
what the real one was seen to send, find and say, and no other. It knows ``DnsRecord`` and three look-ups.
"""

# ruff: noqa: N802 - the names are the protocol's

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, NoReturn

import grpc
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from tests.cloudflare.plugin import checks, record
from tests.cloudflare.plugin.errors import WANTED, ApiError
from tests.cloudflare.plugin.log import EngineLog
from tests.cloudflare.plugin.lookups import LOOKUPS
from tests.cloudflare.plugin.values import UNKNOWN, Properties, plain, secret, struct

if TYPE_CHECKING:
    from tests.cloudflare.plugin.api import Api

VERSION = "6.23.1"
RECORD = "cloudflare:index/dnsRecord:DnsRecord"
_SECRETS = ("apiKey", "apiToken", "apiUserServiceKey")
_SETTINGS = frozenset({*_SECRETS, "baseUrl", "email", "userAgentOperatorSuffix", "version", "pluginDownloadURL"})
_TOKEN = re.compile(r"[0-9A-Za-z\-_]{40,80}")


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """The methods that the engine calls."""

    def __init__(self, log: EngineLog) -> None:
        self._log = log
        self._api: Api | None = None

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetSchema(
        self, request: provider_pb2.GetSchemaRequest, context: grpc.ServicerContext
    ) -> provider_pb2.GetSchemaResponse:
        schema = {"name": "cloudflare", "version": VERSION, "resources": {RECORD: record.schema()}}
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        # Not accepting secrets has the engine mark them in what it gets back, as it does for the real plugin.
        return provider_pb2.ProviderHandshakeResponse(accept_resources=True)

    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        settings = plain(request.news)
        name = request.urn.rpartition("::")[2]
        reasons = [checks.unknown_setting(name, key) for key in settings if key not in _SETTINGS]
        token = settings.get("apiToken", os.environ.get("CLOUDFLARE_API_TOKEN"))
        if token not in (None, UNKNOWN) and not _TOKEN.fullmatch(token):
            reasons.append(checks.malformed_token(name))
        failures = [provider_pb2.CheckFailure(reason=reason) for reason in reasons]
        hidden = {key: secret(settings[key]) for key in _SECRETS if key in settings}
        return provider_pb2.CheckResponse(inputs=struct(settings | hidden), failures=failures)

    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        old, new = plain(request.old_inputs), plain(request.news)
        changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
        return _diff(changed)

    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        from tests.cloudflare.plugin.api import Api  # the SDK behind it takes as long to import as all the rest

        settings = plain(request.args)
        base_url = settings.get("baseUrl") or os.environ.get("CLOUDFLARE_BASE_URL")
        token = settings.get("apiToken") or os.environ.get("CLOUDFLARE_API_TOKEN")
        self._api = Api(base_url, token)
        return provider_pb2.ConfigureResponse(supportsPreview=True, acceptResources=True)

    def Invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:
        if request.tok not in LOOKUPS:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"the stand-in has no {request.tok}")
        arguments = plain(request.args)
        try:
            found = LOOKUPS[request.tok](self._client(context), arguments)
        except ApiError as error:
            self._fail("", context, error)
        return provider_pb2.InvokeResponse(**{"return": struct(found)})

    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        if request.type != RECORD:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"the stand-in has no {request.type}")
        inputs = plain(request.news)
        failures = [
            provider_pb2.CheckFailure(reason=reason) for key, reason in checks.MISSING.items() if key not in inputs
        ]
        return provider_pb2.CheckResponse(inputs=struct(inputs), failures=failures)

    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        state = plain(request.olds)
        ignored = {key: state.get(key) for key in request.ignoreChanges}
        changed = record.differences(plain(request.news) | ignored, state)
        return _diff(sorted(changed), sorted(record.REPLACING & changed))

    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        plan = record.planned(plain(request.properties), {})
        if request.preview:
            return provider_pb2.CreateResponse(properties=struct(record.foreseen(plan, {}, changes=True)))
        answer = self._request(
            "post", f"/zones/{plan['zoneId']}/dns_records", record.post_body(plan), request.urn, context
        )
        return provider_pb2.CreateResponse(id=answer["id"], properties=struct(record.written(plan, answer)))

    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:

        state = plain(request.properties)
        if not state:
            return self._import(request, context)
        zone_id = state["zoneId"]
        try:
            answer = _result(self._client(context).request("get", f"/zones/{zone_id}/dns_records/{request.id}"))
        except ApiError as error:
            if error.status != 404:
                self._fail(request.urn, context, error)
            gone = "The resource was not found on the server and will be removed from state."
            self._log.warning(request.urn, "Resource not found", gone)
            return provider_pb2.ReadResponse()
        state = record.read(zone_id, answer)
        inputs = record.refreshed_inputs(plain(request.inputs), state)
        return provider_pb2.ReadResponse(id=state["id"], properties=struct(state), inputs=struct(inputs))

    def _import(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        """Read a record twice, as Terraform does: to import it, and once more to refresh what was imported."""
        zone_id, slash, record_id = request.id.partition("/")
        if not slash or not zone_id or not record_id:
            wanted = f'expected urlencoded segments "<zone_id>/<dns_record_id>", got "{request.id}"'
            self._fail(request.urn, context, ApiError(wanted, summary="invalid ID"))
        for _ in range(2):
            answer = self._request("get", f"/zones/{zone_id}/dns_records/{record_id}", None, request.urn, context)
        state = record.read(zone_id, answer)
        inputs = record.imported_inputs(state)
        return provider_pb2.ReadResponse(id=state["id"], properties=struct(state), inputs=struct(inputs))

    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        state = plain(request.olds)
        plan = record.planned(plain(request.news), state)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=struct(record.foreseen(plan, state, changes=True)))
        path = f"/zones/{plan['zoneId']}/dns_records/{request.id}"
        answer = self._request("put", path, record.put_body(plan, state), request.urn, context)
        return provider_pb2.UpdateResponse(properties=struct(record.written(plan, answer)))

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> Empty:
        zone_id = plain(request.properties)["zoneId"]
        self._request("delete", f"/zones/{zone_id}/dns_records/{request.id}", None, request.urn, context)
        return Empty()

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        """Do nothing, as Pulumi's bridge: what is under way goes on, is sent again, and may succeed."""
        return Empty()

    def _client(self, context: grpc.ServicerContext) -> Api:
        """Return what asks the API, for as long as the engine waits for this call."""
        assert self._api is not None, "the engine configures a plugin before it uses it"
        WANTED.set(context.is_active)
        return self._api

    def _request(
        self, method: str, path: str, body: Properties | None, urn: str, context: grpc.ServicerContext
    ) -> Properties:
        try:
            answer = self._client(context).request(method, path, body=body, typed=method == "delete")
        except ApiError as error:
            self._fail(urn, context, error)
        return _result(answer)

    def _fail(self, urn: str, context: grpc.ServicerContext, error: ApiError) -> NoReturn:
        """Say it twice, as Pulumi's bridge does: in the log, and as the outcome."""
        self._log.error(urn, error.summary, error.detail)
        context.abort(grpc.StatusCode.UNKNOWN, str(error))
        raise AssertionError("abort raises")


def _result(answer: Properties) -> Properties:
    """Return the record of an answer; Pulumi's bridge makes an id of the one that an answer without any has not."""
    return {"id": "{<nil>}"} | (answer.get("result") or {})


def _diff(changed: list[str], replaces: list[str] | None = None) -> provider_pb2.DiffResponse:
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=changed,
        replaces=replaces,
    )
