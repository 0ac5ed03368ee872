"""A YAML program whose records somebody else publishes: the plugin's output ``records`` lists them."""

import hashlib
from pathlib import Path

import pytest
import yaml

from tests.languages.programs import Workspace
from tests.languages.test_languages import FIRST, SERVED
from tests.servers import start

pytestmark = pytest.mark.engine


def test_the_output_lists_the_records(tmp_path: Path, workspace: Workspace) -> None:
    with start("lab", tmp_path / "server", SERVED) as server:
        stack = workspace.example("yaml", tmp_path, server.environment())
        path = stack.directory / "Pulumi.yaml"
        program = yaml.safe_load(path.read_text())
        given = program["resources"]["mail"]["properties"]
        del given["rfc2136"]
        given |= {"external": True, "domains": [{"name": "example.com"}]}
        given["accounts"] = [{"fn::secret": FIRST}]
        program["outputs"] = {"records": "${mail.records}"}
        path.write_text(yaml.safe_dump(program))
        said = stack.up(ELASTX_MRS_VERIFICATION="off")
        rows = stack.resources()["acme-mail-test"]["outputs"]["records"]
        assert [name for name in stack.resources() if name.startswith("mail")] == ["mail"]
    token = hashlib.sha256(FIRST.encode()).hexdigest()
    assert rows[0] == {
        "domain": "example.com", "kind": "challenge", "name": "example.com", "value": f"elastx-mrs={token}",
        "ttl": 1800, "external": True,
    }  # fmt: skip
    assert [row["kind"] for row in rows] == ["challenge", "spf", "dkim", "dmarc"]
    assert FIRST not in said.stdout + said.stderr
    assert FIRST not in stack.state()
