"""Write the config that keeps a domain's DMARC policy, its own or an inherited one."""

from elastx_mrs.adopt.adopted import Adopted
from elastx_mrs.adopt.judged import Judgement, judged_dmarc
from elastx_mrs.adopt.place import Place
from elastx_mrs.display import all_quoted, show
from elastx_mrs.lookup.answer import Ask
from elastx_mrs.receiver.dmarc import Step, walk
from elastx_mrs.records import RecordError, dmarc
from elastx_mrs.records.dmarc_policy import Policy, is_dmarc, read, tags
from elastx_mrs.records.near_miss import near_miss, reordered
from elastx_mrs.records.text import as_text
from elastx_mrs.service import Service

_OLD_TAGS = ("pct", "rf", "ri")
"""Tags that only receivers of RFC 7489 read. A copy keeps them, so its meaning stays the same for all receivers."""


async def keep(ask: Ask, adopted: Adopted, place: Place, service: Service) -> None:
    """Keep the policy that applies to the domain."""
    if place.elsewhere:
        await _elsewhere(ask, adopted, place, service)
        return
    judgement = None
    values = place.answer.texts()
    records = [value for value in values if is_dmarc(value)]
    if len(records) > 1:
        listed = all_quoted(records)
        fault = f"{place.owner} has {len(records)} DMARC records, and receivers then use none (RFC 9989 §4.10)"
        adopted.faults.append(f"{fault}: {listed}; keep one, and run this again")
    elif records:
        _own(adopted, place, records[0])
    else:
        judgement = await _inherited(ask, adopted, place, service)
        _misspelt(adopted, place)
    if "record" in adopted.config.get("dmarc", {}):
        (judgement or await _judged(ask, adopted, service)).tell(adopted, place.owner)


async def _elsewhere(ask: Ask, adopted: Adopted, place: Place, service: Service) -> None:
    """Leave the record to its current publisher, and report what receivers find there."""
    adopted.config["dmarc"] = {"external": True}
    where = f"{place.owner} {place.elsewhere}"
    if place.circle:
        adopted.faults.append(f"{where}, and its CNAMEs lead in a circle; {_REMOVE}")
        return
    found = [value for value in place.answer.texts() if is_dmarc(value)]
    said = all_quoted(found) or "no DMARC record"
    if place.answer.status == "failed":
        said = "unknown, because DNS did not answer"
    adopted.changes.append(f"{where}: its policy stays there (external: true), which is {said}")
    judgement = await judged_dmarc(ask, adopted.domain, None, service)
    if judgement.wrong and not found:
        judgement = Judgement((f"{place.elsewhere}, where there is no DMARC record; {_REMOVE}",), judgement.unasked)
    judgement.tell(adopted, place.owner)


def _own(adopted: Adopted, place: Place, value: bytes) -> None:
    """Keep the one record at the name, or a wildcard's answer there."""
    text = as_text(value)
    record, problems = _declarable(text)
    if record is None:
        correct = "correct it there, and run this again"
        adopted.faults += [f"{place.owner}: its record '{show(value)}' {problem}; {correct}" for problem in problems]
        return
    adopted.config["dmarc"] = {"record": record}
    same = "stays as it is" if record == text else f"'{show(value)}' becomes '{record}', with the same meaning"
    if place.wildcard:
        same = f"'{show(value)}' is a wildcard's (RFC 4592): the domain gets its own record, '{record}'"
    else:
        adopted.own(place.owner)
    adopted.changes.append(f"{place.owner} {same}")


def _declarable(text: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the record in a form that can be declared, with the same meaning; otherwise None, and the reasons."""
    try:
        return dmarc.whole_record(text), ()
    except RecordError as error:
        problems = error.problems
    try:
        other = dmarc.whole_record(reordered(text))
    except RecordError:
        return None, problems
    return (other, ()) if read(other) == read(text) else (None, problems)


async def _inherited(ask: Ask, adopted: Adopted, place: Place, service: Service) -> Judgement | None:
    """Copy an inherited policy, because the domain's own record would replace it (RFC 9989 §4.10).

    :return: the judgement of the record in the config; None without one.
    """
    walked = await walk(ask, adopted.domain)
    if (step := walked.failed) is not None:
        adopted.unasked.append(f"_dmarc.{step.domain}, from which {adopted.domain} may inherit: {step.text}")
    if (void := walked.void) is not None and void.domain != adopted.domain:
        none = f"inherits no DMARC policy: '{void.text}' at {void.name} {void.why}, so receivers apply no DMARC"
        adopted.changes.append(f"{adopted.domain} {none}; correct it there too")
    applied, above = walked.tag(exists=True), walked.found
    if applied is None or above is None or above.policy is None or above.domain == adopted.domain:
        return None
    record = _copied(above, above.policy, applied[1])
    said = f"{adopted.domain} inherits {'='.join(applied)} from _dmarc.{above.domain}, '{above.text}'"
    adopted.config["dmarc"] = {"record": record}
    judgement = await _judged(ask, adopted, service)
    if judgement.wrong and not (await judged_dmarc(ask, adopted.domain, None, service)).wrong:
        adopted.config["dmarc"] = {"external": True}
        why = f"its own record would fail: {judgement.wrong[0]}"
        adopted.changes.append(f"{place.owner}: {said}, and continues to (external: true); {why}")
        return None
    adopted.changes.append(f"{place.owner}: {said}; its own record keeps that, '{record}'")
    return judgement


def _copied(above: Step, policy: Policy, applied: str) -> str:
    """Return the domain's own record with the policy that it inherits."""
    published = tags(above.text)
    alignment = {tag: policy.effective(tag) for tag in ("adkim", "aspf") if policy.effective(tag) != "r"}
    reports = {tag: ",".join(getattr(policy, tag)) for tag in ("rua", "ruf") if getattr(policy, tag)}
    others = {"fo": policy.fo if policy.fo != "0" else "", "t": "y" if policy.t == "y" else ""}
    old = {tag: published.get(tag, "") for tag in _OLD_TAGS}
    return dmarc.from_tags({"p": applied} | alignment | reports | {k: v for k, v in (others | old).items() if v})


def _misspelt(adopted: Adopted, place: Place) -> None:
    """Report strings that were meant as DMARC. If no policy applies today, put the only one into the config."""
    values = place.answer.texts()
    missed = [(value, found) for value in values if not is_dmarc(value) if (found := near_miss("dmarc", value))]
    for value, found in missed:
        fault = f"{place.owner} has '{show(value)}', which receivers do not read as DMARC: it {found.problem}"
        record = None
        if "dmarc" not in adopted.config and len(missed) == 1 and found.repaired:
            record = _declarable(found.repaired)[0]
        if record is None:
            adopted.faults.append(f"{fault}; remove it, and write under dmarc what was meant")
            continue
        adopted.config["dmarc"] = {"record": record}
        meant = f"the config above publishes what was meant, '{record}': check it, and remove that string"
        adopted.faults.append(f"{fault}; {meant}")


async def _judged(ask: Ask, adopted: Adopted, service: Service) -> Judgement:
    record = dmarc.dmarc(adopted.domain, adopted.config["dmarc"]["record"])
    return await judged_dmarc(ask, adopted.domain, record, service)


_REMOVE = "remove the CNAME to publish a policy here, or have one published at its target"
