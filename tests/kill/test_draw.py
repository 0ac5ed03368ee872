"""A seed is to give the same kills again, and a whole machine of seeds every victim."""

import pytest

from tests.kill.draw import PUBLISHERS, RECORDS, STAGES, Kill, Plan, Publisher, draw, victims

SEEDS = range(200)


def kills_of(plan: Plan) -> list[Kill]:
    return [kill for stage in plan.stages for kill in stage.kills]


@pytest.mark.parametrize("publisher", PUBLISHERS)
def test_a_seed_gives_the_same_again(publisher: Publisher) -> None:
    plans = [draw(publisher, seed) for seed in SEEDS]
    assert plans == [draw(publisher, seed) for seed in SEEDS]
    assert len(set(plans)) == len(SEEDS)


@pytest.mark.parametrize("publisher", PUBLISHERS)
def test_every_victim_dies_in_every_stage_in_which_it_runs(publisher: Publisher) -> None:
    plans = [draw(publisher, seed) for seed in SEEDS]
    for program in {plan.program for plan in plans}:
        for number, stage in enumerate(STAGES):
            killed = {plan.stages[number].kills[0].victim for plan in plans if plan.program == program}
            assert killed == set(victims(publisher, program, stage))


def test_moments_by_event_lie_within_the_changes_of_a_stage() -> None:
    kills = [kill for seed in SEEDS for kill in kills_of(draw("rfc2136", seed, by_event=1, domains=8))]
    assert all(kill.moment.part is None and 1 <= kill.moment.number <= RECORDS * 8 for kill in kills)
    assert any(kill.moment.part is not None for seed in SEEDS for kill in kills_of(draw("rfc2136", seed)))
