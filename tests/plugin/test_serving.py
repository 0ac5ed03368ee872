"""The plugin over gRPC, as the engine speaks to it: a record's life in a real zone, and what goes wrong."""

import asyncio
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from elastx_mrs import __version__
from elastx_mrs.identity import COMPONENT_TYPE, PLUGIN_STRING_TYPE, PLUGIN_TYPE
from elastx_mrs.plugin.provider import Plugin
from elastx_mrs.plugin.serving import Servicer
from elastx_mrs.publish.rfc2136.connection import POOL
from elastx_mrs.publish.sdk import server_options
from tests import secrecy
from tests.cli.mail import looped
from tests.servers import KEY, KEY_NAME, NameServer, start

URN = f"urn:pulumi:test::mail::{PLUGIN_TYPE}::spf"
RECORD: dict[str, Any] = {
    "profile": "default",
    "zone": "example.com",
    "owner": "plugin.example.com",
    "value": "v=spf1 -all",
    "ttl": 300,
}
Stub = provider_pb2_grpc.ResourceProviderStub
Diff = provider_pb2.DiffResponse
Kind = provider_pb2.PropertyDiff


@contextmanager
def served() -> Iterator[Stub]:
    """The plugin in this process."""

    async def begun() -> tuple[grpc.aio.Server, int]:
        made = grpc.aio.server(options=server_options())
        servicer = Servicer(["127.0.0.1:1"], __version__, Plugin(), "127.0.0.1:1")
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, made)
        port = made.add_insecure_port("127.0.0.1:0")
        await made.start()
        return made, port

    with looped() as loop:
        running, port = asyncio.run_coroutine_threadsafe(begun(), loop).result(30)
        try:
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield Stub(channel)
        finally:
            asyncio.run_coroutine_threadsafe(running.stop(None), loop).result(30)


@pytest.fixture
def plugin() -> Iterator[Stub]:
    with served() as stub:
        yield stub


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NameServer]:
    with start("lab", tmp_path) as running:
        yield running
    POOL.close()


def filled(request: Any, field: str, values: dict[str, Any]) -> Any:
    getattr(request, field).update(values)
    return request


def configured(plugin: Stub, server: NameServer, **config: Any) -> None:
    settings = {"server": server.address, "keyName": server.key_name, "zones": ["example.com"]}
    plugin.Configure(
        filled(provider_pb2.ConfigureRequest(), "args", {"rfc2136": settings, "tsigKey": server.key} | config)
    )


def created(plugin: Stub, properties: dict[str, Any] = RECORD, *, preview: bool = False) -> Any:
    return plugin.Create(filled(provider_pb2.CreateRequest(urn=URN, preview=preview), "properties", properties))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        (
            "value",
            "v=spf1 å",
            "has 'å' (U+00E5) at position 8; only printable ASCII can be published",
        ),
        ("value", "", "is empty; write the record's value"),
        ("owner", "Plugin.example.com", "is not a name; write it in lower-case A-labels, without a final dot"),
        ("owner", f"{'a' * 64}.example.com", "is not a name; write it in lower-case A-labels, without a final dot"),
        ("owner", ".".join(["a" * 60] * 5), "is not a name; write it in lower-case A-labels, without a final dot"),
        ("owner", "a..example.com", "is not a name; write it in lower-case A-labels, without a final dot"),
    ],
)
@pytest.mark.parametrize("kind", [PLUGIN_TYPE, PLUGIN_STRING_TYPE])
def test_a_record_that_dns_cannot_hold(plugin: Stub, kind: str, key: str, value: str, said: str) -> None:
    """A program may declare records itself; MailRelay declares none of these."""
    place = {"profile": "default"} if kind == PLUGIN_TYPE else {"publisher": "route53"}
    given = {**place, **{one: RECORD[one] for one in ("zone", "owner", "value")}, key: value}
    urn = f"urn:pulumi:test::mail::{kind}::spf"
    (failure,) = plugin.Check(filled(provider_pb2.CheckRequest(urn=urn), "news", given)).failures
    assert failure.property == key
    assert failure.reason.startswith(said)


def test_the_life_of_a_record(plugin: Stub, server: NameServer) -> None:
    configured(plugin, server)
    owner = RECORD["owner"]
    assert created(plugin, preview=True).id == ""
    assert server.txt(owner) == {}
    made = created(plugin)
    assert dict(made.properties) == RECORD
    assert server.txt(owner) == {b"v=spf1 -all": 300}

    read = provider_pb2.ReadRequest(urn=URN, id=made.id, properties=made.properties, inputs=made.properties)
    assert dict(plugin.Read(read).properties) == RECORD
    news = RECORD | {"value": "v=spf1 mx -all", "ttl": 600}
    change = provider_pb2.UpdateRequest(urn=URN, id=made.id, olds=made.properties)
    change.news.update(news)
    change.preview = True
    assert dict(plugin.Update(change).properties) == news
    assert server.txt(owner) == {b"v=spf1 -all": 300}
    change.preview = False
    assert dict(plugin.Update(change).properties) == news
    assert server.txt(owner) == {b"v=spf1 mx -all": 600}

    plugin.Delete(filled(provider_pb2.DeleteRequest(urn=URN, id=made.id), "properties", news))
    assert server.txt(owner) == {}
    assert plugin.Read(read).id == "", "it is gone"


