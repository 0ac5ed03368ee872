"""Values of TXT records that are nearly SPF, DMARC, DKIM keys and challenges, or rubbish."""

import base64
import random
from collections.abc import Sequence

from tests import golden
from tests.fuzz import wire
from tests.fuzz.octets import HUGE, ODD, key, mutated

NAMES = (
    "elastx.email", "_spf.elastx.email", "good.com", "_dmarc.good.com", "nowhere.com", "x", "com", "a..b", ".", "-",
    "@",
    "localhost", "1.2.3.4", "xn--a", "xn--bcher-kva.com", "*.good.com", "a\\.b.good.com", "\\000.good.com",
    "\\300.good.com",
    "good.com\\", "[192.0.2.1]", "A" * 63 + ".com", "a" * 64 + ".com", "a." * 125 + "com",
    "_dmarc." + "b." * 123 + "com",
    "%{d}", "%{i}.%{d}", "%{ir}.%{v}._spf.%{d2}", "%{p}.good.com", "%{l}.%{o}", "%{S}.%{h}", "%{d99999999999}",
    "%{d0}", "%{x}", "%%.%_%-.com", "%{d", "%{d1r.-+,/_=}.com", "%{L9}",
)  # fmt: skip
NUMBERS = (
    "0",
    "00",
    "1",
    "-1",
    "08",
    "24",
    "32",
    "33",
    "64",
    "128",
    "129",
    "99999999999999999999",
    "4" * 5000,
    "\u0664",
    "",
)
ADDRESSES = (
    "192.0.2.1", "203.0.113.0/24", "0.0.0.0/0", "1.2.3", "256.1.1.1", "1.2.3.4.5", "01.2.3.4", "::", "::/0",
    "2001:db8::/33",
    "fe80::1%eth0", "::ffff:192.0.2.1", ":::", "2001:db8::1/129", "1" * 300,
)  # fmt: skip
URIS = (
    "mailto:d@good.com", "mailto:d@elastx.email!10m", "mailto:", "mailto:@", "d@good.com", "https://x.com/",
    "mailto:a@" + "r." * 126 + "com",
    "mailto:a%40b@good.com", "mailto:a@x%00.com", "mailto:a@\xe5.com", "mailto:a@.", "mailto:a@a..b",
    "mailto:%ff@%ff.com", "mailto:a@[1.2.3.4]",
    "mailto:a@xn--a.com", "mailto:a@-x.com", "mailto:a@good.com?subject=%{d}", "mailto:a@_x.com",
    "mailto:a@good.com.", "mailto:a@x\\.good.com",
)  # fmt: skip
AROUND = ("", "", "", " ", "  ", "\t", "\0", "\n", "'", '"')


def value(rng: random.Random, own: Sequence[str]) -> bytes:
    """One value; ``own`` are names that lead back into the zone."""
    kind = rng.choice((spf, spf, spf, dmarc, dmarc, dkim, dkim, challenge, junk))
    text = kind(rng, own)
    octets = text.encode("latin-1", "replace") if rng.random() < 0.5 else text.encode("utf-8", "surrogatepass")
    while rng.random() < 0.25:
        octets = mutated(rng, octets)
    return octets[:65000]


