"""Find the records that a wildcard gives a host name today, and that its first own record ends (RFC 4592 §3.3.1)."""

from elastx_mrs.adopt.adopted import Adopted
from elastx_mrs.lookup.answer import Ask
from elastx_mrs.lookup.wildcard import synthesised
from elastx_mrs.records.dmarc_policy import is_dmarc
from elastx_mrs.records.kinds import is_for_service_name
from elastx_mrs.records.spf_terms import is_spf
from elastx_mrs.records.text import presentation


async def name_losses(ask: Ask, adopted: Adopted) -> None:
    """Report what would vanish at the domain, and at each name above it that begins to exist with it."""
    name = adopted.domain
    while "." in name and await synthesised(ask, name):
        lost = await _lost(ask, name, own=name == adopted.domain)
        if lost:
            why = "has only a wildcard's answers, and they end with the first record there (RFC 4592 §3.3.1)"
            adopted.faults.append(f"{name} {why}; add first what would vanish: {'; '.join(lost)}")
        name = name.partition(".")[2]


async def _lost(ask: Ask, name: str, *, own: bool) -> list[str]:
    """Return the records to add, as lines of a zone file. For a wildcard CNAME, these are its target's records.

    :param own: whether the config gives the name its own SPF and DMARC, which replace the wildcard's.
    """
    lines = []
    for rdtype in ("A", "AAAA", "MX"):
        lines += [f"{name}. {rdtype} {rdata}" for rdata in sorted(map(str, (await ask(name, rdtype)).rdatas))]
    for value in sorted((await ask(name, "TXT")).texts()):
        if not (is_for_service_name(value) or (own and is_spf(value))):
            lines.append(f"{name}. TXT {presentation(value)}")
    if not own:
        policies = (await ask(f"_dmarc.{name}", "TXT")).texts()
        lines += [f"_dmarc.{name}. TXT {presentation(value)}" for value in sorted(policies) if is_dmarc(value)]
    return lines
