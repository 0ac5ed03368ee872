"""What docs/troubleshooting.md says of Pulumi's own faults: each is made, and healed as it says."""

import copy
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import golden
from tests.engine.rfc2136.test_rfc2136 import CONFIG
from tests.engine.stack import ROOT, Stack
from tests.engine.test_review import SALT
from tests.engine.vault import PROVIDER
from tests.publish.rfc2136.updates import nsupdate
from tests.servers import NameServer, start

pytestmark = pytest.mark.engine

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
STATE = Path(".pulumi") / "stacks" / "elastx-mrs" / "test.json"
OWNERS = [
    "_dmarc.example.com", "_dmarc.news.example.com", "elastx._domainkey.example.com",
    "elastx._domainkey.news.example.com", "example.com", "news.example.com",
]  # fmt: skip


ELSEWHERE = "v1:AAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
"""In the form of what a passphrase encrypts; no passphrase of ours opens it."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NameServer]:
    with start("lab", tmp_path / "server") as running:
        yield running


def commands(section: str) -> list[str]:
    """The commands below a heading of the page, for the tests' stack."""
    body = PAGE.partition(f"\n### {section}\n")[2].partition("\n## ")[0].partition("\n### ")[0]
    found = re.findall(r"^```sh\n(.*?)^```$", body, re.MULTILINE | re.DOTALL)
    return [re.sub(r"\bprod\b", "test", one.replace("acme-mail", "elastx-mrs")) for one in found]


def sh(command: str, folder: Path, stack: Stack) -> str:
    """Run what a reader pastes, with nobody there to ask."""
    stack.write()
    done = subprocess.run(
        ["sh", "-eu"], input=command, cwd=folder, env=stack.environ(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def refused(stack: Stack, words: str) -> None:
    """Check what Pulumi says before it begins; that the page has it, too."""
    done = stack.up(check=False)
    assert done.returncode != 0
    assert words in done.stdout + done.stderr
    assert words in PAGE


@pytest.fixture
def stack(server: NameServer, tmp_path: Path) -> Stack:
    """One that has published, with its key in the config."""
    environment = server.environment()
    made = Stack.create(tmp_path, environment, copy.deepcopy(CONFIG))
    made.pulumi("config", "set", "--secret", "--stack", "test", "elastx-mrs:tsigKey", server.key)
    made.config["tsigKey"] = made.written()["elastx-mrs:tsigKey"]
    del environment["ELASTX_MRS_RFC2136_KEY"]
    made.up()
    return made


def test_a_state_that_is_restored(server: NameServer, stack: Stack, tmp_path: Path) -> None:
    backend = tmp_path / "state"
    state = backend / STATE
    remove, restore, *_ = commands("State in files")
    state.with_name("test.json.attrs").write_bytes(b"")  # as a run that is killed leaves it now and then
    refused(stack, "failed to load checkpoint: EOF")
    sh(remove, backend, stack)

    whole = state.read_bytes()
    parentless = json.loads(whole)
    latest = parentless["checkpoint"]["latest"]
    latest["resources"] = [one for one in latest["resources"] if not one["urn"].endswith("::mail")]
    for words, content in {
        "snapshot integrity failure": json.dumps(parentless).encode(),
        "unexpected end of JSON input": whole[: len(whole) // 2],
    }.items():
        state.write_bytes(content)
        refused(stack, words)
        sh(restore, backend, stack)
        assert state.read_bytes() == whole
    logged = stack.preview("--expect-no-changes", "-v=9", "--logtostderr")
    assert server.key in logged.stderr, "the engine's own place: docs/rfc2136.md says so of a key that is encrypted"


def test_a_state_that_is_lost(server: NameServer, stack: Stack, tmp_path: Path) -> None:
    published = {owner: server.txt(owner) for owner in OWNERS}
    assert all(published.values())
    nsupdate(server, f'zone example.com\nupdate add _dmarc.example.com 300 TXT "{golden.DMARC}"')
    published["_dmarc.example.com"] = {golden.DMARC.encode(): 300}
    backend = tmp_path / "state"
    for name in ("test.json", "test.json.bak"):  # as a full disk leaves them
        file = (backend / STATE).with_name(name)
        file.write_bytes(file.read_bytes()[:5000])
    refused(stack, "unexpected end of JSON input")
    *_, begin, init = commands("State in files")
    sh(begin, backend, stack)
    sh(f"{init.strip()} --secrets-provider {PROVIDER}", stack.directory, stack)
    (many,) = commands("Many owner names")
    assert many.endswith("up --yes\n")
    said = sh(f"{many.strip()} --skip-preview\necho $names", stack.directory, stack)
    assert said.splitlines()[-1] == ",".join(OWNERS)
    assert len(stack.resources()) == 12, "nine records, and what holds them"
    assert {owner: server.txt(owner) for owner in OWNERS} == published, "taken over as they are"


def test_an_encrypted_value_of_another_stack(tmp_path: Path) -> None:
    stack = Stack.create(tmp_path, {}, copy.deepcopy(CONFIG) | {"tsigKey": {"secure": ELSEWHERE}})
    file = stack.directory / "stacks" / "Pulumi.test.yaml"
    file.write_text(f"encryptionsalt: {SALT}\n")
    refused(stack, "message authentication failed")
    del stack.config["tsigKey"]
    stack.pulumi("config", "set", "--secret", "--stack", "test", "elastx-mrs:tsigKey", "new")
    stack.config["tsigKey"] = stack.written()["elastx-mrs:tsigKey"]
    assert stack.pulumi("config", "get", "--stack", "test", "elastx-mrs:tsigKey").stdout == "new\n"
