"""A company's zones before it uses the relay: TXT, MX and NS records, but no mail policy."""

from collections.abc import Mapping

from elastx_mrs.service import ELASTX

_HEAD = """\
$TTL 3600
@ SOA ns1 hostmaster 2026010101 3600 900 604800 300
@ NS ns1
@ NS ns2
ns1 A 127.0.0.1
ns2 A 127.0.0.1
"""

SAMPLES: Mapping[str, str] = {
    "example.com": _HEAD
    + """\
@ A 192.0.2.10
@ AAAA 2001:db8::10
@ MX 1 smtp.google.com.
@ TXT "google-site-verification=Zx8sample0verification0string0of0nobody00000"
@ TXT "MS=ms12345678"
@ TXT "facebook-domain-verification=0sample0sample0sample0sample00"
www A 192.0.2.10
www AAAA 2001:db8::10
shop A 192.0.2.11
""",
    "example.se": _HEAD
    + """\
@ A 192.0.2.20
@ AAAA 2001:db8::20
@ MX 10 mail
@ TXT "google-site-verification=Qy7sample0verification0string0of0nobody00000"
@ TXT "MS=ms87654321"
mail A 192.0.2.21
www A 192.0.2.20
www AAAA 2001:db8::20
""",
    # The target of the relay's SPF include; the networks are documentation addresses, not the relay's own.
    ELASTX.spf_host: _HEAD
    + """\
@ TXT "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"
smtp A 192.0.2.25
""",
    # A stub of the real zone, which the company's MX and mail policy refer to.
    "google.com": _HEAD
    + """\
_spf TXT "v=spf1 ip4:198.51.100.0/24 ~all"
smtp A 198.51.100.5
""",
}


def sample(name: str) -> str:
    """Return a zone for a name of the user's choice, as a master file without a mail policy."""
    return (
        _HEAD
        + f"""\
@ A 192.0.2.30
@ AAAA 2001:db8::30
@ MX 10 mail
@ TXT "google-site-verification=sample-of-{name[:100]}"
mail A 192.0.2.31
www A 192.0.2.30
"""
    )
