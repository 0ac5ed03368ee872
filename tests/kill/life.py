"""The life of one stack: it is published, changed and destroyed, and something is killed in each."""

import json
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests.engine.stack import Stack
from tests.kill import processes
from tests.kill.company import Company, Row
from tests.kill.draw import RECORDS, STAGES, Kill, Plan, Stage, When
from tests.kill.healing import Healing
from tests.kill.worlds import World, ignore, world

PATIENCE = 10.0
"""Seconds for which processes may outlive the run that they belong to."""

WHOLE_RUN = 30.0
"""Seconds in which a moment by time falls, where no run has been measured."""

RUN = 1800.0
"""Seconds that a run may take: a machine that is busy is no fault."""


@dataclass
class Happened:
    """What came of one kill."""

    stage: str
    kill: Kill
    killed: list[str] = field(default_factory=list)
    ended: int = 0
    steps: list[str] = field(default_factory=list)
    outlived: list[str] = field(default_factory=list)
    noise: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        what = f"{self.stage}: {self.kill.victim}, {self.kill.moment}"
        left = f"; outlived it: {', '.join(self.outlived)}" if self.outlived else ""
        if not self.killed:
            what += f" (the run had ended, with {self.ended})"
        noise = f"; shown: {', '.join(self.noise)}" if self.noise else ""
        return f"{what} -> {', '.join(self.steps)}{left}{noise}"


class LifeError(AssertionError):
    """A life that did not go well: its plan, what was killed, and everything that was said."""

    def __init__(self, plan: Plan, happened: Happened, reason: str) -> None:
        said = "\n".join(happened.said)
        again = f"python -m tests.kill --publisher {plan.publisher} --seed {plan.seed} --kills {len(STAGES)}"
        super().__init__(f"{plan}\n{happened}\n{reason}\n\nWhat was said:\n{said}\n\nTo try it again: {again}")


Settled = Callable[["Life", Happened], None]
"""Asserts that a stack which is healed knows all of its records."""


def previewed(life: "Life", happened: Happened) -> None:
    """A further preview has no changes."""
    preview = life.stack.preview("--expect-no-changes", check=False)
    happened.said.append(f"$ preview\n{preview.stdout}{preview.stderr}")
    assert preview.returncode == 0, "a further preview has changes"


def counted(life: "Life", happened: Happened) -> None:
    """The state has as many records as are declared: no start of the engine is cheaper."""
    state = json.loads(life.stack.state())["checkpoint"]["latest"]["resources"]
    records = [one for one in state if one.get("custom") and not one["type"].startswith("pulumi:")]
    assert len(records) == RECORDS * life.plan.domains, [one["urn"] for one in records]


@dataclass
class Killer:
    """Kills once, when the moment of a kill has come and its victim is there."""

    happened: Happened
    kill: Callable[[Kill], list[str]]
    ended: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def event(self, number: int, when: When) -> None:
        """Note that the server works on a change."""
        moment = self.happened.kill.moment
        if moment.part is None and when == moment.when and number >= moment.number:
            self._now()

    def later(self, seconds: float) -> None:
        """Wait, and then for the victim; to be run in a thread."""
        self.ended.wait(seconds)
        while not self.ended.wait(0.02) and not self.happened.killed:
            self._now()

    def _now(self) -> None:
        with self._lock:
            if not self.happened.killed:
                self.happened.killed += self.kill(self.happened.kill)


