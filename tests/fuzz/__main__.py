"""The long run: ``python -m tests.fuzz --zones 100000 --seed 1``."""

import argparse
import asyncio
import re
import signal
import sys
import time
from collections import Counter

from tests.fuzz.check import check
from tests.fuzz.clock import EndlessError, Loop

SLOW = 60
"""Seconds of CPU for one world, after which it is called endless."""


def _endless(number: int, frame: object) -> None:
    raise EndlessError(f"takes over {SLOW} s of CPU")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--zones", type=int, default=1000, help="Hostile zones in all.")
    parser.add_argument("--seed", type=int, default=1, help="Of the first world; each next one has the next seed.")
    parser.add_argument("--world", type=int, default=5, help="Hostile zones side by side in one world.")
    given = parser.parse_args()
    asyncio.set_event_loop(loop := Loop())
    signal.signal(signal.SIGVTALRM, _endless)
    began, cpu, said, findings = time.monotonic(), time.process_time(), time.monotonic(), 0
    kinds: Counter[str] = Counter()
    worlds = -(-given.zones // given.world)
    for number in range(worlds):
        signal.setitimer(signal.ITIMER_VIRTUAL, SLOW)
        seed = given.seed + number
        for finding in check(seed, loop, given.world):
            findings += 1
            kind = re.sub(r"[0-9]+", "0", finding.what.strip()[-60:])
            kinds[kind] += 1
            if kinds[kind] <= 2:
                print(f"--- seed {finding.seed}: {finding.road}\n{finding.what}", flush=True)
        if time.monotonic() - said > 30 or number == worlds - 1:
            said = time.monotonic()
            done = (number + 1) * given.world
            print(
                f"{done} of {given.zones} zones, seeds {given.seed} to {seed}, {findings} findings, "
                f"{said - began:.0f} s, {1000 * (time.process_time() - cpu) / done:.1f} ms of CPU each",
                file=sys.stderr, flush=True,
            )  # fmt: skip
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
