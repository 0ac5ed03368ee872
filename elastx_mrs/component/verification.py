"""Verify inside ``up``, after all records were created; never in a preview."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypedDict

import pulumi
from pulumi.output import Unknown

from elastx_mrs import display
from elastx_mrs.component.engine import operation
from elastx_mrs.component.key import Key, labels
from elastx_mrs.config.environment import VERIFICATION
from elastx_mrs.config.model import Arguments
from elastx_mrs.config.modes import Mode, of_run
from elastx_mrs.config.remarks import TICKET
from elastx_mrs.extras import NotInstalledError
from elastx_mrs.lookup.vantage import Run, resolvers_at
from elastx_mrs.publish.publisher import Publisher
from elastx_mrs.publish.sdk import is_mocked
from elastx_mrs.records import RecordError, TxtRecord
from elastx_mrs.verify import plan, report
from elastx_mrs.verify.checks.published import UNDECLARED
from elastx_mrs.verify.wait import Job, wait


class Verification(TypedDict):
    """The configured domains by mode, without anything that a run changes, such as verdicts or times."""

    require: list[str]
    warn: list[str]
    off: list[str]


NAMED = 10
"""Domains that a line lists."""

Log = Callable[[str, str], None]
"""Logs one line on the component's row: ``notice``, ``warning`` or ``progress``, and the text."""


Settled = Callable[[], Awaitable[None]]


def verified(
    arguments: Arguments,
    records: Mapping[Key, TxtRecord],
    published: Callable[[Key], pulumi.Output[str]],
    log: Log,
    settled: Sequence[Settled] = (),
) -> pulumi.Output[Verification]:
    """Verify in an ``up``, after all records exist; return the same value as in a preview.

    :param records: the declared records, by their resources.
    :param published: returns the value that a resource has in the state, unknown if it was not created. It is called
        only if something is verified, because 500 unused outputs cost a second of every preview.
    :param settled: each waits until one publisher's name servers have the changes.
    :raises pulumi.RunError: if this run's mode is invalid, or an extra is missing; in previews too.
    """
    shape = _shape(arguments)
    modes = _modes(arguments)
    _check_extras(arguments, modes)
    idle = all(mode == "off" for mode in modes.values())
    if pulumi.runtime.is_dry_run() or idle or is_mocked():
        return pulumi.Output.from_input(shape)
    if os.environ.get(VERIFICATION.name) != "require" and operation() != "up":
        modes = {domain: "warn" if mode == "require" else mode for domain, mode in modes.items()}

    async def verify(values: Sequence[str | None]) -> Verification:
        await asyncio.gather(*(wait_for_servers() for wait_for_servers in settled))
        await _verify(arguments, _jobs(arguments, modes, records, dict(zip(records, values, strict=True))), modes, log)
        return shape

    # An unknown value becomes None, so this runs even after a failure. A plain apply would be skipped, and the stack
    # would pass without verification.
    known = [published(key).apply(_known, run_with_unknowns=True) for key in records]
    return pulumi.Output.all(*known).apply(verify)


def value_in_state(publisher: Publisher, resource: pulumi.CustomResource) -> pulumi.Output[str]:
    """Return the value that a resource has in the state.

    The outputs include the resource's id. A resource that was not created has an unknown id, so its value is unknown.
    """
    outputs = {
        key: value for key, value in vars(resource).items() if isinstance(value, pulumi.Output) and key[0] != "_"
    }
    return pulumi.Output.all(**outputs).apply(publisher.value_of)


def _known(value: object) -> str | None:
    return None if isinstance(value, Unknown) or value is None else str(value)


def _shape(arguments: Arguments) -> Verification:
    found: Verification = {"require": [], "warn": [], "off": []}
    for domain, settings in plan.settings(arguments).items():
        found[settings.mode].append(domain)
    return found


def _modes(arguments: Arguments) -> dict[str, Mode]:
    """Return the mode by domain: the environment's, then the domain's, then the stack's."""
    try:
        return of_run(VERIFICATION.name, os.environ, {name: own.mode for name, own in plan.settings(arguments).items()})
    except RecordError as error:
        raise pulumi.RunError(str(error)) from None