@dataclass
class Life:
    """One stack in one world.

    :param settled: looks at the stack after each stage but the last, whose state is empty.
    :param lasts: seconds that each stage takes unless it is killed; moments by time are parts of it.
    """

    plan: Plan
    world: World
    stack: Stack
    before: Counter[Row]
    lasts: float = WHOLE_RUN
    settled: Settled = previewed

    def stage(self, stage: Stage) -> list[Happened]:
        """Begin a stage, kill, heal, and look whether everything is as declared.

        :raises LifeError: where it is not.
        """
        name = stage.name
        found = [Happened(name, kill) for kill in stage.kills]
        happened = found[-1]
        try:
            if name != "destroy":
                self._declare(name)
            command = ("destroy",) if name == "destroy" else ("up",)
            self._killed(command, found)
            healing = Healing(
                self.stack, command, self.plan.program == "python", happened.steps, happened.said, happened.noise
            )
            healing.heal()
            happened.outlived = processes.outlived(self._home, PATIENCE)
            self._check(name, happened)
        except (AssertionError, subprocess.TimeoutExpired) as error:
            raise LifeError(self.plan, happened, str(error)) from None
        return found

    @property
    def _company(self) -> Company:
        return Company(self.plan.domains)

    @property
    def _home(self) -> Path:
        return self.stack.directory.parent / "home"

    def _declare(self, stage: str) -> None:
        """Let the stack's config say it, which the project's program reads; or a program in YAML, for our plugin."""
        inputs = self._company.inputs(stage, self.plan.publisher, self.world.settings)
        if self.plan.program == "python":
            self.stack.config = inputs
            return
        path = self.stack.directory / "Pulumi.yaml"
        project = yaml.safe_load(path.read_text())
        project.pop("config", None)  # which would be asked for
        project |= {"runtime": "yaml", "resources": {"mail": {"type": "elastx-mrs:MailRelay", "properties": inputs}}}
        path.write_text(yaml.safe_dump(project))

    def _killed(self, command: tuple[str, ...], found: Sequence[Happened]) -> None:
        """Run the command, and kill at the moments; a server comes back when the run has ended."""
        with (self.stack.directory / "output").open("w+b") as output:
            with ExitStack() as killing:
                killers = [killing.enter_context(self._killing(one)) for one in found]

                def event(number: int, when: When) -> None:
                    for killer in killers:
                        killer.event(number, when)

                self.world.watch(event)
                killing.callback(self.world.watch, ignore)
                run = self.stack.start(*command, "--yes", "--skip-preview", "--stack", "test", output=output)
                ended = run.wait(RUN)
            output.seek(0)
            found[-1].said.append(f"$ {command[0]}, killed\n{output.read().decode(errors='replace')}")
        for one in found:
            one.ended = ended
            if one.kill.victim == "server" and one.killed:
                self.world.start_server()

    @contextmanager
    def _killing(self, happened: Happened) -> Iterator["Killer"]:
        """Kill when the moment comes, until the context ends."""
        killer = Killer(happened, self._kill)
        part = happened.kill.moment.part
        thread = threading.Thread(target=killer.later, args=((part or 0) * self.lasts,))
        if part is not None:
            thread.start()
        try:
            yield killer
        finally:
            killer.ended.set()
            if part is not None:
                thread.join()

    def _kill(self, kill: Kill) -> list[str]:
        if kill.victim == "server":
            self.world.kill_server()
            return ["server"]
        return processes.kill(self._home, processes.NAMES[kill.victim])

    def _check(self, stage: str, happened: Happened) -> None:
        wanted = self._company.expected(stage, self.before, self.world.shares_ttl)
        found = self.world.contents()
        lost, more = wanted - found, found - wanted
        assert not lost, f"lost: {sorted(lost.elements())}; there instead: {sorted(more.elements())}"
        assert not more, f"doubled or left: {sorted(more.elements())}"
        if stage == "destroy":
            assert not self.stack.resources(), "records are left in the state"
            return
        self.settled(self, happened)


@contextmanager
def begun(plan: Plan, directory: Path) -> Iterator[Life]:
    """Begin a life; what it leaves is ended."""
    with world(plan, directory) as there:
        stack = Stack.create(directory / "stack", there.environment, {})
        stack.timeout = RUN
        try:
            yield Life(plan, there, stack, there.contents())
        finally:
            processes.kill(stack.directory.parent / "home")


def lived(
    plan: Plan,
    directory: Path,
    say: Callable[[str], None],
    lasts: float = WHOLE_RUN,
    settled: Settled = previewed,
) -> list[Happened]:
    """Live a whole life; say what happens.

    :raises LifeError: where something is lost, doubled or not healed by what is said.
    """
    say(str(plan))
    found = []
    with begun(plan, directory) as life:
        life.lasts, life.settled = lasts, settled
        for stage in plan.stages:
            begins = time.monotonic()
            ended = life.stage(stage)
            for one in ended:
                say(f"  {one} ({time.monotonic() - begins:.0f} s)")
            found += ended
    return found
