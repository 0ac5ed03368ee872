"""A private Internet of four real servers: a root, its top-level domains, and companies' zones with what goes wrong.

127.0.0.5 and 127.0.0.9 are addresses on which nothing listens. BIND listens only on addresses that an interface has,
and of the loopback network that is 127.0.0.1 alone, so the others are Knot.
"""

from tests.lookup.nets import Daemon

ROOT, TOP, COMPANY, OTHER = "127.0.0.2", "127.0.0.3", "127.0.0.1", "127.0.0.6"


def _zone(name: str, servers: str, records: str) -> str:
    listed = "\n".join(f"@ NS {server}" for server in servers.split())
    soa = "@ SOA ns.invalid. hostmaster.invalid. 2026010101 3600 900 604800 300"
    return f"$TTL 3600\n$ORIGIN {name}\n{soa}\n{listed}\n{records}"


_ROOT = _zone(
    ".",
    "a.root-servers.test.",
    f"""a.root-servers.test. A {ROOT}
com. NS ns.top.com.
se. NS ns.top.com.
ns.top.com. A {TOP}
test. NS a.root-servers.test.
""",
)
_TEST = _zone("test.", "a.root-servers.test.", f"a.root-servers A {ROOT}\n")
_COM = _zone(
    "com.",
    "ns.top.com.",
    f"""ns.top A {TOP}
example NS ns1.example
example NS ns2.example
ns1.example A {COMPANY}
ns2.example A 127.0.0.5
same NS ns.top
glueless NS ns.example.se.
lame NS ns1.lame
ns1.lame A {TOP}
half NS ns1.half
half NS ns2.half
ns1.half A 127.0.0.5
ns2.half A {OTHER}
dead NS ns1.dead
ns1.dead A 127.0.0.9
loop-a NS ns.loop-b
loop-b NS ns.loop-a
unglued NS ns.unglued
aliased NS alias.example
""",
)
_SE = _zone("se.", "ns.top.com.", f"example NS ns.example\nns.example A {OTHER}\n")
_SAME = _zone("same.com.", "ns.top.com.", "inner NS ns.top.com.\n")
_INNER = _zone("inner.same.com.", "ns.top.com.", '@ TXT "inner"\n')
_EXAMPLE_COM = _zone(
    "example.com.",
    "ns1 ns2",
    f"""ns1 A {COMPANY}
ns2 A 127.0.0.5
@ TXT "v=spf1 -all"
@ TXT "two " "strings"
@ MX 10 mail
mail A 192.0.2.21
child NS ns.child
ns.child A {OTHER}
below.empty TXT "so empty.example.com exists"
alias CNAME www.example.se.
near CNAME alias
void CNAME nothing.example.se.
gone CNAME nothing
bare CNAME mail
across CNAME across.example.se.
endless CNAME e0.example.se.
refused CNAME www.example.org.
moved DNAME example.se.
*.wild CNAME mail
""",
)
_EXAMPLE_SE = _zone(
    "example.se.",
    "ns",
    f"""ns A {OTHER}
ns AAAA 2001:db8::53
www TXT "of example.se"
across CNAME across.example.com.
circle-a CNAME circle-b
circle-b CNAME circle-a
"""
    + "".join(f"e{number} CNAME e{number + 1}\n" for number in range(40)),
)
_GLUELESS = _zone("glueless.com.", "ns.example.se.", '@ TXT "glueless"\nsub NS ns.child.example.com.\n')
_CHILD = _zone("child.example.com.", "ns", f'ns A {OTHER}\n@ TXT "child"\n')
_HALF = _zone("half.com.", "ns1 ns2", f"ns1 A 127.0.0.5\nns2 A {OTHER}\n")

DAEMONS = [
    Daemon("knot", ROOT, {".": _ROOT, "test": _TEST}),
    Daemon("knot", TOP, {"com": _COM, "se": _SE, "same.com": _SAME, "inner.same.com": _INNER}),
    Daemon("bind", COMPANY, {"example.com": _EXAMPLE_COM}),
    Daemon(
        "knot",
        OTHER,
        {"example.se": _EXAMPLE_SE, "child.example.com": _CHILD, "glueless.com": _GLUELESS, "half.com": _HALF},
    ),
]
