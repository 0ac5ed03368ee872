"""Follows what the tool, the engine and the documentation say after a run that was killed, as a user would."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.engine.stack import Stack

MOST_RUNS = 12
"""Within which a stack is whole again."""

MANY = 3
"""Records told one by one from which on docs/cloudflare.md's one file for all is taken."""

NOISE = ("Traceback", "bug in the provider")

_IMPORT = re.compile(r"run: (pulumi import .*? --generate-code=false)")
_IMPORT_FILE = re.compile(r"run: (pulumi stack export .*? pulumi import .*? --generate-code=false)")
_ADOPT = re.compile(r"ELASTX_MRS_ADOPT=(\S+)")
_AGAIN = re.compile(
    r"run pulumi up again|; run again|does not answer over TCP|was not reached"
    r"|is the server up|rpc error: code = Unavailable|resource monitor shut down"
)
ADOPT_FILE = (
    "pulumi stack export > state.json && pulumi config --show-secrets --json | "
    "elastx-mrs adopt --import --config - --state state.json > import.json && "
    "pulumi import --file import.json --protect=false --generate-code=false"
)
"""docs/cloudflare.md, "What is there already"."""


class NotHealedError(AssertionError):
    """What was said leads nowhere, or the stack is not whole after all of it."""


@dataclass
class Healing:
    """One stack's way back.

    :param by_file: whether the stack's config declares the records, so that ``adopt --import`` can read them.
    :ivar steps: what was done, in order, as the figures call it.
    :ivar said: what each run said.
    :ivar noise: what no run should show, and did.
    """

    stack: Stack
    command: tuple[str, ...]
    by_file: bool
    steps: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    noise: list[str] = field(default_factory=list)
    _adopt: set[str] = field(default_factory=set)
    _options: tuple[str, ...] = ()

    def heal(self) -> None:
        """Run the command until it succeeds, following in between what it says.

        :raises NotHealedError: where it says nothing that helps.
        """
        for _ in range(MOST_RUNS):
            done = self._run()
            if done.returncode == 0:
                return
            self._follow(self.said[-1])
        raise NotHealedError(f"not healed after {MOST_RUNS} runs: {', '.join(self.steps)}")

    def _run(self) -> subprocess.CompletedProcess[str]:
        adopted = {"ELASTX_MRS_ADOPT": ",".join(sorted(self._adopt))} if self._adopt else {}
        done = self.stack.pulumi(
            *self.command, "--yes", "--skip-preview", "--stack", "test", *self._options, check=False, **adopted
        )
        self.steps.append(" ".join([self.command[0], *self._options, *(["adopting"] if adopted else [])]))
        self.said.append(f"$ {self.steps[-1]}\n{done.stdout}{done.stderr}")
        self._options = ()
        return done

    def _follow(self, said: str) -> None:
        self.noise += [noise for noise in NOISE if noise in said]
        ways: tuple[tuple[bool, Callable[[], None]], ...] = (
            ("failed to load checkpoint: EOF" in said, self._without_attributes),
            ("the stack is currently locked" in said, self._cancel),
            (bool(_IMPORT_FILE.search(said)), lambda: self._shell("import by file", _IMPORT_FILE.findall(said)[:1])),
            (bool(_IMPORT.search(said)), lambda: self._import(list(dict.fromkeys(_IMPORT.findall(said))))),
            (bool(_ADOPT.search(said)), lambda: self._adopt.update(*(n.split(",") for n in _ADOPT.findall(said)))),
            ("pulumi up --refresh" in said or "Record does not exist" in said, self._refreshing),
            (bool(_AGAIN.search(said)), lambda: None),
        )
        way = next((way for applies, way in ways if applies), None)
        if way is None:
            raise NotHealedError("nothing that was said, or that the documentation says of it, helps")
        way()

    def _cancel(self) -> None:
        self.steps.append("cancel")
        done = self.stack.pulumi("cancel", "--yes", "--stack", "test", check=False)
        self.said.append(f"$ pulumi cancel\n{done.stdout}{done.stderr}")
        if done.returncode != 0 and "failed to load checkpoint: EOF" in self.said[-1]:
            self._without_attributes()

    def _without_attributes(self) -> None:
        """Remove the empty file beside the state, as docs/troubleshooting.md says of ``failed to load checkpoint``."""
        empty = [path for path in self._state.rglob("*.attrs") if path.stat().st_size == 0]
        if not empty:
            raise NotHealedError("the engine cannot read its state, and no empty .attrs file is why")
        for path in empty:
            path.unlink()
        self.steps.append("empty .attrs removed")

    @property
    def _state(self) -> Path:
        return self.stack.directory.parent / "state"

    def _refreshing(self) -> None:
        self._options = ("--refresh",)

    def _import(self, told: list[str]) -> None:
        if self.by_file and len(told) > MANY:
            self._shell("import by file", [ADOPT_FILE])
        else:
            self._shell("import", told)

    def _shell(self, step: str, commands: list[str]) -> None:
        for command in commands:
            self.steps.append(step)
            done = subprocess.run(
                ["bash", "-o", "pipefail", "-c", command],
                cwd=self.stack.directory,
                env=self.stack.environ() | {"PULUMI_SKIP_CONFIRMATIONS": "true"},
                capture_output=True,
                text=True,
                check=False,
            )
            self.said.append(f"$ {command}\n{done.stdout}{done.stderr}")
            if done.returncode != 0:
                raise NotHealedError(f"what was told to run failed: {command}")
