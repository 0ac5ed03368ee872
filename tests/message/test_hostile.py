"""Whatever a message and the DNS hold, message judges it or says what it is."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs.cli.message import _as_json, _as_text
from elastx_mrs.message.chain import judge
from elastx_mrs.message.parse import NotAMessage, read
from tests import signed as make
from tests.lookup.fakes import Dns

KEY = make.key()
PIECES = st.sampled_from(
    [
        "v=1", ";", "a=rsa-sha256", "d=mail.example", "s=elastx", "h=from:to", "bh=AAAA", "b=AAAA", "l=9", "x=1", "t=y",
        "q=dns/txt:", "i=@", "spf=pass", "smtp.mailfrom=", "smtp.helo=", "<>", "<a@b.example>", "(", ")", '"', "\\",
        "\r\n ", "=", "@", ":", ",", "é", "\x00", "\x1b[31m", "mx.example", "1", "identity=helo", "p=none", "v=DMARC1",
        "k=rsa", "p:x", " ", "mx.example; spf=pass smtp.mailfrom=",
    ]
)  # fmt: skip
TEXT = st.lists(PIECES, max_size=12).map("".join)
NAMES = st.sampled_from(
    [
        "From",
        "DKIM-Signature",
        "Authentication-Results",
        "Received-SPF",
        "Return-Path",
        "X-Foo ",
        "dkim-signature\t",
        "Subject",
    ]
)
FIELDS = st.lists(st.tuples(NAMES, TEXT), max_size=6)


@given(FIELDS, st.lists(TEXT, max_size=2), st.lists(TEXT, max_size=2), st.booleans())
def test_nothing_is_too_odd(fields: list[tuple[str, str]], policies: list[str], keys: list[str], signed: bool) -> None:
    octets = make.signed(make.message(), KEY) if signed else make.message()
    octets = "".join(f"{name}:{value}\r\n" for name, value in fields).encode() + octets
    served = Dns(
        {
            "_dmarc.mail.example": [f"TXT {text or ' '}" for text in policies],
            "elastx._domainkey.mail.example": [f"TXT {text or ' '}" for text in keys] or [f"TXT {make.record(KEY)}"],
        }
    )
    try:
        message = read(octets)
    except NotAMessage as error:
        problem = str(error)
    else:
        chain = asyncio.run(judge(served.ask, message))
        assert _as_json(chain)
        problem = "".join(_as_text(chain))
    assert problem.replace("\x1b[", "").isprintable()  # click's own colours
