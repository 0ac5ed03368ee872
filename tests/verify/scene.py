"""Companies' zones below a private root, each with one thing that is wrong: delegation is real, nothing is bypassed.

BIND has 127.0.0.1, Knot the other addresses. 127.0.0.9 is an address on which nothing listens; 127.0.0.14 is free for
a server that a test makes.
"""

import json
from collections.abc import Sequence
from dataclasses import replace

from elastx_mrs.lookup.question import Server
from elastx_mrs.lookup.vantage import Who
from elastx_mrs.records import TxtRecord
from elastx_mrs.records.text import presentation
from elastx_mrs.verify.expected import Expected
from elastx_mrs.verify.wait import Job, wait
from tests import golden
from tests.lookup.nets import Daemon

ROOT, TOP, ONE, TWO, DEAD, ODD = "127.0.0.2", "127.0.0.3", "127.0.0.1", "127.0.0.12", "127.0.0.9", "127.0.0.14"

# echo -n user@domain.com | sha256sum, as the service's page has it
TOKEN = golden.TOKEN
SPF, DMARC, DKIM = "v=spf1 include:elastx.email -all", "v=DMARC1; p=quarantine; adkim=r; aspf=r;", golden.DKIM


def records(
    spf: Sequence[str] = (SPF,),
    dkim: Sequence[str] = (DKIM,),
    dmarc: Sequence[str] = (DMARC,),
    challenges: Sequence[str] = (TOKEN,),
    more: str = "",
) -> str:
    """A zone's records, each kind as often as it is given."""
    lines = [f"@ TXT {presentation(value)}" for value in (*challenges, *spf)]
    lines += [f"elastx._domainkey TXT {presentation(value)}" for value in dkim]
    lines += [f"_dmarc TXT {presentation(value)}" for value in dmarc]
    return "\n".join([*lines, more, ""])


def zone(name: str, body: str, servers: str = "ns1 ns2", serial: int = 1) -> str:
    """A zone with its SOA and NS records; ns1 and ns2 are BIND and Knot."""
    listed = "\n".join(f"@ NS {server}" for server in servers.split())
    soa = f"@ SOA ns1.{name}. hostmaster.{name}. {serial} 3600 900 604800 300"
    return f"$TTL 3600\n$ORIGIN {name}.\n{soa}\n{listed}\nns1 A {ONE}\nns2 A {TWO}\n{body}"


LARGE = "\n".join(f'@ TXT "some-verification={number:080d}"' for number in range(40))
"""Strings of others at a domain, so many that its answer needs TCP."""

ZONES = {
    "good.com": records(more='@ TXT "google-site-verification=abc"'),
    "unproved.com": records(challenges=[]),
    "stranger.com": records(challenges=[TOKEN, "elastx-mrs=" + "0" * 64]),
    "twospf.com": records(spf=[SPF, "v=spf1 include:_spf.google.com ~all"]),
    "nospf.com": records(spf=[]),
    "minus.com": records(spf=["v=spf1 -include:elastx.email -all"]),
    "tilde.com": records(spf=["v=spf1 ~include:elastx.email ~all"]),
    "question.com": records(spf=["v=spf1 ?include:elastx.email ~all"]),
    "before.com": records(spf=["v=spf1 -ip4:203.0.113.64/26 include:elastx.email -all"]),
    "lookalike.com": records(spf=["v=spf1 include:elastx.email.evil.com -all"]),
    "late-all.com": records(spf=["v=spf1 -all include:elastx.email"]),
    "third.com": records(spf=["v=spf1 include:elastx.email include:twospf.com -all"]),
    "first.com": records(spf=["v=spf1 include:twospf.com include:elastx.email -all"]),
    "own-ip.com": records(spf=["v=spf1 ip4:203.0.113.0/24 ip6:2001:db8:25::/48 -all"]),
    "one-down.com": records(spf=["v=spf1 include:good.com -all"]),
    "two-down.com": records(spf=["v=spf1 include:one-down.com -all"]),
    "redirected.com": records(spf=["v=spf1 redirect=good.com"]),
    "spelled.com": records(spf=["v=spf1 include:ELASTX.email. -all"]),
    "own-key.com": records(dkim=[], more=f"s1._domainkey TXT {presentation(DKIM)}"),
    "large.com": records(more=LARGE),
    "large-typo.com": records(challenges=[TOKEN.upper()], more=LARGE),
    "otherkey.com": records(dkim=[golden.DKIM.replace("MIIBIjAN", "MIIBIjAO")]),
    "twokeys.com": records(dkim=[DKIM, "v=DKIM1; p="]),
    "nokey.com": records(dkim=[]),
    "revoked.com": records(dkim=["v=DKIM1; p="]),
    "twodmarc.com": records(dmarc=[DMARC, "v=DMARC1; p=none"]),
    "nodmarc.com": records(dmarc=[]),
    "reports.com": records(dmarc=["v=DMARC1; p=none; rua=mailto:a@one.se,mailto:a@wild.se"]),
    "unasked.com": records(dmarc=["v=DMARC1; p=none; rua=mailto:a@good.com"]),
    "cname.com": records(dmarc=[], more="_dmarc CNAME _dmarc.good.com."),
    "loop.com": records(dmarc=[], more="_dmarc CNAME a\na CNAME b\nb CNAME a"),
    "child.com": records(dkim=[], more="_domainkey NS ns.child.se.\n"),
    "inherits.com": records(more="news TXT " + presentation(SPF) + f'\nnews TXT "{TOKEN}"'),
    "deadone.com": records(),
    "dead.com": records(),
    "lame.com": records(),
    "differ.com": records(),
    "odd.com": records(),
    "behind.com": records(),
}
STALE = {"behind.com": records(dkim=[], dmarc=["v=DMARC1; p=none"])}
NOT_ON_TWO = {"lame.com"}