def test_what_a_preview_does_not_know_yet_stays_unknown(plugin: Stub, server: NameServer) -> None:
    configured(plugin, server)
    made = created(plugin, RECORD | {"value": rpc.UNKNOWN}, preview=True)
    assert dict(made.properties) == RECORD | {"value": rpc.UNKNOWN}


@pytest.mark.parametrize(
    ("olds", "news", "kinds"),
    [
        (RECORD, RECORD, {}),
        (RECORD, RECORD | {"value": "v=spf1 mx -all"}, {"value": Kind.UPDATE}),
        (RECORD, RECORD | {"value": rpc.UNKNOWN}, {"value": Kind.UPDATE}),
        (RECORD | {"ttl": None}, RECORD, {"ttl": Kind.ADD}),
        (RECORD, RECORD | {"ttl": None}, {"ttl": Kind.DELETE}),
        (RECORD, RECORD | {"owner": "other.example.com"}, {"owner": Kind.UPDATE_REPLACE}),
        (RECORD, RECORD | {"guard": "off"}, {}),
    ],
)
def test_what_differs(plugin: Stub, olds: dict[str, Any], news: dict[str, Any], kinds: dict[str, int]) -> None:
    request = provider_pb2.DiffRequest(urn=URN, id="x")
    request.olds.update(olds)
    request.news.update(news)
    found = plugin.Diff(request)
    assert {key: one.kind for key, one in found.detailedDiff.items()} == kinds
    assert found.changes == (Diff.DIFF_SOME if kinds else Diff.DIFF_NONE)
    assert list(found.replaces) == [key for key, kind in kinds.items() if kind == Kind.UPDATE_REPLACE]


def said(call: Any, request: Any) -> str:
    with pytest.raises(grpc.RpcError) as caught:
        call(request)
    text: str = caught.value.details()
    return text


def test_what_cannot_be_done_is_told_in_one_line(plugin: Stub, server: NameServer) -> None:
    read = said(plugin.Read, provider_pb2.ReadRequest(urn=URN, id="example.com"))
    assert read == (
        "spf: a TXT record cannot be imported; let the component declare it, and run once with "
        "ELASTX_MRS_ADOPT=<owner name>, which takes it over"
    )
    other = provider_pb2.ConstructRequest(type="elastx-mrs:index:Other", name="x", parent="")
    assert said(plugin.Construct, other) == (
        "elastx-mrs:index:Other: there is no such resource; "
        f"there are {COMPONENT_TYPE}, {PLUGIN_TYPE} and {PLUGIN_STRING_TYPE}"
    )
    configured(plugin, server, tsigKey="{not a key file")
    create = filled(provider_pb2.CreateRequest(urn=URN), "properties", RECORD)
    assert said(plugin.Create, create) == (
        "tsigKey: is not a key file; write one key, as tsig-keygen prints it, or its secret alone"
    )


