"""The guard's checks for the relay service: will it accept mail from the domain, once the records exist?

The rules are those of :mod:`elastx_mrs.receiver.relay`, which verification uses too.
"""

from elastx_mrs.lookup.answer import Answer, answer_of
from elastx_mrs.publish.guard.checks import Case, Check, Finding, World
from elastx_mrs.receiver import relay
from elastx_mrs.receiver.spf_tree import expand


async def include(case: Case) -> list[Finding]:
    """The service's own check of SPF may not find its include, although the record passes at receivers."""
    if case.record.kind != "spf":
        return []
    tree = await expand(case.world.ask, case.record.domain, case.record.value)
    return _told(relay.include(tree, case.world.service), f"SPF of {case.record.domain}")


async def records_of_others(case: Case) -> list[Finding]:
    """An account may send once its challenge exists, but the service also looks for SPF and DKIM.

    Those of this run have checks of their own. Others may still be published before the account sends, so they never
    stop a challenge.
    """
    domain, world = case.record.domain, case.world
    if case.record.kind != "challenge":
        return []
    found: list[Finding] = []
    if domain not in world.declared:
        tree = await expand(world.ask, domain)
        if tree.found.record is not None:
            found += _told(relay.include(tree, world.service), f"SPF of {domain}, which is not created here")
    keys = world.keys.get(domain, ())
    if keys and not any(name in world.values for name in keys):
        answers = [await _txt(world, name) for name in keys]
        found += _told(relay.key(answers, domain, world.service), f"DKIM of {domain}, which is not created here")
    return [Finding("warning", one.text) for one in found]


RELAY: tuple[Check, ...] = (include, records_of_others)
"""Before a record is created."""


def _told(missing: relay.Finding | None, what: str) -> list[Finding]:
    """Return what the service does not find; a failed look-up is a finding of another check, or of verification."""
    if missing is None or missing.verdict == "unchecked":
        return []
    return [Finding("warning" if missing.verdict == "warning" else "stop", f"{what}: {missing}")]


async def _txt(world: World, name: str) -> Answer:
    """Return the TXT records at a name by what the publisher has, so no resolver caches that there are none."""
    found = await world.existing(name)
    if found.others.get("CNAME") or found.synthesised or found.dname or found.child:
        return await world.ask(name, "TXT")
    return answer_of(name, found.txt)
