"""Third parties that mean harm, and companies whose records lead to them."""

from tests.verify.scene import DMARC, SPF, records
from tests.verify.world.company import Company

DEAD = tuple(f"127.9.{number // 100}.{number % 100 + 1}" for number in range(300))
"""Addresses with an open port that never say a word."""

ENDLESS = "127.9.9.9"
"""Answers every question with names that nobody has asked for yet."""

HOSTS = 30
"""Name servers of the zone whose servers are all dead, ten addresses each."""

NAMES = 400
"""Name servers of the zone that names so many, without an address for any of them."""

_TENTH = len(DEAD) // HOSTS


def delegations() -> str:
    """The lines of ``net``."""
    dead = "".join(
        f"dead NS ns{host}.dead\n"
        + "".join(f"ns{host}.dead A {address}\n" for address in DEAD[host * _TENTH : (host + 1) * _TENTH])
        for host in range(HOSTS)
    )
    many = "".join(f"many NS ns.n{number}.dead\n" for number in range(NAMES))
    return f"{dead}{many}endless NS ns.endless\nns.endless A {ENDLESS}\n"


HOSTILE = {
    "deadinclude.com": {"spf": "v=spf1 include:elastx.email include:dead.net -all"},
    "deadreport.com": {"dmarc": f"{DMARC} rua=mailto:dmarc@dead.net"},
    "deadkey.com": {"dkim": "key.dead.net."},
    "manykey.com": {"dkim": "key.many.net."},
    "manyinclude.com": {"spf": "v=spf1 include:elastx.email include:many.net -all"},
    "endlessinclude.com": {"spf": "v=spf1 include:elastx.email include:a.spf.endless.net -all"},
    "endlesskey.com": {"dkim": "a.cname.endless.net."},
    "endlesszone.com": {"dkim": "a.b.down.endless.net."},
}
"""By domain: what leads to whom means harm; of a key, the alias that its owner name is."""


def _company(domain: str, kinds: dict[str, str]) -> Company:
    if "dkim" in kinds:
        return Company(domain, records(dkim=[], more=f"elastx._domainkey CNAME {kinds['dkim']}"))
    return Company(domain, records(spf=[kinds.get("spf", SPF)], dmarc=[kinds.get("dmarc", DMARC)]))


COMPANIES = [_company(domain, kinds) for domain, kinds in HOSTILE.items()]
