"""What we use of Pulumi's SDK that is not public: it is there, does what it should, and is used in one module."""

import ast
import asyncio
import importlib.metadata
import re
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pulumi
import pytest
from pulumi.provider.experimental import provider
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto import resource_pb2_grpc

from elastx_mrs.component.engine import registrations_first
from elastx_mrs.publish import sdk
from tests.publish.cloudflare.mocked import deploy, mocked

TRIED = ("3.229.0", "3.272.0")
"""The SDK's versions that this file was run on, in order; the first is the oldest that pyproject.toml allows."""

ROOT = Path(__file__).parents[2]


def minor(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")[:2]))


def untried(installed: str) -> str:
    """What there is to do about a version that is newer than all that were tried; empty for another."""
    if minor(installed) <= minor(TRIED[-1]):
        return ""
    return (
        f"Pulumi's SDK {installed} is newer than {TRIED[-1]}, the newest that elastx_mrs/publish/sdk.py was tried on: "
        "try elastx_mrs/publish/sdk.py on it, and add it here"
    )


def test_the_installed_version_was_tried() -> None:
    message = untried(importlib.metadata.version("pulumi"))
    assert not message, message


def test_a_newer_one_is_told() -> None:
    assert "3.999.1 is newer than" in untried("3.999.1")
    assert "4.0.0 is newer than" in untried("4.0.0")
    assert not untried(f"{'.'.join(map(str, minor(TRIED[-1])))}.99")


def test_the_oldest_that_is_allowed_was_tried() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    (oldest,) = (match[1] for one in wanted if (match := re.match(r"pulumi>=([\d.]+)", one)))
    assert minor(oldest) == minor(TRIED[0])
    assert list(TRIED) == sorted(TRIED, key=minor)


class Engine(pulumi.runtime.Mocks):
    """Tells on which thread a function was called; a function of another name has two reasons to fail."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return "id", args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        if args.token != "a:index:good":
            return {}, [("", "first"), ("", "second")]
        return {"given": args.args, "provider": args.provider, "thread": threading.current_thread().name}, []


@pytest.fixture
def engine() -> Iterator[None]:
    with mocked(Engine()):
        yield


@pytest.mark.usefixtures("engine")
def test_mocks_are_seen() -> None:
    found: list[bool] = []
    deploy(lambda: found.append(sdk.is_mocked()))
    assert found == [True]


def test_an_engine_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with grpc.insecure_channel("127.0.0.1:1") as channel:  # which nothing is sent through
        monitor = resource_pb2_grpc.ResourceMonitorStub(channel)
        monkeypatch.setattr(sdk, "get_monitor", lambda: monitor)
        assert not sdk.is_mocked()


@pytest.mark.usefixtures("engine")
def test_the_sdk_waits_for_what_is_added_to_the_calls_begun() -> None:
    waited: list[bool] = []

    async def added() -> None:
        waited.append(True)

    def program() -> None:
        calls = sdk.calls_begun()
        assert calls is not None
        calls.append(added())  # no task, so that nothing runs it but who waits for it

    deploy(program)
    assert waited == [True]


@pytest.mark.usefixtures("engine")
def test_without_the_calls_begun_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdk, "settings", object())
    assert sdk.calls_begun() is None
    deploy(registrations_first)


def called(function: str) -> list[tuple[Any, list[str]]]:
    """What a program is answered by a function, which it calls on a thread named ``ours``."""
    answers: list[tuple[Any, list[str]]] = []
    loop = asyncio.new_event_loop()  # the mocks want one on each thread that answers, and would leave it open
    with ThreadPoolExecutor(1, "ours", asyncio.set_event_loop, (loop,)) as threads:

        async def call() -> None:
            answers.append(await sdk.call_function(threads, function, {"a": ["b"]}, "urn::id", "1.0.0"))

        deploy(call)
    loop.close()
    return answers


@pytest.mark.usefixtures("engine")
def test_a_function_is_called_on_the_caller_s_threads() -> None:
    ((found, failures),) = called("a:index:good")
    assert found == {"given": {"a": ["b"]}, "provider": "urn::id", "thread": "ours_0"}
    assert failures == []


@pytest.mark.usefixtures("engine")
def test_a_function_that_fails_has_its_reasons() -> None:
    assert called("a:index:bad") == [({}, ["first", "second"])]


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("limit", [None, 0, 7])
def test_a_resource_is_registered_without_its_stack(monkeypatch: pytest.MonkeyPatch, limit: int | None) -> None:
    """Also where a program has a limit of its own, even the one with which the SDK fails."""
    frames: dict[str, int] = {}
    register: Callable[[MockMonitor, Any], Any] = MockMonitor.RegisterResource

    def seen(monitor: MockMonitor, request: Any) -> Any:
        frames[request.name] = len(request.stackTrace.frames)
        assert request.HasField("sourcePosition") == bool(frames[request.name])
        return register(monitor, request)

    monkeypatch.setattr(MockMonitor, "RegisterResource", seen)

    class Record(pulumi.CustomResource):
        def __init__(self, name: str) -> None:
            super().__init__("a:index:Record", name, {})

    def program() -> None:
        Record("before")
        if limit is not None:
            sys.tracebacklimit = limit
        with sdk.untraced, sdk.untraced:  # as where two programs run in threads of one process
            Record("child")
        assert getattr(sys, "tracebacklimit", None) == limit
        sys.__dict__.pop("tracebacklimit", None)
        Record("after")

    deploy(program)
    assert frames["before"] > 1 < frames["after"]
    assert frames["child"] == 0


def test_a_server_takes_large_messages_and_lets_them_wait() -> None:
    options = dict(sdk.server_options())
    assert options["grpc.max_receive_message_length"] == 400 * 1024 * 1024
    assert options["grpc.server_max_unrequested_time_in_server"] == 30 * 60


def test_a_component_s_error_comes_as_it_is() -> None:
    async def construct() -> None:
        servicer = ProviderServicer([], "1.0.0", provider.Provider(), "127.0.0.1:1")
        with pytest.raises(AssertionError, match=r"\Arequest is not ConstructRequest[^\n]*\Z"):
            await sdk.construct(servicer, None, None)
        with pytest.raises(Exception, match=r"\Arequest is not ConstructRequest[^\n]*\n *File "):
            await servicer.Construct(None, None)  # type: ignore[arg-type]  # the SDK's own, with the traceback

    asyncio.run(construct())


@pytest.mark.parametrize(
    ("value", "output"),
    [
        (PropertyValue("a", is_secret=True, dependencies={"urn"}), True),
        (PropertyValue("a", dependencies={"urn"}), True),
        (PropertyValue("a", is_secret=True), False),
        (PropertyValue({"a": PropertyValue("b")}), False),
        (PropertyValue({}), False),
    ],
)
def test_an_output_value_is_told_from_other_structs(value: PropertyValue, output: bool) -> None:
    fields = value.marshal().struct_value.fields
    assert sdk.is_output_value(fields) == output


def private(source: str) -> list[str]:
    """The names beginning with an underscore that a module takes from Pulumi's SDK, each with its line.

    What a module that imports the SDK reads of any object counts, save what it defines itself and reads of ``self``.
    """
    tree = list(ast.walk(ast.parse(source)))
    imported = [*_imported(tree)]
    if not imported:
        return []
    own = {node.name for node in tree if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    own |= {node.attr for node in tree if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}
    own |= {node.id for node in tree if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    found = [(line, name) for line, name in imported if any(_is_private(part) for part in name.split("."))]
    for node in tree:
        if isinstance(node, ast.Attribute) and _is_private(node.attr) and ast.unparse(node) != "os._exit":
            holder = ast.unparse(node.value)
            if holder not in ("self", "cls") or node.attr not in own:
                found.append((node.lineno, f"{holder}.{node.attr}"))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "hasattr", "setattr"):
            named = node.args[1]
            if isinstance(named, ast.Constant) and isinstance(named.value, str) and _is_private(named.value):
                found.append((node.lineno, f"{ast.unparse(node.args[0])}.{named.value}"))
    return [f"{line}: {name}" for line, name in sorted(found)]


def _imported(tree: list[ast.AST]) -> Iterator[tuple[int, str]]:
    for node in tree:
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from ((node.lineno, name) for name in names if name.split(".")[0] == "pulumi")  # type: ignore[attr-defined]


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from pulumi.runtime import _json", ["1: pulumi.runtime._json"]),
        ("from pulumi.runtime._json import to_json", ["1: pulumi.runtime._json.to_json"]),
        ("import pulumi.runtime._json as j", ["1: pulumi.runtime._json"]),
        ("def f():\n    from pulumi import _types", ["2: pulumi._types"]),
        ("import pulumi\npulumi.runtime.x._y()", ["2: pulumi.runtime.x._y"]),
        ("import pulumi\ngetattr(pulumi.runtime, '_y', None)", ["2: pulumi.runtime._y"]),
        ("import pulumi\nclass A(pulumi.Resource):\n    def f(self): return self._name", ["3: self._name"]),
        ("import pulumi\nclass A(pulumi.Resource):\n    def _f(self): super()._f()", ["3: super()._f"]),
        ("import pulumi\nclass A:\n    def f(self): self._a = 1; return self._a, self.__class__", []),
        ("import pulumi\ndef f(p: pulumi.Resource): return p._name", ["2: p._name"]),
        ("from pulumi_x import _y\nimport a\na._b", []),
    ],
)
def test_how_private_names_are_found(source: str, found: list[str]) -> None:
    assert private(source) == found


def test_no_other_module_uses_a_private_name() -> None:
    own = Path(sdk.__file__)
    package = ROOT / "elastx_mrs"
    assert own.is_relative_to(package)
    found = {
        str(path.relative_to(ROOT)): names
        for path in package.rglob("*.py")
        if path != own and (names := private(path.read_text(encoding="utf-8")))
    }
    assert found == {}
    assert private(own.read_text(encoding="utf-8"))


def test_an_older_sdk_s_components_are_made_one_after_the_other() -> None:
    """Its ``_construct`` changes settings of the whole process, and its ``Construct`` held a lock."""

    class Older:
        def __init__(self) -> None:
            self._lock = asyncio.Lock()
            self.steps: list[str] = []

        async def _construct(self, request: str, context: None) -> None:
            self.steps.append(f"begin {request}")
            await asyncio.sleep(0)
            self.steps.append(f"end {request}")

    async def both() -> list[str]:
        servicer = Older()
        await asyncio.gather(*(sdk.construct(servicer, name, None) for name in "ab"))  # type: ignore[arg-type]
        return servicer.steps

    assert asyncio.run(both()) == ["begin a", "end a", "begin b", "end b"]


def test_without_an_engine_there_is_nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdk, "get_monitor", lambda: None)
    with (
        ThreadPoolExecutor() as threads,
        pytest.raises(pulumi.RunError, match="there is no Pulumi engine to ask; run the program with pulumi"),
    ):
        asyncio.run(sdk.call_function(threads, "cloudflare:index/getZones:getZones", {}, "", ""))


@pytest.mark.usefixtures("engine")
def test_a_constructor_waits_while_the_program_goes_on() -> None:
    found: list[int] = []

    async def other() -> None:
        found.append(1)

    async def answer() -> int:
        await asyncio.sleep(0.01)
        return 2

    async def failing() -> int:
        raise ValueError

    def program() -> None:
        pending = asyncio.ensure_future(other())
        found.append(sdk.waited(answer()))
        assert pending.done()
        with pytest.raises(ValueError):  # noqa: PT011
            sdk.waited(failing())

    deploy(program)
    assert found == [1, 2]


@pytest.mark.usefixtures("engine")
def test_without_that_it_says_what_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdk, "sync_await", object())

    async def answer() -> int:
        return 1

    def program() -> None:
        with pytest.raises(pulumi.RunError, match="cannot wait for zones; write publish for each domain"):
            sdk.waited(answer())

    deploy(program)
