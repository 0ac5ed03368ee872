"""What a zone's list says of a name, as name servers would answer from it (RFC 1034 §4.3.2, RFC 4592)."""

import pytest

from elastx_mrs.publish.existing import Existing
from elastx_mrs.publish.listing import Listed, Listing

ZONE = "example.com"
LISTING = Listing(
    ZONE,
    [
        Listed(ZONE, "TXT", b"v=spf1 -all"),
        Listed(ZONE, "MX", "10 mail.example.com"),
        Listed(ZONE, "NS", "ns1.example.net"),
        Listed(ZONE, "CNAME", "flattened.example.net"),
        Listed("alias.example.com", "CNAME", "mail.example.com"),
        Listed("child.example.com", "NS", "ns1.example.net"),
        Listed("dn.example.com", "DNAME", "example.net"),
        Listed("*.wild.example.com", "MX", "10 mail.example.com"),
        Listed("*.wild.example.com", "TXT", b"v=spf1 \x07"),
        Listed("x.there.wild.example.com", "A", "192.0.2.1"),
        Listed("*.example.com", "A", "192.0.2.77"),
    ],
)
WILD = {"MX": ["10 mail.example.com"], "TXT": ["v=spf1 \\007"]}


@pytest.mark.parametrize(
    ("owner", "found"),
    [
        (ZONE, Existing(ZONE, ZONE, (b"v=spf1 -all",), {"MX": ["10 mail.example.com"]})),
        ("alias.example.com", Existing("alias.example.com", ZONE, (), {"CNAME": ["mail.example.com"]})),
        ("_dmarc.child.example.com", Existing("_dmarc.child.example.com", ZONE, child="child.example.com")),
        ("child.example.com", Existing("child.example.com", ZONE, child="child.example.com")),
        ("a.dn.example.com", Existing("a.dn.example.com", ZONE, dname=("dn.example.com", "example.net"))),
        ("dn.example.com", Existing("dn.example.com", ZONE)),
        ("a.wild.example.com", Existing("a.wild.example.com", ZONE, synthesised=WILD)),
        ("b.a.wild.example.com", Existing("b.a.wild.example.com", ZONE, synthesised=WILD)),
        ("there.wild.example.com", Existing("there.wild.example.com", ZONE)),
        ("y.there.wild.example.com", Existing("y.there.wild.example.com", ZONE)),
        ("new.example.com", Existing("new.example.com", ZONE, synthesised={"A": ["192.0.2.77"]})),
        ("wild.example.com", Existing("wild.example.com", ZONE)),
    ],
)
def test_what_is_at_a_name(owner: str, found: Existing) -> None:
    assert LISTING.existing(owner) == found
