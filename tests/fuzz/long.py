"""The long run of a fuzzer of readers, by hand."""

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Mapping


def run(
    module: str, about: str | None, readers: Mapping[str, object], check: Callable[[str, int], Iterable[str]]
) -> int:
    """Give the reader that the command line names one input after the other; return the exit code.

    :param check: gives a reader the input of a seed; yields what does not hold.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=about)
    parser.add_argument("reader", choices=sorted(readers))
    parser.add_argument("--seconds", type=float, default=600, help="How long.")
    parser.add_argument("--seed", type=int, default=1, help="Of the first input; each next one has the next seed.")
    given = parser.parse_args()
    began, cpu, seed, findings, slowest = time.monotonic(), time.process_time(), given.seed, 0, (0.0, 0)
    while time.monotonic() - began < given.seconds:
        before = time.process_time()
        for finding in check(given.reader, seed):
            findings += 1
            print(f"--- seed {seed}: {finding}", flush=True)
        slowest = max(slowest, (time.process_time() - before, seed))
        seed += 1
    print(
        f"{given.reader}: {seed - given.seed} inputs, seeds {given.seed} to {seed - 1}, {findings} findings, "
        f"{time.monotonic() - began:.0f} s, {time.process_time() - cpu:.0f} s of CPU; the slowest took "
        f"{slowest[0]:.2f} s of CPU (seed {slowest[1]})",
        file=sys.stderr,
    )
    return 1 if findings else 0
