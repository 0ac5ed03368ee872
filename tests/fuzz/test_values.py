"""Values near the grammar of SPF, DMARC, DKIM and challenges through every reader: what it refuses, it names."""

import random
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from elastx_mrs.display import show
from elastx_mrs.receiver.spf_record import parsed
from elastx_mrs.records import RecordError, compare, dkim, dkim_key, dmarc, dmarc_policy, kinds, report, spf, spf_terms
from elastx_mrs.records.challenge import is_challenge
from elastx_mrs.records.dmarc_policy import Policy
from elastx_mrs.records.text import as_text, parse, presentation
from elastx_mrs.service import ELASTX
from tests import golden
from tests.fuzz import values

NAMES = ("a.com", "_spf.a.com", "loop.a.com")


@st.composite
def hostile(draw: st.DrawFn) -> bytes:
    """A value: made of the grammars' parts, by the generator of the long run, or any octets."""
    parts = draw(
        st.lists(
            st.sampled_from(
                [
                    "v=spf1", "v=DMARC1", "v=DKIM1", "elastx-mrs=", golden.TOKEN, golden.KEY, "p=", "p", "=", ";",
                    ";;", ":", "/", " ", "\t", "\0", "\xff",
                    "include:", "redirect=", "exp=", "a", "mx", "ip4:", "ip6:", "all", "+", "-", "~", "?", "%{", "}",
                    "d", "i1r.", "k=rsa", "k=ed25519", "h=sha256",
                    "s=email", "t=y", "none", "reject", "rua=mailto:", "@", "a.com", "sp=", "t=", "psd=", "fo=0:1",
                    "9" * 40, "1", "\\", '"', "\u0664", "!10m", "%00", "xn--",
                ]
            ),
            max_size=30,
        )
    )  # fmt: skip
    if draw(st.booleans()):
        return "".join(parts).encode(draw(st.sampled_from(["latin-1", "utf-8"])), "replace")
    if draw(st.integers(0, 4)) == 0:
        return draw(st.binary(max_size=300))
    return values.value(random.Random(draw(st.integers(0, 2**32))), NAMES)


def refused(read: Callable[[], object]) -> None:
    """Read it; a refusal says why, in text that shows."""
    problems: tuple[str, ...] = ("none",)
    try:
        read()
    except RecordError as error:
        problems = error.problems
    assert problems
    assert all(problem.isprintable() for problem in problems), problems


@settings(max_examples=1500)
@given(value=hostile())
def test_every_reader_takes_a_value_or_says_why_not(value: bytes) -> None:
    text = as_text(value)
    assert show(value).isprintable()
    assert parsed(value).problem.isprintable()
    refused(lambda: spf_terms.parse(text))
    refused(lambda: spf.remarks(spf.whole_record(text)))
    refused(lambda: dmarc.remarks(dmarc.whole_record(text)))
    refused(lambda: dkim.remarks(dkim.from_paste(text)))
    refused(lambda: dkim.from_paste(show(value)))
    refused(lambda: dkim.fingerprint(value))
    refused(lambda: list(dkim_key.problems(dkim_key.parse(value))))
    refused(lambda: list(dkim_key.remarks(dkim_key.parse(value))))
    refused(lambda: parse(show(value)))
    refused(lambda: presentation(show(value)))
    assert sum((spf_terms.is_spf(value), dmarc_policy.is_dmarc(value), is_challenge(value, ELASTX))) <= 1
    policy = dmarc_policy.read(value)
    assert not isinstance(policy, Policy) or policy.p in dmarc_policy.POLICIES
    list(report.hosts(text))
    list(report.hosts(show(value)))
    dmarc_policy.tags(text)
    kinds.unique_kind(value)
    for kind in ("challenge", "spf", "dkim", "dmarc", "report"):
        kinds.replaces(kind, golden.SPF, value)
    kinds.current_value([value, value], golden.SPF)
    compare.senders(text, golden.SPF)
    compare.senders(golden.SPF, text)
    compare.loosened(value, golden.DMARC)
    compare.same_key(value, golden.DKIM)
