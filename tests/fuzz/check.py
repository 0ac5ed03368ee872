"""One world, all roads, and what must hold of them."""

import random
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import TypeVar

import pytest

from elastx_mrs import fault
from elastx_mrs.config.modes import Mode
from elastx_mrs.verify.result import Outcome
from tests.fuzz.clock import EndlessError, Loop
from tests.fuzz.octets import printable
from tests.fuzz.roads import Asks, Lists, Road
from tests.fuzz.world import World, answering
from tests.fuzz.zones import hostile

T = TypeVar("T")


@dataclass(frozen=True)
class Finding:
    """What did not hold.

    :param seed: of the world.
    :param what: the road, and what happened.
    """

    seed: int
    road: str
    what: str


@cache
def baseline(who: str) -> dict[str, tuple[str, str]]:
    """What verification says of the good domain where it is alone."""
    loop = Loop()
    world = World(())
    with answering(world):
        found = _said(Road(world, loop, random.Random(0)).verify(who, known=True))
    loop.close()
    assert set(dict(found.values())) <= {"pass", "unchecked"}, found
    return found


def _said(outcomes: Mapping[str, Outcome]) -> dict[str, tuple[str, str]]:
    return {check: (outcome.verdict, outcome.seen) for check, outcome in outcomes.items()}


def check(seed: int, loop: Loop, zones: int = 1) -> list[Finding]:
    """Make a world with hostile zones, take every road in it, and return what does not hold."""
    return _walked(seed, loop, zones)[0]


def printed(seed: int, loop: Loop, zones: int = 1) -> list[tuple[str, str]]:
    """Return what is printed in a world, each line with its road."""
    return _walked(seed, loop, zones)[1]


def _walked(seed: int, loop: Loop, zones: int) -> tuple[list[Finding], list[tuple[str, str]]]:
    rng = random.Random(seed)
    world = World([hostile(rng, number) for number in range(zones)])
    road = Road(world, loop, rng)
    findings = []

    def hold(name: str, walk: Callable[[], T]) -> T | None:
        try:
            return walk()
        except EndlessError as error:
            findings.append(Finding(seed, name, f"no end: {error}"))
        except Exception as error:
            findings.append(Finding(seed, name, _traced(error)))
        return None

    def contained(error: BaseException) -> str:
        findings.append(Finding(seed, "contained", _traced(error)))
        return fault.told(error)

    whose = "root" if rng.random() < 0.6 else rng.choice(("resolvers", "nameservers"))
    mode: Mode = rng.choice(("require", "warn"))
    with answering(world), pytest.MonkeyPatch.context() as patch:
        patch.setattr(fault, "contained", contained)
        known, timeout = rng.random() < 0.7, rng.choice((0.0, 0.0, 3.0))
        good = hold(f"verify {whose}", lambda: road.verify(whose, known=known, timeout=timeout))
        if good is not None and _said(good) != baseline(whose):
            findings.append(Finding(seed, f"verify {whose}", f"the good domain is judged otherwise: {_said(good)}"))
        hold(f"adopt {whose}", lambda: road.adopt(whose, [one.domain for one in world.hostile]))
        for one in world.hostile:
            hold(f"spf {whose}", partial(road.spf, whose, one.domain))
            hold(f"message {whose}", partial(road.message, whose, one.domain))
            adopted = frozenset({one.domain, f"_dmarc.{one.domain}"}) if rng.random() < 0.3 else frozenset()
            publisher = Lists(one, adopted) if rng.random() < 0.5 else Asks(world, one, adopted)
            preview = rng.random() < 0.5
            name = f"guard {whose} {type(publisher).__name__}"
            hold(name, partial(road.guard, whose, one, publisher, preview=preview, mode=mode))
    findings += [Finding(seed, name, f"prints {line[:300]!r}") for name, line in road.printed if not printable(line)]
    return findings, road.printed


def _traced(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return "".join(traceback.format_exception(error)[-9:])
