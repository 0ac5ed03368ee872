"""Each victim is killed once; ``python -m tests.kill`` has more kills, at other moments.

An engine costs two CPU seconds a start: so there are few domains, two victims in one run, and no preview after it.
"""

from pathlib import Path

import pytest

from tests.kill.draw import Kill, Moment, Plan, Stage, Victim, When
from tests.kill.life import counted, lived

DOMAINS = 5


def together(number: int, when: When, *victims: Victim) -> tuple[Kill, ...]:
    """Kill several in one event, in this order: what one does after another has died, differs from machine to machine.

    The engine comes last: a run ends with it.
    """
    return tuple(Kill(victim, Moment(number, when)) for victim in victims)


RFC2136 = (
    Stage("up", together(3, "after", "language host", "program")),
    Stage("change", together(4, "after", "dynamic provider")),
    Stage("destroy", together(5, "before", "server", "engine")),
)
CLOUDFLARE = (Stage("up", together(6, "after", "plugin", "Cloudflare's plugin")),)
ROUTE53 = (Stage("up", together(6, "after", "engine")),)
OCTODNS = (Stage("up", together(2, "after", "server", "engine")),)
PLANS = (
    Plan("rfc2136", 0, "python", "bind", DOMAINS, RFC2136),
    Plan("cloudflare", 0, "yaml", "the lab's API", DOMAINS, CLOUDFLARE),
    Plan("route53", 0, "python", "the tests' API", DOMAINS, ROUTE53),
    Plan("octodns", 0, "python", "powerdns", DOMAINS, OCTODNS),
)


@pytest.mark.engine
@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.publisher)
def test_what_is_killed_is_healed_as_the_messages_say(plan: Plan, tmp_path: Path) -> None:
    for one in lived(plan, tmp_path, print, settled=counted):
        assert one.killed, f"{one.kill.victim} was not there to be killed"
        assert not one.noise


def test_every_victim_is_killed() -> None:
    killed = {kill.victim for plan in PLANS for stage in plan.stages for kill in stage.kills}
    assert killed == set(Victim.__args__)  # type: ignore[attr-defined]