def _delegation(name: str) -> str:
    label = name.removesuffix(".com")
    second = {"dead.com": DEAD, "odd.com": ODD}.get(name, TWO)
    more = f"ns2.{label} A {DEAD}\n" if name == "deadone.com" else ""
    servers = f"{label} NS ns1.{label}\n" + ("" if name == "differ.com" else f"{label} NS ns2.{label}\n")
    return f"{servers}ns1.{label} A {ONE}\nns2.{label} A {second}\n{more}"


def _top(name: str, body: str) -> str:
    return f"$TTL 3600\n$ORIGIN {name}.\n@ SOA ns.top. host.top. 1 3600 900 604800 300\n@ NS ns.top.\n{body}"


_ROOT = f"""$TTL 3600
$ORIGIN .
@ SOA a.root. host.root. 1 3600 900 604800 300
@ NS a.root.
a.root. A {ROOT}
com. NS ns.top.
se. NS ns.top.
email. NS ns.top.
top. NS ns.top.
ns.top. A {TOP}
"""
_COM = _top("com", "".join(_delegation(name) for name in ZONES))
_SE = _top(
    "se",
    f"child NS ns.child\nns.child A {TWO}\none NS ns.child\nwild NS ns.child\n",
)
_EMAIL = _top("email", f"elastx NS ns1.elastx\nns1.elastx A {ONE}\nelastx NS ns2.elastx\nns2.elastx A {TWO}\n")
_ELASTX = zone(
    "elastx.email",
    '@ TXT "v=spf1 include:_spf.elastx.email ip6:2001:db8:25::/48 -all"\n_spf TXT "v=spf1 ip4:203.0.113.0/24 ~all"\n',
)


def _served(names: dict[str, str]) -> dict[str, str]:
    return {name: zone(name, body, serial=2) for name, body in names.items()}


_BIND = _served(ZONES) | {"elastx.email": _ELASTX}
_KNOT = {
    **{name: text for name, text in _served(ZONES).items() if name not in NOT_ON_TWO},
    **{name: zone(name, body, serial=1) for name, body in STALE.items()},
    "elastx.email": _ELASTX,
    "child.se": _top("child.se", "").replace("@ NS ns.top.", "@ NS ns") + f"ns A {TWO}\n",
    "one.se": zone("one.se", '_dmarc TXT "v=DMARC1; p=none"\nreports.com._report._dmarc TXT "v=DMARC1;"\n', "ns2"),
    "wild.se": zone("wild.se", '*._report._dmarc TXT "v=DMARC1"\n', "ns2"),
    "_domainkey.child.com": zone("_domainkey.child.com", f"elastx TXT {presentation(DKIM)}\n", "ns.child.se."),
}
DAEMONS = [
    Daemon("knot", ROOT, {".": _ROOT}),
    Daemon("knot", TOP, {"com": _COM, "se": _SE, "email": _EMAIL, "top": _top("top", f"ns A {TOP}\n")}),
    Daemon("bind", ONE, _BIND),
    Daemon("knot", TWO, _KNOT),
]


def declared(domain: str, **kinds: str) -> Expected:
    """What is expected of a domain: the four records, some of them otherwise; ``""`` for somebody else's."""
    values = {"challenge": TOKEN, "spf": SPF, "dkim": DKIM, "dmarc": DMARC} | kinds
    owners = {"dkim": f"elastx._domainkey.{domain}", "dmarc": f"_dmarc.{domain}"}
    found = [
        TxtRecord(domain, kind, owners.get(kind, domain), value)  # type: ignore[arg-type]
        for kind, value in values.items()
        if value
    ]
    return Expected(domain, tuple(found))


def rows(*domains: str, **kinds: str) -> str:
    """Return the declared records of domains as ``elastx-mrs records --format json`` prints them."""
    return json.dumps(
        [
            {"domain": r.domain, "kind": r.kind, "name": r.name, "value": r.value, "ttl": r.ttl}
            for domain in domains
            for r in declared(domain, **kinds).records
        ]
    )


def who(port: int, **more: object) -> Who:
    return replace(Who(root_hints=(Server(ROOT, port),), resolvers=()), **more)  # type: ignore[arg-type]


async def looked_at(expected: Expected, who: Who, timeout: float = 0.0) -> Job:
    job = Job(expected, who, timeout)
    await wait([job], lambda pending: None)
    return job
