"""The README's commands against the lab, through Cloudflare's API, in the order in which they stand.

Not those of the relay itself, ``smtp`` and ``message``, which need a mail server and a mail that was received:
``tests/cli/test_smtp_servers.py`` and ``tests/cli/test_message.py`` have both. ``records`` is in ``tests/package``.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.engine.cloudflare.stacks import HEAD, ZONES, trial
from tests.engine.stack import ROOT, Stack
from tests.examples import readme

NEIGHBOUR = {"example.net": HEAD + '_spf TXT "v=spf1 ip4:198.51.100.0/24 -all"\n'}
ELSEWHERE = ("elastx-mrs smtp", "elastx-mrs message", "elastx-mrs records")
WANTED = {
    "elastx-mrs spf example.com --add": ["lookups: 1 -> 2 of 10"],
    "elastx-mrs adopt example.com": ["v=DMARC1; p=none;"],
    "elastx-mrs adopt --import": [],
    "pulumi preview --json | elastx-mrs review": ["**No mail record will change.**"],
    "elastx-mrs verify --stack-config": ["1 of 1 domain verified"],
}
"""What each says, by how it begins."""


COMMANDS = [
    step.command
    for step in readme.steps((ROOT / "README.md").read_text(encoding="utf-8"))
    if not step.command.startswith(ELSEWHERE)
]


@pytest.mark.engine
def test_the_commands_of_the_readme(tmp_path: Path) -> None:
    with trial(tmp_path, ZONES | NEIGHBOUR) as run:
        stack = run.stack()
        stack.environment["ELASTX_MRS_NAMESERVERS"] = run.lab.address
        stack.up()
        files = stack.directory / "stacks"
        shutil.copyfile(files / "Pulumi.test.yaml", files / "Pulumi.prod.yaml")
        for command in COMMANDS:
            check(stack, command)


def check(stack: Stack, command: str) -> None:
    """Run a command, and look for what it is to say."""
    (wanted,) = (said for begin, said in WANTED.items() if command.startswith(begin))
    done = subprocess.run(
        ["sh", "-ec", command], cwd=stack.directory, env=stack.environ(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
    for text in wanted:
        assert text in done.stdout, f"$ {command}\n{done.stdout}"
    if ">" in command:
        made = stack.directory / Path(command.partition("#")[0].rpartition(">")[2].strip())
        assert json.loads(made.read_text())["resources"], command


def test_all_of_them_are_run() -> None:
    assert len(COMMANDS) == len(WANTED)