def strings(rng: random.Random, octets: bytes) -> bytes:
    """The RDATA of a TXT record with that value, cut as nobody would."""
    how, most = rng.randrange(20), 9000 if rng.random() < HUGE else 90
    if how == 0:
        return wire.strings(*(octets[at : at + 1] for at in range(min(len(octets), most))))
    if how == 1:
        return wire.strings(b"", *([octets[:255], b"", octets[255:510]] * rng.choice((1, 1, 20))), b"")
    if how == 2:
        return wire.strings(*([b""] * rng.choice((1, 2, most // 2))))
    if how == 3:
        return b""
    return wire.cut(octets)


def _name(rng: random.Random, own: Sequence[str]) -> str:
    return rng.choice(own) if own and rng.random() < 0.6 else rng.choice(NAMES)


def _term(rng: random.Random, own: Sequence[str]) -> str:
    name, number = _name(rng, own), rng.choice(NUMBERS)
    return rng.choice(("", "", "", "+", "-", "~", "?", "++")) + rng.choice(
        (
            f"include:{name}", f"include:{name}", f"include:{name}", f"redirect={name}", f"exp={name}", f"a:{name}",
            f"a:{name}/{number}",
            f"mx:{name}/{number}//{number}", f"exists:{name}", f"ptr:{name}", "a", "mx", "ptr", "all", "all:x",
            "include:", "include",
            "ip4", f"ip4:{rng.choice(ADDRESSES)}", f"ip6:{rng.choice(ADDRESSES)}", f"ip4:192.0.2.1/{number}",
            f"ip6:2001:db8::/{number}",
            f"unknown={name}", f"x-{number}=%{{", f"A/{number}", "mx//0", "a//", f"INCLUDE:{name.upper()}",
            f"redirect:{name}", "include:elastx.email",
        )
    )  # fmt: skip


def spf(rng: random.Random, own: Sequence[str]) -> str:
    start = rng.choice(
        (
            "v=spf1",
            "v=spf1",
            "v=spf1",
            "v=spf1",
            "V=SPF1",
            "v=spf10",
            " v=spf1",
            "v=spf1\t",
            "v=spf2.0/pra",
            "v=spf1\xa0",
            "\ufeffv=spf1",
        )
    )
    count = rng.choice((0, 1, 1, 2, 3, 5, 12)) if rng.random() > HUGE else 400
    spaces = rng.choice((" ", " ", " ", "  ", "\t"))
    end = rng.choice((" -all", " ~all", " ?all", " +all", "", "", " redirect=" + _name(rng, own)))
    return start + "".join(spaces + _term(rng, own) for _ in range(count)) + end


def dmarc(rng: random.Random, own: Sequence[str]) -> str:
    start = rng.choice(
        (
            "v=DMARC1",
            "v=DMARC1",
            "v=DMARC1",
            "V=DMARC1",
            "v=dmarc1",
            " v=DMARC1",
            "v = DMARC1",
            "v=DMARC1;",
            "v=DMARC2",
            "v=DMARC1 p=none",
        )
    )
    found = [start]
    for _ in range(rng.choice((0, 1, 2, 3, 6)) if rng.random() > HUGE else 500):
        tag = rng.choice(
            (
                "p",
                "p",
                "p",
                "sp",
                "np",
                "adkim",
                "aspf",
                "fo",
                "t",
                "psd",
                "rua",
                "rua",
                "ruf",
                "pct",
                "ri",
                "P",
                "x",
                "",
                "p p",
                "\xe5",
            )
        )
        content = rng.choice(
            (
                "none",
                "reject",
                "quarantine",
                "NONE",
                "rejct",
                "",
                "r",
                "s",
                "y",
                "n",
                "u",
                "0:1:d:s",
                "1",
                rng.choice(NUMBERS),
            )
        )
        if tag in ("rua", "ruf"):
            content = ",".join(
                rng.choice((rng.choice(URIS), f"mailto:a@{_name(rng, own)}")) for _ in range(rng.choice((1, 1, 2, 5)))
            )
        segment = f"{tag}{rng.choice(('=', '=', '=', '=', ' = ', ':', ''))}{content}"
        found.append(rng.choice((segment, segment, segment, segment, "", "foo", "p:reject", "=")))
    return rng.choice(AROUND).join(
        (rng.choice(("; ", ";", " ; ", ";;")).join(found), rng.choice(("", ";", "; ", ";;")))
    )


def dkim(rng: random.Random, own: Sequence[str]) -> str:
    if rng.random() < 0.2:
        return mutated(rng, golden.DKIM.encode()).decode("latin-1")
    encoded = base64.b64encode(key(rng)).decode()
    tags = [
        rng.choice(("v=DKIM1", "v=DKIM1", "v=DKIM1", "v=dkim1", "v=DKIM2", "k=rsa", "", "v = DKIM1")),
        *rng.choices(
            (
                "k=rsa", "k=ed25519", "k=RSA", "k=", "k=\xff", "h=sha256", "h=sha1", "h=", "h=:", "s=*",
                "s=email:tlsrpt", "s=", "s=\0", "t=y", "t=s:y",
                "t=", "t=:::", "g=*", "n=a=3Db", "k=rsa", "x", "=", "p", "P=x", "\xe5=1", "s=" + "a:" * 500,
            ),
            k=rng.choice((0, 0, 1, 2, 4)),
        ),
        rng.choice((f"p={encoded}", f"p={encoded}", f"p={encoded}", f"p={encoded[:-3]}", "p=", "p",
        f"p={encoded} {encoded}", f"p = {encoded}\t", f"p={encoded}; p={encoded}")),
    ]  # fmt: skip
    return rng.choice(("; ", ";", ";;", "\\; ")).join(tags)


def challenge(rng: random.Random, own: Sequence[str]) -> str:
    digits = "".join(rng.choice("0123456789abcdef") for _ in range(rng.choice((64, 64, 63, 65, 0, 12))))
    whole = rng.choice(
        (
            golden.TOKEN,
            f"elastx-mrs={digits}",
            f"elastx-mrs={digits.upper()}",
            f" elastx-mrs={digits}",
            "elastx-mrs=",
            "elastx-mrs",
            "ELASTX-MRS=" + digits,
        )
    )
    return whole + rng.choice(("", "", " ", "\0", "\xa0", ";"))


def junk(rng: random.Random, own: Sequence[str]) -> str:
    return rng.choice(
        (
            "", "google-site-verification=abc", "\0", "\xff" * 20, "x" * (64000 if rng.random() < HUGE else 300),
            "; " * (3000 if rng.random() < HUGE else 30), "v=", "=", '"v=spf1 -all"', "v=DMARC1", "v=spf1",
            "v=BIMI1; l=", "".join(rng.choice(ODD) for _ in range(8)), rng.randbytes(40).decode("latin-1"), "%" * 50,
            "\u202ev=spf1 -all",
            "v=TLSRPTv1; rua=mailto:a@b.c", "MS=ms12345", "\ud800", "::add-mask::x", "##[error]x",
        )
    )  # fmt: skip
