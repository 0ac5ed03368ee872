"""What is killed, and when: drawn from a seed, so that a failure can be had again."""

import random
from dataclasses import dataclass
from typing import Literal

Publisher = Literal["rfc2136", "cloudflare", "route53", "octodns"]
Program = Literal["python", "yaml"]
Victim = Literal["engine", "language host", "program", "dynamic provider", "plugin", "Cloudflare's plugin", "server"]
When = Literal["before", "after"]

PUBLISHERS: tuple[Publisher, ...] = ("rfc2136", "cloudflare", "route53", "octodns")
WHENS: tuple[When, ...] = ("before", "after")
PROGRAMS: tuple[Program, ...] = ("python", "yaml")
SERVERS = ("bind", "knot", "powerdns")
STAGES = ("up", "change", "destroy")
DOMAINS = 30
RECORDS = 4
"""Of each domain. The stages ``up`` and ``destroy`` change each of them; ``change`` changes as many in all."""

BY_EVENT = 0.7
"""The part of the moments that are events, where both kinds are drawn."""

_RECORDS: dict[tuple[Publisher, Program], tuple[Victim, ...]] = {
    ("rfc2136", "python"): ("dynamic provider",),
    ("rfc2136", "yaml"): ("plugin",),
    ("cloudflare", "python"): ("Cloudflare's plugin",),
    ("cloudflare", "yaml"): ("Cloudflare's plugin",),
    ("route53", "python"): ("dynamic provider",),
    ("route53", "yaml"): ("plugin",),
    ("octodns", "python"): ("dynamic provider",),
}
"""What holds the records: the victims beside engine and server of a run that starts no program, as ``destroy``."""

_PROGRAM: dict[tuple[Publisher, Program], tuple[Victim, ...]] = {
    ("rfc2136", "python"): ("language host", "program"),
    ("rfc2136", "yaml"): ("language host",),
    ("cloudflare", "python"): ("language host", "program"),
    ("cloudflare", "yaml"): ("language host", "plugin"),
    ("route53", "python"): ("language host", "program"),
    ("route53", "yaml"): ("language host",),
    ("octodns", "python"): ("language host", "program"),
}

_SERVERS: dict[Publisher, tuple[str, ...]] = {
    "rfc2136": SERVERS,
    "cloudflare": ("the lab's API",),
    "route53": ("the tests' API",),
    "octodns": ("powerdns",),
}

CHANGES: dict[Publisher, int] = {"rfc2136": RECORDS, "cloudflare": RECORDS, "route53": 3, "octodns": 1}
"""That a stage sends at least for each domain: where a set is changed at once, or a zone, several records are one."""


@dataclass(frozen=True)
class Moment:
    """Before or after the server works on the ``number``-th change; else, by time, at this part of a whole run.

    Whoever is not there yet is killed at first sight.
    """

    number: int
    when: When
    part: float | None = None

    def __str__(self) -> str:
        if self.part is not None:
            return f"at {self.part:.0%} of the time"
        return f"{self.when} change {self.number}"


@dataclass(frozen=True)
class Kill:
    victim: Victim
    moment: Moment


@dataclass(frozen=True)
class Stage:
    """One of ``STAGES``, and what is killed in its run; only then is it healed."""

    name: str
    kills: tuple[Kill, ...]


@dataclass(frozen=True)
class Plan:
    """The life of one stack."""

    publisher: Publisher
    seed: int
    program: Program
    server: str
    domains: int
    stages: tuple[Stage, ...]

    def __str__(self) -> str:
        return f"{self.publisher}, seed {self.seed}: a {self.program} program, {self.domains} domains, {self.server}"


def victims(publisher: Publisher, program: Program, stage: str) -> tuple[Victim, ...]:
    """Return what a stage can be killed by."""
    running = () if stage == "destroy" else _PROGRAM[publisher, program]
    return ("engine", "server", *_RECORDS[publisher, program], *running)


def draw(publisher: Publisher, seed: int, by_event: float = BY_EVENT, domains: int = DOMAINS) -> Plan:
    """Return the plan of a seed; with ``by_event=1`` no moment depends on the machine's speed."""
    chosen = random.Random(f"{publisher} {seed}")  # noqa: S311  not for secrets: a seed is to give the same again
    program: Program = chosen.choice([one for one in PROGRAMS if (publisher, one) in _PROGRAM])
    server = chosen.choice(_SERVERS[publisher])
    stages = []
    for stage in STAGES:
        victim = chosen.choice(victims(publisher, program, stage))
        number, when, part = chosen.randint(1, CHANGES[publisher] * domains), chosen.choice(WHENS), chosen.random()
        timed = chosen.random() >= by_event
        stages.append(Stage(stage, (Kill(victim, Moment(number, when, part if timed else None)),)))
    return Plan(publisher, seed, program, server, domains, tuple(stages))
