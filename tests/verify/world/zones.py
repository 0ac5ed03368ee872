"""The zones of the whole: a signed root, its top-level domains, Elastx's own, third parties', and the companies'."""

from collections.abc import Mapping
from pathlib import Path

from elastx_mrs.records.text import presentation
from tests.verify.namespace import BIND, KNOT, NSD, ROOT, SIX, TOP, signed
from tests.verify.scene import DKIM, DMARC, TOKEN
from tests.verify.world import hostile, validated
from tests.verify.world.companies import COMPANIES, SIGNED, STRANGER

Zones = dict[str, dict[str, str]]

_SOA = "SOA ns.top. h. 1 3600 900 604800 300"
_TOPS = ("com", "email", "net", "top")
_OTHERS = {
    "elastx.email": '@ TXT "v=spf1 ip4:203.0.113.0/25 include:_spf.elastx.email -all"\n'
    '_spf TXT "v=spf1 ip4:203.0.113.128/25 ip6:2001:db8:25::/48 -all"\n',
    "e1astx.email": '@ TXT "v=spf1 ip4:198.51.100.66 -all"\n',
    "evil.net": 'elastx.email TXT "v=spf1 ip4:198.51.100.66 -all"\n',
    "broken.net": '@ TXT "v=spf1 ip4:198.51.100.300 -all"\n',
    "taken.net": '_dmarc TXT "v=DMARC1; p=none"\nreports.com._report._dmarc TXT "v=DMARC1;"\n',
    "anyone.net": '_dmarc TXT "v=DMARC1; p=none"\n*._report._dmarc TXT "v=DMARC1;"\n',
    "unasking.net": '_dmarc TXT "v=DMARC1; p=none"\n',
    "keys.net": f"ns A {KNOT}\npolicy TXT {presentation(DMARC)}\n",
}
"""What others than the companies have, on BIND and Knot."""

_CHILDREN = {
    "_domainkey.child.com": f"elastx TXT {presentation(DKIM)}\n",
    "_domainkey.emptychild.com": 'other TXT "the key in the zone above is never seen"\n',
}
"""Zones of their own at ``_domainkey``, on Knot alone."""


def _zone(name: str, body: str) -> str:
    return f"$TTL 3600\n$ORIGIN {'' if name == '.' else name}.\n@ {_SOA}\n{body}"


def _others() -> dict[str, str]:
    servers = f"@ NS ns1\n@ NS ns2\nns1 A {BIND}\nns2 A {KNOT}\n"
    return {name: _zone(name, servers + body) for name, body in _OTHERS.items()}


def _delegations(top: str) -> str:
    lines = "".join(
        f"{label} NS ns1.{label}\n{label} NS ns2.{label}\nns1.{label} A {BIND}\nns2.{label} A {KNOT}\n"
        for label in (name.removesuffix(f".{top}") for name in _OTHERS if name.endswith(f".{top}"))
    )
    return f"@ NS ns.top.\n{lines}" + (hostile.delegations() if top == "net" else "")


def _signed_companies(folder: Path) -> tuple[dict[str, str], str]:
    """The signed companies' zones, and the DS records of these."""
    zones, digests = {}, ""
    for company in SIGNED:
        text = company.zone(company.body)
        if company.domain == "bogus.com":
            text, digest = signed(folder / company.domain, company.domain, text.replace(TOKEN, STRANGER))
            text = text.replace(STRANGER, TOKEN)
        else:
            text, digest = signed(folder / company.domain, company.domain, text)
        zones[company.domain] = text
        digests += f"{company.domain.removesuffix('.com')} DS {digest}\n"
    for company in validated.SIGNED:
        zones[company.domain], digest = validated.made(folder, company)
        digests += f"{company.domain.removesuffix('.com')} DS {digest}\n"
    return zones, digests


def zones(folder: Path) -> tuple[Zones, str]:
    """Return every server's zones, and the data of the root's DS record; keys are made in the folder."""
    ready, digests = _signed_companies(folder)
    delegations = "".join(company.delegation() for company in COMPANIES.values())
    com, digest = signed(folder / "com", "com", _zone("com", f"@ NS ns.top.\n{delegations}{digests}"))
    names = "".join(f"{top} NS ns.top.\n" for top in _TOPS)
    root = f"@ NS a.root.\na.root. A {ROOT}\nns.top. A {TOP}\n{names}com DS {digest}\n"
    root, digest = signed(folder / "root", ".", _zone(".", root))
    tops = {"com": com} | {top: _zone(top, _delegations(top)) for top in _TOPS if top != "com"}
    tops["top"] += f"ns A {TOP}\n"
    island, island_digest = validated.island(folder)
    ready["island.com"] = COMPANIES["island.com"].zone(COMPANIES["island.com"].body + island_digest)
    children = {name: _zone(name, "@ NS ns.keys.net.\n" + body) for name, body in _CHILDREN.items()}
    return {
        "root": {".": root},
        "top": tops,
        "bind": _companies(BIND, ready) | _others() | {validated.ISLAND: island},
        "knot": _companies(KNOT, ready) | _others() | children,
        "nsd": _companies(NSD, ready),
        "six": _companies(SIX, ready),
    }, digest


def _companies(address: str, ready: Mapping[str, str]) -> dict[str, str]:
    found = {name: company.at(address) for name, company in COMPANIES.items()}
    return {name: ready.get(name, text) for name, text in found.items() if text is not None}
