"""What a dynamic provider's process imports: every ``up``, ``refresh`` and ``destroy`` starts one."""

import base64
import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from pulumi.dynamic.dynamic import serialize_provider

from elastx_mrs.identity import DYNAMIC_STRING_TYPE, DYNAMIC_TYPE
from elastx_mrs.publish import rfc2136, rrset
from elastx_mrs.publish.rfc2136.resource import TxtProvider, TxtResource
from elastx_mrs.publish.rrset.resource import TxtProvider as StringProvider
from elastx_mrs.publish.rrset.resource import TxtString

ROOT = Path(__file__).resolve().parents[3]
MODULES = (
    "elastx_mrs.publish.rfc2136",
    "elastx_mrs.publish.rrset",
    "elastx_mrs.publish.octodns.record_sets",
    "elastx_mrs.publish.route53.record_sets",
)
UNNEEDED = ("pydantic", "pydantic_core", "click", "rich", "cloudflare", "elastx_mrs.config.model", "boto3", "octodns")


@pytest.mark.parametrize("module", MODULES)
def test_a_dynamic_provider_starts_without_pydantic_and_click(module: str) -> None:
    there = f"[name for name in {UNNEEDED} if name in sys.modules]"
    program = f"import json, sys, {module}; print(json.dumps({there}))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout) == []


def test_the_state_knows_the_provider_by_the_path_that_the_test_above_imports() -> None:
    """Pulumi pickles the class by reference, so its module and name are part of the state's format."""
    for package, provider in ((rfc2136, TxtProvider), (rrset, StringProvider)):
        assert package.TxtProvider is provider
        assert (provider.__module__, provider.__qualname__) == (package.__name__, "TxtProvider")
    assert (rfc2136.__name__, rrset.__name__) == MODULES[:2]


@pytest.mark.parametrize(
    ("provider", "stored"),
    [
        (TxtProvider, "gASVMQAAAAAAAACMGmVsYXN0eF9tcnMucHVibGlzaC5yZmMyMTM2lIwLVHh0UHJvdmlkZXKUk5QpgZQu"),
        (StringProvider, "gASVLwAAAAAAAACMGGVsYXN0eF9tcnMucHVibGlzaC5ycnNldJSMC1R4dFByb3ZpZGVylJOUKYGULg=="),
    ],
)
def test_the_state_of_earlier_versions_has_the_same_provider(
    provider: type[TxtProvider] | type[StringProvider], stored: str
) -> None:
    """Other octets would be a diff of every record, and a secret one would hide the state's rows."""
    assert serialize_provider(provider()) == stored
    assert type(pickle.loads(base64.b64decode(stored))) is provider  # noqa: S301 - our own
    assert provider.serialize_as_secret_always is False


def test_the_resource_has_the_type_that_the_plugin_takes_for_an_alias() -> None:
    """Pulumi's SDK makes the type of a dynamic resource of the module and the name that the class gives."""
    assert f"pulumi-python:{TxtResource._resource_type_name}" == DYNAMIC_TYPE
    assert f"pulumi-python:{TxtString._resource_type_name}" == DYNAMIC_STRING_TYPE
