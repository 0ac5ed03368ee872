"""Inputs as they come over the wire: the traps of Pulumi's SDKs, and what a user can get wrong, by path and casing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest
from google.protobuf import struct_pb2  # type: ignore[import-untyped]
from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime import rpc

from elastx_mrs.plugin import record
from elastx_mrs.plugin.component import read, runtime
from elastx_mrs.plugin.serving import complete
from elastx_mrs.publish.cloudflare.settings import Cloudflare
from tests import golden
from tests.engine.stack import ROOT

ACCOUNT = "a@acme.example"
GOOD: dict[str, Any] = {
    "accounts": [ACCOUNT],
    "dkim": {"record": golden.DKIM},
    "domains": [{"name": "example.com"}],
    "rfc2136": {"zones": ["example.com"]},
}
UNKNOWN = PropertyValue(rpc.UNKNOWN)


def wire(value: Any) -> PropertyValue:
    """A value as the engine sends it: numbers are floats."""
    if isinstance(value, PropertyValue):
        return value
    if isinstance(value, Mapping):
        return PropertyValue({key: wire(item) for key, item in value.items()})
    if isinstance(value, list):
        return PropertyValue([wire(item) for item in value])
    return PropertyValue(float(value) if type(value) is int else value)


def refused(given: dict[str, Any], language: str = "yaml") -> str:
    with pytest.raises(pulumi.RunError) as caught:
        read(wire(given).value, language)  # type: ignore[arg-type]
    return str(caught.value)


def test_whole_numbers_arrive_as_floats() -> None:
    arguments = read(wire(GOOD | {"ttl": 600, "verification": {"timeout": 5}}).value, "go")  # type: ignore[arg-type]
    assert (arguments.ttl, arguments.verification.timeout) == (600, 5.0)
    assert refused(GOOD | {"ttl": 600.5}) == "ttl: is a number with a fraction; write a whole number"


def test_a_fault_shows_no_secret() -> None:
    for wrong in ("hunter2", "hunter2@acme", "hunter2@ac\u200bme.example"):
        for accounts in (
            [PropertyValue(wrong, is_secret=True)],
            PropertyValue((PropertyValue(wrong),), is_secret=True),
        ):
            for language in ("nodejs", "python", "go"):
                with pytest.raises(pulumi.RunError) as error:
                    read(wire(GOOD | {"accounts": accounts}).value, language)  # type: ignore[arg-type]
                assert "hunter2" not in str(error.value)
                assert "is wrong, and is not shown because a secret is in it" in str(error.value)


def test_secrets_work_and_are_no_part_of_a_message() -> None:
    secret = PropertyValue(ACCOUNT, is_secret=True)
    key = {"record": PropertyValue(golden.DKIM, is_secret=True)}
    arguments = read(wire(GOOD | {"accounts": [secret], "dkim": key}).value, "nodejs")  # type: ignore[arg-type]
    assert [one.kind for one in arguments.records()] == ["challenge", "spf", "dkim", "dmarc"]


def test_an_element_of_a_list_may_be_an_output_that_is_known() -> None:
    known = PropertyValue(ACCOUNT, dependencies=["urn:pulumi:s::p::t::n"])
    assert read(wire(GOOD | {"accounts": [known]}).value, "nodejs").accounts == [ACCOUNT]  # type: ignore[arg-type]


def test_null_is_what_a_program_left_out() -> None:
    arguments = read(wire(GOOD | {"spf": None, "domains": [{"name": "example.com", "ttl": None}]}).value, "nodejs")  # type: ignore[arg-type]
    assert arguments.domains[0].ttl is None


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"accounts": UNKNOWN}, "accounts"),
        ({"accounts": [ACCOUNT, UNKNOWN]}, "accounts[1]"),
        ({"domains": [{"name": UNKNOWN}]}, "domains[0].name"),
        ({"dkim": {"record": UNKNOWN}}, "dkim.record"),
        ({"rfc2136": UNKNOWN}, "rfc2136"),
        ({"rfc2136": None, "cloudflare": {"comment": UNKNOWN}}, "cloudflare.comment"),  # any text will do there
    ],
)
def test_what_is_known_only_later_is_refused_with_the_reason(given: dict[str, Any], path: str) -> None:
    said = refused(GOOD | given)
    assert f"{path}: is known only after another resource is deployed" in said


def test_the_id_of_a_zone_may_be_known_only_later() -> None:
    async def body() -> object:
        given = {key: value for key, value in GOOD.items() if key != "rfc2136"}
        given["cloudflare"] = {"zones": {"example.com": UNKNOWN, "example.se": "89ab"}}
        found = read(wire(given).value, "yaml").settings(Cloudflare)  # type: ignore[arg-type]
        assert found is not None
        assert found.zones["example.se"] == "89ab"
        return await found.zones["example.com"].is_known()

    import asyncio

    assert asyncio.run(body()) is False


@pytest.mark.parametrize(
    ("language", "path"),
    [("python", "verification.root_hints"), ("nodejs", "verification.rootHints"), ("go", "Verification.RootHints")],
)
def test_a_path_is_in_the_casing_of_the_program_s_language(language: str, path: str) -> None:
    assert refused(GOOD | {"verification": {"rootHints": [7]}}, language).startswith(f"{path}[0]: ")


@pytest.mark.parametrize(
    ("example", "language"), [("python", "python"), ("typescript", "nodejs"), ("go", "go"), ("yaml", "yaml")]
)
def test_the_program_s_language_is_that_of_its_project(
    example: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT / "examples" / example)
    assert runtime() == language


def test_a_project_that_cannot_be_read_has_no_language(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: [")
    monkeypatch.chdir(tmp_path)
    assert runtime() == ""


@pytest.mark.parametrize(
    ("language", "paths"),
    [
        ("python", ["accounts[0]", "domains[0].name"]),
        ("nodejs", ["accounts[0]", "domains[0].name"]),
        ("go", ["Accounts[0]", "Domains[0].Name"]),
        ("yaml", ["accounts[0]", "domains[0].name"]),
    ],
)
def test_values_that_are_wrong_are_told_by_their_paths(language: str, paths: list[str]) -> None:
    said = refused(GOOD | {"accounts": ["nobody"], "domains": [{"name": "example_com"}]}, language)
    assert said.startswith("2 faults:")
    assert [line.strip().partition(": ")[0] for line in said.splitlines()[1:]] == paths


def test_keys_below_a_list_are_in_that_casing_too() -> None:
    bad = {"domains": [{"name": "example.com", "verification": {"resolversMustAgree": "yes"}}]}
    assert refused(GOOD | bad, "python").startswith("domains[0].verification.resolvers_must_agree: ")
    assert refused(GOOD | bad, "yaml").startswith("domains[0].verification.resolversMustAgree: ")


def test_missing_unknown_and_wrong_inputs_are_told_together() -> None:
    said = refused({"accounts": 7, "domain": "example.com", "dkim": {"record": golden.DKIM}})
    assert said.startswith("4 faults:")
    for line in (
        "accounts: is a number; write a list",
        "domains: is missing; write it",
        "domain: is not a key here; did you mean domains?",
        "cloudflare, rfc2136, route53, octodns: no publisher; write cloudflare: {}, rfc2136, route53: {} or octodns",
    ):
        assert line in said


def test_where_a_server_is_is_no_input() -> None:
    said = refused(GOOD | {"rfc2136": {"zones": ["example.com"], "server": "192.0.2.1"}})
    assert said.startswith("rfc2136.server: cannot be an input")


def output(**fields: Any) -> struct_pb2.Value:
    made = struct_pb2.Value()
    made.struct_value.fields[rpc._special_sig_key].string_value = rpc._special_output_value_sig
    for key, value in fields.items():
        setattr(made.struct_value.fields[key], {str: "string_value", bool: "bool_value"}[type(value)], value)
    return made


def test_output_values_may_leave_out_what_is_empty() -> None:
    within = struct_pb2.Value()
    within.list_value.values.extend([output(value="a", secret=True), output(value="b"), output()])
    complete(within)
    values = PropertyValue.unmarshal(within).value
    assert values == (PropertyValue("a", is_secret=True), PropertyValue("b"), UNKNOWN)


def checked(**inputs: Any) -> list[str]:
    given = {key: wire(value) for key, value in inputs.items()}
    found = record.check(sdk.CheckRequest("urn:pulumi:s::p::elastx-mrs:index:TxtRecord::n", {}, given, b""))
    return sorted(failure.property for failure in found.failures or ())


def test_a_record_s_own_properties_are_checked() -> None:
    good = {"profile": "default", "zone": "example.com", "owner": "example.com", "value": "v=spf1 -all"}
    assert checked(**good, ttl=300, guard="warn") == []
    assert checked(**good, ttl=0) == ["ttl"]
    assert checked(**good, ttl=1.5, tll=3) == ["tll", "ttl"]
    assert checked(profile="default", zone=7) == ["owner", "value", "zone"]
