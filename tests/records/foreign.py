"""Strings that look like SPF, DKIM or DMARC and are not, built by the standards and not by the code under test."""

from hypothesis import strategies as st

_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))

TAILS = st.text(alphabet=_PRINTABLE, max_size=40)

GLUED = st.sampled_from("-_=:.,/0aZ~+").flatmap(lambda glue: TAILS.map(lambda tail: glue + tail))
"""What makes a version another word: a character that ends neither an SPF version nor a tag's value."""


def _spf() -> st.SearchStrategy[str]:
    """RFC 7208 §4.5: the version is followed by a space or the end; nothing stands before it."""
    versions = st.sampled_from(["v=spf1", "V=SPF1", "v=SpF1"])
    others = st.sampled_from(["v=spf2.0/pra", "spf1", "v=spf", "x v=spf1", " v=spf1"])
    return st.tuples(versions, GLUED).map("".join) | st.tuples(others, TAILS.map(lambda tail: f" {tail}")).map("".join)


def _dmarc() -> st.SearchStrategy[str]:
    """RFC 9989 §4.8: the value is exactly ``DMARC1``, up to white space and a semicolon; nothing stands before it."""
    glued = st.tuples(st.just("v=DMARC1"), GLUED).map("".join)
    others = [
        "v=dmarc1; p=reject",
        "v=DMARC2; p=reject",
        " v=DMARC1; p=reject",
        "p=reject; v=DMARC1",
        "v=DMARC1 p=none",
    ]
    return glued | st.sampled_from(others)


def _dkim() -> st.SearchStrategy[str]:
    """RFC 6376 §3.6.1: a ``v`` must be first and exactly ``DKIM1``; without ``v`` there must be a ``p``."""
    glued = st.tuples(st.just("v=DKIM1"), GLUED).map("".join)
    return glued | st.sampled_from(["v=dkim1; p=", "v=DKIM2; p=", "p=; v=DKIM1", "t=y; o=~", "k=rsa", "site=DKIM1"])


NOT_SPF, NOT_DMARC, NOT_DKIM = _spf(), _dmarc(), _dkim()
NOT_OURS = {"spf": NOT_SPF, "dmarc": NOT_DMARC, "report": NOT_DMARC, "dkim": NOT_DKIM}