def _check_extras(arguments: Arguments, modes: Mapping[str, Mode]) -> None:
    try:
        for domain, settings in plan.settings(arguments).items():
            if modes[domain] != "off":
                resolvers_at(settings.resolvers or ())
    except NotInstalledError as error:
        raise pulumi.RunError(f"verification.resolvers: {error}") from None


def _jobs(
    arguments: Arguments, modes: Mapping[str, Mode], records: Mapping[Key, TxtRecord], values: Mapping[Key, str | None]
) -> list[Job]:
    """Return what to verify: the records in the state, which under ``--target`` differ from the declared ones."""
    held: dict[TxtRecord, list[str]] = {}
    for key, record in records.items():
        if (value := values[key]) is not None:
            held.setdefault(record, []).append(value)
    # Of two publishers of a zone, one may have the old value yet: its servers are then wrong.
    there = [replace(one, value=one.value if one.value in found else found[0]) for one, found in held.items()]
    there += arguments.by_hand()
    called = labels(records)
    missing = {called[key]: record for key, record in records.items() if values[key] is None}
    try:
        jobs = plan.jobs(arguments, there, Run.of(), {domain for domain, mode in modes.items() if mode != "off"})
    except RecordError as error:
        raise pulumi.RunError(str(error)) from None
    for job in jobs:
        own = {name: record for name, record in missing.items() if record.domain == job.expected.domain}
        kinds = frozenset(one.suffix if one.kind == "dkim" else one.kind for one in own.values())
        job.expected = replace(job.expected, left_out=tuple(own), left_out_kinds=kinds)
        job.strict = False
    return jobs


async def _verify(arguments: Arguments, jobs: Sequence[Job], modes: Mapping[str, Mode], log: Log) -> None:
    left_out = [name for job in jobs for name in job.expected.left_out]
    if left_out:
        log("warning", f"verification leaves out what this run did not create: {', '.join(left_out)}")
    log("progress", f"verifying {len(jobs)} domain{'s' if len(jobs) != 1 else ''} on their name servers …")
    await wait(jobs, lambda pending: log("progress", f"waiting for {report.missing(pending)}"))
    failed = report.failed(jobs)
    for text in report.messages(job for job in failed if modes[job.expected.domain] != "require"):
        log("warning", text)
    for note in report.notes(jobs):
        if note.kind == "warning":
            log(
                "warning",
                f"verification: {display.some(note.domains, NAMED)}: {display.visible(note.text)}. Fix: {note.fix}",
            )
    for job in jobs:
        for notice in dict.fromkeys(n for outcome in job.outcomes.values() for n in outcome.notices):
            log("notice", f"verification: {job.expected.domain}: {notice}")
    stopping = [job for job in failed if modes[job.expected.domain] == "require"]
    if stopping:
        raise pulumi.RunError("\n".join([*report.messages(stopping), *_ways_out(jobs, stopping)]))
    log("notice", f"verification: {report.summary(jobs)}")


def _ways_out(jobs: Sequence[Job], stopping: Sequence[Job]) -> list[str]:
    """Return the lines after a failure: records are kept, withdrawn ones still exist, and some are not Pulumi's."""
    by_hand = [job.expected.domain for job in stopping if any(record.external for record in job.expected.records)]
    kept = "All records are kept; the next pulumi up verifies again, and with --refresh it also restores what was "
    kept += "deleted or changed by hand."
    if len(by_hand) == len(jobs):
        kept = "Nothing was created; the next pulumi up verifies again."
    lines = [f"{kept} To continue without verification, once: {VERIFICATION}=warn"]
    if by_hand:
        named = display.some(by_hand, NAMED)
        lines.append(f"Somebody else publishes the records of {named}. To print them: {TICKET}")
    still = [
        f"{notice} at {job.expected.domain}"
        for job in jobs
        if (outcome := job.outcomes.get("challenges")) is not None
        for notice in outcome.notices
        if notice.endswith(UNDECLARED)
    ]
    if still:
        lines.append(
            "Pulumi deletes records only after the program succeeds, so withdrawn accounts may still send: "
            f"{'; '.join(still)}. To delete their records now: {VERIFICATION}=warn pulumi up"
        )
    return lines
