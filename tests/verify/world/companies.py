"""Companies' domains, each with one thing the matter, which its name says."""

from elastx_mrs.records.text import presentation
from tests.verify.namespace import BIND, KNOT, NSD, SIX, TOP
from tests.verify.scene import DKIM, DMARC, SPF, TOKEN, records
from tests.verify.world import hostile
from tests.verify.world.company import CUTTING, DEAD_SIX, NOT_LOADED, SILENT, SLOW, THREE, Company
from tests.verify.world.validated import VALIDATED

STRANGER = "elastx-mrs=" + "0" * 64
OLD_DMARC = "v=DMARC1; p=none"
OTHER_KEY = DKIM.replace("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A", "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8B")
REVOKED = "v=DKIM1; p="
MINUS_INCLUDE = "v=spf1 -include:elastx.email -all"
MINUS_IP4 = "v=spf1 -ip4:203.0.113.64/26 include:elastx.email -all"
LOOKALIKE = "v=spf1 include:elastx.email.evil.net -all"
LOOKALIKE_ONE = "v=spf1 include:e1astx.email -all"
BROKEN_TREE = "v=spf1 include:elastx.email include:broken.net -all"
BROKEN_FIRST = "v=spf1 include:broken.net include:elastx.email -all"
TAKEN = "v=DMARC1; p=quarantine; rua=mailto:dmarc@taken.net"
ANYONE = "v=DMARC1; p=quarantine; rua=mailto:dmarc@anyone.net"
UNASKED = "v=DMARC1; p=quarantine; rua=mailto:dmarc@unasking.net"


def _third_at(address: str) -> dict[str, tuple[str, ...]]:
    return {**THREE, "ns3": (address,)}


SERVERS = [
    Company("good.com"),
    Company("stale.com", instead={KNOT: records(dmarc=[OLD_DMARC], challenges=[])}),
    Company("silent.com", hosts=_third_at(SILENT)),
    Company("servfail.com", instead={NSD: NOT_LOADED}),
    Company("refused.com", instead={NSD: None}),
    # The server of com refers whoever asks it about the domain to the domain's servers, itself among them.
    Company("lame.com", hosts=_third_at(TOP)),
    Company("six.com", hosts=_third_at(SIX)),
    Company("truncating.com", hosts=_third_at(CUTTING)),
    Company("slow.com", hosts=_third_at(SLOW)),
    Company("late.com", instead={BIND: records(dmarc=[])}),
    Company("disagree.com", hosts={"ns1": (BIND, KNOT), "ns3": (NSD,)}, instead={KNOT: records(dmarc=[OLD_DMARC])}),
    Company("nsdiffer.com", parent=("ns1", "ns2")),
    Company("unreachable6.com", hosts={**THREE, "ns3": (NSD, DEAD_SIX)}),
]
"""What name servers do."""

CHILD_NS = "_domainkey NS ns.keys.net.\n"
ABOVE = {"ns1": (BIND,), "ns3": (NSD,)}
"""Not Knot, which has the zones below: it would answer for these at once, and nothing would be followed."""

RECORDS = [
    Company("child.com", records(dkim=[], more=CHILD_NS), hosts=ABOVE),
    Company("emptychild.com", records(dkim=[DKIM], more=CHILD_NS), hosts=ABOVE),
    Company("cname.com", records(dmarc=[], more="_dmarc CNAME policy.keys.net.")),
    Company("loop.com", records(dmarc=[], more="_dmarc CNAME a\na CNAME b\nb CNAME a")),
    Company("twospf.com", records(spf=[SPF, "v=spf1 include:broken.net -all"])),
    Company("minusinclude.com", records(spf=[MINUS_INCLUDE])),
    Company("minusip4.com", records(spf=[MINUS_IP4])),
    Company("lookalike.com", records(spf=[LOOKALIKE])),
    Company("e1astx.com", records(spf=[LOOKALIKE_ONE])),
    Company("broken-tree.com", records(spf=[BROKEN_TREE])),
    Company("broken-first.com", records(spf=[BROKEN_FIRST])),
    Company("twodkim.com", records(dkim=[DKIM, REVOKED])),
    Company("otherkey.com", records(dkim=[OTHER_KEY])),
    Company("revoked.com", records(dkim=[REVOKED])),
    Company("nodkim.com", records(dkim=[])),
    Company("twodmarc.com", records(dmarc=[DMARC, OLD_DMARC])),
    Company("nodmarc.com", records(dmarc=[])),
    Company("nochallenge.com", records(challenges=[])),
    Company("unknown.com", records(challenges=[TOKEN, STRANGER])),
    Company("inherit.com", records(more="\n".join(f"sub TXT {presentation(value)}" for value in (TOKEN, SPF))
                                + f"\nelastx._domainkey.sub TXT {presentation(DKIM)}")),
    Company("reports.com", records(dmarc=[TAKEN])),
    Company("wildcard.com", records(dmarc=[ANYONE])),
    Company("unasked.com", records(dmarc=[UNASKED])),
]  # fmt: skip
"""What zones say."""

SIGNED = [Company("signed.com"), Company("bogus.com")]
"""Signed, from the root down; of the second a record was changed after that."""

COMPANIES = {company.domain: company for company in (*SERVERS, *RECORDS, *SIGNED, *VALIDATED, *hostile.COMPANIES)}

UNTOLD = frozenset(
    ("stale.com", "lame.com", "late.com", "disagree.com", *(one.domain for one in (*VALIDATED, *hostile.COMPANIES)))
)
"""What a resolver says of these is a matter of luck, of which server it asks, or it takes minutes."""
