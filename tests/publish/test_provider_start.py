"""What a dynamic provider's process imports: every ``up``, ``refresh`` and ``destroy`` starts one."""

import json
import subprocess
import sys

from elastx_mrs.identity import DYNAMIC_TYPE
from elastx_mrs.publish.rfc2136 import TxtProvider, TxtResource

UNNEEDED = ("pydantic", "pydantic_core", "click", "rich", "tabulate", "cloudflare", "elastx_mrs.arguments")


def test_the_provider_of_rfc2136_starts_without_pydantic_and_click() -> None:
    there = f"[name for name in {UNNEEDED} if name in sys.modules]"
    program = f"import json, sys, elastx_mrs.publish.rfc2136; print(json.dumps({there}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout) == []


def test_the_state_knows_the_provider_by_the_path_that_the_test_above_imports() -> None:
    """Pulumi pickles the class by reference, so its module and name are part of the state's format."""
    assert (TxtProvider.__module__, TxtProvider.__qualname__) == ("elastx_mrs.publish.rfc2136", "TxtProvider")


def test_the_resource_has_the_type_that_the_plugin_takes_for_an_alias() -> None:
    """Pulumi's SDK makes the type of a dynamic resource of the module and the name that the class gives."""
    assert f"pulumi-python:{TxtResource._resource_type_name}" == DYNAMIC_TYPE
