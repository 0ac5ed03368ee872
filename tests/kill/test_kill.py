"""Each victim is killed once; ``python -m tests.kill`` has more kills, at other moments.

An engine costs two CPU seconds a start: so there are few domains, a run that is killed twice before it is healed, and
no preview after it.
"""

from pathlib import Path

import pytest

from tests.kill.draw import Kill, Moment, Plan, Stage, Victim, When
from tests.kill.life import counted, lived

DOMAINS = 5


def first_sight(victim: Victim) -> Kill:
    return Kill(victim, Moment(1, "before", 0))


def at(number: int, when: When, victim: Victim) -> Kill:
    return Kill(victim, Moment(number, when))


RFC2136 = (
    Stage("up", (first_sight("language host"), at(3, "after", "program"))),
    Stage("change", (at(4, "after", "dynamic provider"),)),
    Stage("destroy", (at(5, "before", "engine"),)),
)
CLOUDFLARE = (
    Stage("up", (first_sight("plugin"), at(6, "after", "Cloudflare's plugin"))),
    Stage("destroy", (at(7, "after", "server"),)),
)
PLANS = (
    Plan("rfc2136", 0, "python", "bind", DOMAINS, RFC2136),
    Plan("cloudflare", 0, "yaml", "the lab's API", DOMAINS, CLOUDFLARE),
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
