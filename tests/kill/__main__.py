"""``python -m tests.kill --kills 40 --seed 1``: stacks with a kill in each stage of their lives, and the figures."""

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.kill.draw import BY_EVENT, PUBLISHERS, STAGES, Publisher, draw
from tests.kill.life import WHOLE_RUN, Happened, LifeError, lived


def main() -> int:
    """Run until there have been that many kills per publisher; exit with 1 where any was not healed."""
    options = _options()
    failures: list[str] = []
    for publisher in options.publisher or PUBLISHERS:
        happened, failed = _lives(publisher, options)
        failures += failed
        _figures(publisher, happened, len(failed))
    return 1 if failures else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.kill", description=__doc__)
    parser.add_argument("--kills", type=int, default=40, help="per publisher; rounded up to whole lives")
    parser.add_argument("--seed", type=int, default=1, help="of the first life; each further one has the next")
    parser.add_argument("--publisher", action="append", choices=PUBLISHERS, help="all unless given")
    parser.add_argument("--by-event", type=float, default=BY_EVENT, help="the part of moments that are events")
    parser.add_argument("--lasts", type=float, default=WHOLE_RUN, help="seconds in which moments by time fall")
    return parser.parse_args()


def _lives(publisher: Publisher, options: argparse.Namespace) -> tuple[list[Happened], list[str]]:
    happened: list[Happened] = []
    failures: list[str] = []
    for seed in range(options.seed, options.seed + -(-options.kills // len(STAGES))):
        plan = draw(publisher, seed, options.by_event)
        with tempfile.TemporaryDirectory(prefix="elastx-mrs-kill-", ignore_cleanup_errors=True) as folder:
            try:
                happened += lived(plan, Path(folder), lambda line: print(line, flush=True), options.lasts)
            except LifeError as error:
                failures.append(str(error))
                print(f"FAILED {error}", flush=True)
    return happened, failures


def _figures(publisher: str, happened: list[Happened], failures: int) -> None:
    killed = [one for one in happened if one.killed]
    print(f"\n{publisher}: {len(killed)} kills healed, {len(happened) - len(killed)} missed, {failures} lives failed")
    for victim in sorted({one.kill.victim for one in killed}):
        ways = Counter(", ".join(one.steps) for one in killed if one.kill.victim == victim)
        print(f"  {victim}: {sum(ways.values())}")
        for steps, times in ways.most_common():
            print(f"    {times} x {steps}")


if __name__ == "__main__":
    sys.exit(main())
