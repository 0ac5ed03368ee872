"""2,000 domains over 400 name servers at ``ulimit -n 256``, beside no such limit: ``python -m benchmarks.descriptors``.

It takes some minutes and is no part of ``make bench``. ``DOMAINS ADDRESSES LIMIT`` are other figures.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.servers import many
from tests.verify.scene import rows
from toolchain.usage import usage

DOMAINS, ADDRESSES, LIMIT = 2_000, 400, 256
ROUNDS = 3
MOST = 1.2


def main() -> None:
    """Print both medians, wall and CPU, and the ratios."""
    domains, addresses, limit = map(int, usage(__doc__, "[DOMAINS ADDRESSES LIMIT]") or (DOMAINS, ADDRESSES, LIMIT))
    shell = shutil.which("sh") or sys.exit("there is no sh")
    with tempfile.TemporaryDirectory() as name:
        records = Path(name) / "records.json"
        records.write_text(rows(*(f"d{number:04}.example" for number in range(domains))))
        with many.running(records, addresses) as port:
            found: dict[str, list[tuple[float, float]]] = {"limited": [], "unlimited": []}
            for _ in range(ROUNDS):
                for which, first in (("limited", f"ulimit -n {limit}; "), ("unlimited", "")):
                    found[which].append(_run([shell, "-c", f'{first}exec "$0" "$@"'], port, records))
                    print(f"{which}: {found[which][-1][0]:.1f} s, {found[which][-1][1]:.1f} s of CPU", flush=True)
    for what, index in (("wall", 0), ("CPU", 1)):
        ours, other = (sorted(one[index] for one in found[which])[ROUNDS // 2] for which in ("limited", "unlimited"))
        verdict = "ok" if ours <= MOST * other else "TOO SLOW"
        told = f"{domains:,} domains over {addresses} servers, ulimit -n {limit} / unlimited, {what}"
        print(f"{told}: {ours / other:.2f} (at most {MOST:.2f}: {verdict}); {ours:.1f} s / {other:.1f} s")


def _run(shell: list[str], port: int, records: Path) -> tuple[float, float]:
    """Return wall and CPU seconds of a verification, which must pass."""
    before, began = os.times(), time.perf_counter()
    done = subprocess.run(
        [*shell, sys.executable, "-c", many.VERIFY, str(port), str(records), "all"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    json.loads(done.stdout)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - began, cpu


if __name__ == "__main__":
    main()