def test_a_fault_of_ours_is_one_line_without_a_secret(
    plugin: Stub, server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an exception says may hold what was being worked on; the SDK puts it into every message."""
    configured(plugin, server)
    text = said(plugin.Create, provider_pb2.CreateRequest(urn=URN))  # which the engine never sends: it checks first
    assert re.match(r"internal error: KeyError at elastx_mrs/\S+\.py:\d+; this is a bug in elastx-mrs: ", text)
    assert "\n" not in text

    async def fail(*_: object) -> None:
        raise ValueError(secrecy.values())

    for method in ("create", "construct", "configure"):
        monkeypatch.setattr(Plugin, method, fail)
    for call, request in (
        (plugin.Create, provider_pb2.CreateRequest(urn=URN)),
        (plugin.Construct, provider_pb2.ConstructRequest(type=COMPONENT_TYPE, name="mail")),
        (plugin.Configure, provider_pb2.ConfigureRequest()),
    ):
        assert "internal error: ValueError" in (text := said(call, request))
        assert secrecy.shown(text, secrecy.values()) == []
        assert "ELASTX_MRS_DEBUG=1 shows the traceback" in text
    monkeypatch.setenv("ELASTX_MRS_DEBUG", "1")
    for name, value in secrecy.environment().items():
        monkeypatch.setenv(name, value)
    assert "Traceback" in (text := said(plugin.Create, provider_pb2.CreateRequest(urn=URN)))
    assert secrecy.shown(text, secrecy.values()) == []


def test_an_unknown_key_of_an_explicit_provider_is_refused(plugin: Stub) -> None:
    request = provider_pb2.CheckRequest(urn="urn:pulumi:test::mail::pulumi:providers:elastx-mrs::dns")
    request.news.update({"rfc2136": "{}", "tsig": "x"})
    (failure,) = plugin.CheckConfig(request).failures
    assert failure.property == "tsig"
    assert failure.reason == "is not a key here; the keys are rfc2136, octodns, tsigKey, tsigKeys, adopt, verification"
    request.urn = "urn:pulumi:test::mail::pulumi:providers:elastx-mrs::default_0_1_0"
    assert list(plugin.CheckConfig(request).failures) == []


def test_an_interrupt_ends_it_at_once_and_without_a_word() -> None:
    """A record's thread waits for a server that says nothing: the engine waits 5 seconds, and then reports a crash."""
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        subprocess.Popen(
            ["pulumi-resource-elastx-mrs", "127.0.0.1:1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process,
    ):
        assert process.stdout is not None
        with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
            stub = Stub(channel)
            settings = {"server": f"127.0.0.1:{silent.getsockname()[1]}", "keyName": KEY_NAME, "zones": ["example.com"]}
            request = provider_pb2.ConfigureRequest()
            stub.Configure(filled(request, "args", {"rfc2136": settings, "tsigKey": KEY}))
            create = filled(provider_pb2.CreateRequest(urn=URN), "properties", RECORD)
            waiting = stub.Create.future(create)
            connection, _ = silent.accept()
            with connection:
                stub.Cancel(empty_pb2.Empty())
                process.send_signal(signal.SIGINT)
                _, said = process.communicate(timeout=60)
            assert isinstance(waiting.exception(), grpc.RpcError)
    assert (process.returncode, said) == (0, b"")


def test_it_does_not_outlive_an_engine_that_is_killed() -> None:
    """Its port is on the standard output that it has of its parent, which is at its end when both are gone."""
    with subprocess.Popen(
        ["sh", "-c", "pulumi-resource-elastx-mrs 127.0.0.1:1 & wait"], stdout=subprocess.PIPE
    ) as engine:
        assert engine.stdout is not None
        assert engine.stdout.readline().strip().isdigit()
        engine.kill()
        assert engine.stdout.read() == b""


def deep(levels: int) -> Any:
    value: Any = "x"
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


REQUESTS: dict[str, tuple[type[Any], str]] = {
    "Construct": (provider_pb2.ConstructRequest, "inputs"),
    "CheckConfig": (provider_pb2.CheckRequest, "news"),
    "Configure": (provider_pb2.ConfigureRequest, "args"),
    "Check": (provider_pb2.CheckRequest, "news"),
    "Diff": (provider_pb2.DiffRequest, "news"),
    "Create": (provider_pb2.CreateRequest, "properties"),
    "Read": (provider_pb2.ReadRequest, "properties"),
    "Update": (provider_pb2.UpdateRequest, "news"),
    "Delete": (provider_pb2.DeleteRequest, "properties"),
}


def refusal(method: Any, request: Any) -> str:
    """What the plugin answers to a request that it does not take; nothing if it does."""
    try:
        method(request, timeout=30)
    except grpc.RpcError as error:
        return str(error.details())
    return ""


@pytest.mark.parametrize("method", REQUESTS)
def test_values_that_are_nested_too_deep_are_one_line(method: str, plugin: Stub) -> None:
    request, field = REQUESTS[method]
    for levels in (101, 150):
        problem = refusal(getattr(plugin, method), filled(request(), field, {"value": deep(levels)}))
        assert problem == "value: has more than 100 nested lists and objects; check where they are made"
    below = refusal(getattr(plugin, method), filled(request(), field, {"value": deep(100)}))
    assert "lists and objects" not in below


def test_a_record_s_property_that_is_a_list_is_one_line(plugin: Stub) -> None:
    request = filled(provider_pb2.CreateRequest(urn=URN), "properties", RECORD | {"value": ["v=spf1 -all"]})
    assert refusal(plugin.Create, request) == "value: is neither text nor a number; write one"
    request = filled(provider_pb2.CreateRequest(urn=URN), "properties", RECORD | {"a\tb": []})
    assert refusal(plugin.Create, request) == "a<U+0009>b: is neither text nor a number; write one"


@pytest.mark.parametrize("given", ["foo", "[1]", '{"a": 1}', "[" * 100_000, "[" + "9" * 5000 + "]"])
def test_a_list_of_names_to_adopt_that_is_none_is_one_line(given: str, plugin: Stub, server: NameServer) -> None:
    configured(plugin, server, adopt=given)
    request = filled(provider_pb2.CreateRequest(urn=URN), "properties", RECORD)
    wanted = "adopt: is not a list of owner names; write a list such as [_dmarc.example.com]"
    assert refusal(plugin.Create, request) == wanted


@pytest.mark.parametrize("given", ["foo", "[1]", "{" * 100_000, '{"a":' * 900 + "1" + "}" * 900])
def test_settings_that_are_no_object_are_one_line(given: str, plugin: Stub) -> None:
    plugin.Configure(filled(provider_pb2.ConfigureRequest(), "args", {"rfc2136": given}))
    problem = refusal(plugin.Create, filled(provider_pb2.CreateRequest(urn=URN), "properties", RECORD))
    assert problem == "rfc2136: is not an object with keys; check the stack's file: elastx-mrs config check FILE"
