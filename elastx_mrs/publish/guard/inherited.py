"""Find the DMARC policy that a domain inherits until it gets its own record."""

from elastx_mrs.lookup.answer import Answer, answer_of
from elastx_mrs.publish.existing import CannotAskError
from elastx_mrs.publish.guard.checks import Inherited, World
from elastx_mrs.receiver.dmarc import walk
from elastx_mrs.records.dmarc_policy import strength


async def inherited(world: World, domain: str) -> Inherited | None:
    """Walk up from a domain as if it had no record (RFC 9989 §4.10).

    Names in the publisher's zones are read there, as they will be. Names above them are looked up in the DNS.

    :raises CannotAskError: if a name on the way could not be looked up.
    """

    zone = (await world.existing(domain)).zone

    async def ask(name: str, rdtype: str) -> Answer:
        if name == f"_dmarc.{domain}":
            return Answer(name, rdtype, "nxdomain")
        if name in world.declared or not name.endswith(f".{zone}"):
            return await world.ask(name, rdtype)
        return answer_of(name, [text.encode("latin-1") for text in (await world.existing(name)).served_txt])

    found = await walk(ask, domain)
    if found.failed is not None:
        step = found.failed
        raise CannotAskError(
            f"_dmarc.{step.domain}, which {domain} may inherit from, could not be looked up: {step.text}"
        )
    if (void := found.void) is not None:
        return Inherited(void.domain, "", -1, f"'{void.text}' at {void.name} {void.why}")
    applied = found.tag(exists=True)
    if applied is None or found.found is None or found.found.policy is None:
        return None
    tag, policy = applied
    return Inherited(found.found.domain, f"{tag}={policy}", strength(policy, found.found.policy.t))
