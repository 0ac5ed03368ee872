"""``elastx-mrs review`` of 5,000 changes, beside reading the same file with Python's own ``json.load``."""

import copy
import gc
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from elastx_mrs.records import TxtRecord, dkim, dmarc, spf
from elastx_mrs.records.challenge import challenge
from elastx_mrs.review.markdown import LIMITS, markdown
from elastx_mrs.review.preview import read
from elastx_mrs.review.report import review
from tests import golden
from toolchain.usage import part

DOMAINS = 1250
"""Of four records each."""

RUNS = 7
START = "urn:pulumi:prod::acme"
TYPE = "elastx-mrs:index:MailRelay$pulumi-python:dynamic/rfc2136:TxtRecord"
TRACE = [{"sourcePosition": f"project:///elastx_mrs/publish/rfc2136.py#{line}"} for line in range(15)]
"""Pulumi writes where in the program a resource was made, which is most of the file."""


def preview(traces: Sequence[dict[str, str]]) -> str:
    """Return a preview as Pulumi prints it, in which every record of 1,250 domains changes."""
    steps = []
    for number in range(DOMAINS):
        name = f"d{number:04}.example.com"
        steps += [_step(record, traces) for record in (
            challenge(name, "a@acme.example"),
            spf.spf(name, "v=spf1 include:elastx.email include:_spf.example.net ~all"),
            dkim.dkim(name, "elastx", golden.DKIM),
            dmarc.dmarc(name, "v=DMARC1; p=none; rua=mailto:dmarc@example.com"),
        )]  # fmt: skip
    content = {"config": {}, "steps": steps, "diagnostics": [], "duration": 1, "changeSummary": {"update": len(steps)}}
    return json.dumps(content, indent=4)


def _step(record: TxtRecord, traces: Sequence[dict[str, str]]) -> dict[str, Any]:
    name = record.resource("mail")
    inputs = {"owner": record.name, "value": record.value, "zone": "example.com", "profile": "default"}
    state = {
        "urn": f"{START}::{TYPE}::{name}", "custom": True, "type": TYPE.partition("$")[2], "inputs": inputs,
        "parent": f"{START}::elastx-mrs:index:MailRelay::mail", "stackTrace": list(traces),
    }  # fmt: skip
    old = copy.deepcopy(state)
    old["inputs"] |= {"value": {"spf": golden.SPF, "dmarc": golden.DMARC}.get(record.kind, record.value), "ttl": 300}  # type: ignore[operator]
    return {"op": "update", "urn": state["urn"], "oldState": old, "newState": state, "detailedDiff": None}


def measure(folder: Path, traces: Sequence[dict[str, str]] = TRACE) -> tuple[list[float], list[float]]:
    """Return the seconds of the review, from the file to Markdown, and those of ``json.load``, run in turn.

    :param traces: of each resource; none as other languages' programs have it.
    """
    path = folder / "preview.json"
    path.write_text(preview(traces))
    ours, other = [], []
    for _ in range(RUNS):
        started = time.perf_counter()
        with path.open() as file:
            json.load(file)
        other.append(time.perf_counter() - started)
        gc.disable()  # as the command does
        started = time.perf_counter()
        markdown(review(read(path.read_text())), LIMITS["github"])
        ours.append(time.perf_counter() - started)
        gc.enable()
    return ours, other


if __name__ == "__main__":
    part(__doc__)
