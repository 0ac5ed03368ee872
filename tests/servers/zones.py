"""Zones as a company has them: foreign TXT strings at the apex, one of octets that are no text."""

HEAD = """$TTL 3600
$ORIGIN {name}.
@ SOA ns1 hostmaster 2026010101 3600 900 604800 300
@ NS ns1
ns1 A 127.0.0.1
@ MX 10 mail
mail A 192.0.2.21
"""

ZONES = {
    "example.com": HEAD.format(name="example.com")
    + r"""@ TXT "google-site-verification=abc"
@ TXT "octets\000\127\255 and \"quotes\" and \\backslash; semicolon"
@ TXT "two strings " "of one record"
alias CNAME mail
child NS ns.child
ns.child A 127.0.0.1
""",
    # What include:elastx.email and include:_spf.google.com lead to; the networks are documentation addresses.
    "elastx.email": HEAD.format(name="elastx.email") + '@ TXT "v=spf1 ip4:192.0.2.128/25 -all"\n',
    "google.com": HEAD.format(name="google.com") + '_spf TXT "v=spf1 ip4:198.51.100.0/24 ~all"\n',
    "example.se": HEAD.format(name="example.se") + '@ TXT "MS=ms12345678"\n',
}

FOREIGN = {
    "example.com": {
        b"google-site-verification=abc": 3600,
        b'octets\x00\x7f\xff and "quotes" and \\backslash; semicolon': 3600,
        b"two strings of one record": 3600,
    },
    "example.se": {b"MS=ms12345678": 3600},
}
