"""Companies whose zones are signed, or lead into signed ones, each with one thing the matter with that."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import cast

import dns.name
import dns.rdataset
import dns.rdatatype
import dns.zone
from dns.rdtypes.ANY.RRSIG import RRSIG

from elastx_mrs.records.text import presentation
from tests.servers import require
from tests.verify.namespace import BIND, signed
from tests.verify.scene import DKIM, DMARC, records
from tests.verify.world.company import Company

KEY = "elastx._domainkey"
TXT = dns.rdatatype.TXT
ISLAND = "_domainkey.island.com"

SIGNED = [
    Company("badkey.com"),
    Company("expiredsig.com"),
    Company("unsignedtxt.com"),
    Company("mismatch.com"),
    Company("badproof.com", records(dmarc=[])),
    Company("vendor.com", "".join(f"{label} TXT {presentation(DKIM)}\n" for label in ("good", "bad"))
                          + f"dmarc TXT {presentation(DMARC)}\n"),
    Company("halfsigned.com", records(dmarc=[], more="_dmarc CNAME policy.keys.net.")),
]  # fmt: skip
"""Signed, with a DS in com."""

UNSIGNED = [
    Company("togood.com", records(dkim=[], dmarc=[], more=f"{KEY} CNAME good.vendor.com.\n"
                                                          "_dmarc CNAME dmarc.vendor.com.")),
    Company("tobad.com", records(dkim=[], more=f"{KEY} CNAME way.tobad.com.\nway CNAME bad.vendor.com.")),
    Company("island.com", records(dkim=[], more="_domainkey NS ns1\n"), hosts={"ns1": (BIND,)}),
]  # fmt: skip
"""Not signed. The last one has a child zone that is, badly, with a DS that nobody can trust."""

VALIDATED = (*SIGNED, *UNSIGNED)

_Change = Callable[[dns.zone.Zone, Path], None]


def made(folder: Path, company: Company) -> tuple[str, str]:
    """Return a company's signed zone with what is the matter with it, and the data of its DS record."""
    text, digest = signed(folder / company.domain, company.domain, company.zone(company.body))
    change = _CHANGES.get(company.domain)
    if change is not None:
        zone = dns.zone.from_text(text, company.domain)
        change(zone, folder / company.domain)
        text = zone.to_text(relativize=False)
    return text, digest[:-8] + "00000000" if company.domain == "mismatch.com" else digest


def island(folder: Path) -> tuple[str, str]:
    """Return the child zone of an unsigned domain, and the line of its DS in that."""
    body = f"@ SOA ns1.island.com. h. 1 3600 900 604800 300\n@ NS ns1.island.com.\nelastx TXT {presentation(DKIM)}\n"
    text, digest = signed(folder / ISLAND, ISLAND, f"$TTL 3600\n$ORIGIN {ISLAND}.\n{body}")
    zone = dns.zone.from_text(text, ISLAND)
    _changed(zone, "elastx", TXT, _broken)
    return zone.to_text(relativize=False), f"_domainkey DS {digest}\n"


def _changed(
    zone: dns.zone.Zone, label: str, covers: dns.rdatatype.RdataType, change: Callable[[RRSIG], RRSIG]
) -> None:
    rdataset = zone.find_rdataset(dns.name.from_text(label, None), dns.rdatatype.RRSIG, covers)
    found = [rdata for rdata in rdataset if isinstance(rdata, RRSIG)]
    changed = dns.rdataset.from_rdata_list(rdataset.ttl, [change(rrsig) for rrsig in found])
    zone.replace_rdataset(dns.name.from_text(label, None), changed)


def _broken(rrsig: RRSIG) -> RRSIG:
    """One octet of a signature is another."""
    return cast(RRSIG, rrsig.replace(signature=bytes([rrsig.signature[0] ^ 1]) + rrsig.signature[1:]))


def _bad_key(zone: dns.zone.Zone, folder: Path) -> None:
    _changed(zone, KEY, TXT, _broken)


def _bad_vendor(zone: dns.zone.Zone, folder: Path) -> None:
    _changed(zone, "bad", TXT, _broken)


def _expired(zone: dns.zone.Zone, folder: Path) -> None:
    """The policy's signature is one that was good until 2024; the others are of today."""
    times = ("-s", "20240101000000", "-e", "20240201000000")
    command = [require("dnssec-signzone"), "-q", "-P", "-S", *times, "-o", "expiredsig.com", "-f", "old", "zone"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    old = dns.zone.from_text((folder / "old").read_text(), "expiredsig.com")
    rdatas = old.find_rdataset(dns.name.from_text("_dmarc", None), dns.rdatatype.RRSIG, TXT)
    (kept,) = [rdata for rdata in rdatas if isinstance(rdata, RRSIG)]
    _changed(zone, "_dmarc", TXT, lambda rrsig: kept)


def _unsigned(zone: dns.zone.Zone, folder: Path) -> None:
    zone.delete_rdataset(dns.name.from_text(KEY, None), dns.rdatatype.RRSIG, TXT)


def _bad_proofs(zone: dns.zone.Zone, folder: Path) -> None:
    """No denial of the zone can be validated."""
    for name, _ in list(zone.iterate_rdatasets(dns.rdatatype.NSEC)):
        _changed(zone, name.to_text(), dns.rdatatype.NSEC, _broken)


_CHANGES: dict[str, _Change] = {
    "badkey.com": _bad_key,
    "expiredsig.com": _expired,
    "unsignedtxt.com": _unsigned,
    "badproof.com": _bad_proofs,
    "vendor.com": _bad_vendor,
}
