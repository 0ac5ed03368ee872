"""The README's commands against the lab, through Cloudflare's API, in the order in which they stand.

Not those of the relay itself, ``smtp`` and ``message``, which need a mail server and a mail that was received:
``tests/cli/test_smtp_servers.py`` and ``tests/cli/test_message.py`` have both. ``records`` is in ``tests/package``.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.cloudflare.stacks import HEAD, ZONES, Trial, trial
from tests.engine.stack import ROOT, Stack
from tests.examples import readme

NEIGHBOUR = {"example.net": HEAD + '_spf TXT "v=spf1 ip4:198.51.100.0/24 -all"\n'}
ELSEWHERE = ("elastx-mrs smtp", "elastx-mrs message", "elastx-mrs records")
WANTED = {
    "elastx-mrs spf example.com --add": ["lookups: 1 -> 2 of 10"],
    "elastx-mrs adopt example.com": ["v=DMARC1; p=none;"],
    "elastx-mrs adopt --import": [],
    "pulumi preview --json | elastx-mrs review": ["**No mail record changes.**"],
    "elastx-mrs verify --stack-config": ["1 of 1 domain verified"],
}
"""What each says, by how it begins."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with trial(tmp_path_factory.mktemp("readme"), ZONES | NEIGHBOUR) as running:
        yield running


@pytest.fixture(scope="module")
def stack(run: Trial) -> Stack:
    made = run.stack()
    made.environment["ELASTX_MRS_NAMESERVERS"] = run.lab.address
    made.up()
    shutil.copyfile(made.directory / "stacks" / "Pulumi.test.yaml", made.directory / "stacks" / "Pulumi.prod.yaml")
    return made


COMMANDS = [
    step.command
    for step in readme.steps((ROOT / "README.md").read_text(encoding="utf-8"))
    if not step.command.startswith(ELSEWHERE)
]


@pytest.mark.engine
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme(stack: Stack, command: str) -> None:
    (wanted,) = (said for begin, said in WANTED.items() if command.startswith(begin))
    done = subprocess.run(
        ["sh", "-ec", command], cwd=stack.directory, env=stack.environ(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for text in wanted:
        assert text in done.stdout
    if ">" in command:
        made = stack.directory / Path(command.partition("#")[0].rpartition(">")[2].strip())
        assert json.loads(made.read_text())["resources"]


def test_all_of_them_are_run() -> None:
    assert len(COMMANDS) == len(WANTED)
