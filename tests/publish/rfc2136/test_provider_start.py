"""What a dynamic provider's process imports: every ``up``, ``refresh`` and ``destroy`` starts one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from elastx_mrs.identity import DYNAMIC_TYPE
from elastx_mrs.publish import rfc2136
from elastx_mrs.publish.rfc2136.resource import TxtProvider, TxtResource

ROOT = Path(__file__).resolve().parents[3]
ROUTE53 = ROOT / "examples" / "route53"
UNNEEDED = ("pydantic", "pydantic_core", "click", "rich", "cloudflare", "elastx_mrs.config.model")


@pytest.mark.parametrize(("module", "folder"), [("elastx_mrs.publish.rfc2136", ROOT), ("route53", ROUTE53)])
def test_a_dynamic_provider_starts_without_pydantic_and_click(module: str, folder: Path) -> None:
    there = f"[name for name in {UNNEEDED} if name in sys.modules]"
    program = f"import json, sys, {module}; print(json.dumps({there}))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout) == []


def test_the_state_knows_the_provider_by_the_path_that_the_test_above_imports() -> None:
    """Pulumi pickles the class by reference, so its module and name are part of the state's format."""
    assert rfc2136.TxtProvider is TxtProvider
    assert (TxtProvider.__module__, TxtProvider.__qualname__) == ("elastx_mrs.publish.rfc2136", "TxtProvider")


def test_the_resource_has_the_type_that_the_plugin_takes_for_an_alias() -> None:
    """Pulumi's SDK makes the type of a dynamic resource of the module and the name that the class gives."""
    assert f"pulumi-python:{TxtResource._resource_type_name}" == DYNAMIC_TYPE
