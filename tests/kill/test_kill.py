"""A few kills of each publisher's runs, from one seed; ``python -m tests.kill`` has more, and other moments."""

from pathlib import Path

import pytest

from tests.kill.draw import Publisher, draw
from tests.kill.life import lived

DOMAINS = 8
SEEDS: dict[Publisher, int] = {"rfc2136": 9, "cloudflare": 16}


@pytest.mark.engine
@pytest.mark.parametrize("publisher", SEEDS)
def test_what_is_killed_is_healed_as_the_messages_say(publisher: Publisher, tmp_path: Path) -> None:
    for one in lived(draw(publisher, SEEDS[publisher], by_event=1, domains=DOMAINS), tmp_path, print):
        assert one.killed, f"{one.kill.victim} was not there to be killed: draw another seed"
        assert not one.noise
