"""Addresses in header fields, by RFC 5322's own examples (Appendix A) and by what mail programs write beside it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs.message.addresses import addresses, path


def read(value: str) -> list[str] | None:
    found = addresses(value)
    return None if found is None else [f"{one.local}@{one.domain}" for one in found]


# RFC 5322, Appendix A.1, A.5 and A.6; the last has white space that §4.4 lets readers take.
STANDARD = [
    ("John Doe <jdoe@machine.example>", ["jdoe@machine.example"]),
    ('"Joe Q. Public" <john.q.public@example.com>', ["john.q.public@example.com"]),
    (
        "Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
        ["mary@x.test", "jdoe@example.org", "one@y.test"],
    ),
    ('<boss@nil.test>, "Giant; \\"Big\\" Box" <sysservices@example.net>', ["boss@nil.test", "sysservices@example.net"]),
    (
        "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
        ["c@a.test", "joe@where.test", "jdoe@one.test"],
    ),
    ("Undisclosed recipients:;", []),
    ("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", ["pete@silly.test"]),
    (
        "A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n     joe@example.org,\r\n"
        "  John <jdoe@one.test> (my dear friend); (the end of the group)",
        ["c@public.example", "joe@example.org", "jdoe@one.test"],
    ),
    ("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", []),
    ("Joe Q. Public <john.q.public@example.com>", ["john.q.public@example.com"]),
    ("Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example", ["mary@example.net", "jdoe@test.example"]),
    ("Mary <@a.test,@b.test:mary@example.net>", ["mary@example.net"]),
]


@pytest.mark.parametrize(("value", "found"), STANDARD)
def test_the_examples_of_the_standard(value: str, found: list[str]) -> None:
    assert read(value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        # RFC 5322 §3.4: a name-addr's address is in its angle brackets, whatever stands before them.
        ("ceo@h.com <crook@two.com>", ["crook@two.com"]),
        ('"ceo@h.com" <crook@two.com>', ["crook@two.com"]),
        ("ceo@h.com, <crook@two.com>", ["ceo@h.com", "crook@two.com"]),
        ("crook@two.com (ceo@h.com)", ["crook@two.com"]),
        ("Acme, Inc. <a@acme.example>", ["a@acme.example"]),
        ('"a@b"@c.example', ["a@b@c.example"]),
        ('"a b".c@d.example', ["a b.c@d.example"]),
        ("<a@[192.0.2.1]>", ["a@[192.0.2.1]"]),
        ("a@b.example (never closed", ["a@b.example"]),
        ("A <a@b.example", ["a@b.example"]),
        ("joe@joe_x.com", ["joe@joe_x.com"]),
        ("å@räksmörgås.example", ["å@räksmörgås.example"]),
        ("", []),
        ("nobody", []),
    ],
)
def test_what_mail_programs_write(value: str, found: list[str]) -> None:
    assert read(value) == found


@pytest.mark.parametrize(
    "value",
    ["@", "a@", "@b.example", "a@b@c.example", "joe smith@b.example", "a@b.example c@d.example", "a@b example",
     "<a@b.example> <c@d.example>", "<a@b@c.example>", "<@a.example>", "ok@b.example, joe smith@c.example"],
)  # fmt: skip
def test_what_cannot_be_read_is_not_guessed(value: str) -> None:
    assert read(value) is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("<>", ""), (" < > ", ""), ("", ""), ("<(nobody)>", ""), ("<a@b.example>", "a@b.example"),
        ("a@b.example", "a@b.example"),
        ("<@relay.example:a@b.example>", "a@b.example"), ("<mailer-daemon>", "mailer-daemon"), ("x y", "x y"),
    ],
)  # fmt: skip
def test_the_envelope_s_sender(value: str, found: str) -> None:
    assert path(value) == found


@given(st.text(alphabet='<>:;,@."\\([) aé\n'))
def test_no_field_raises_anything(value: str) -> None:
    assert read(value) is None or isinstance(read(value), list)
    assert isinstance(path(value), str)


@pytest.mark.parametrize("junk", ["(", "<", "[", '"', "@", ",", "a ", "\\", ":", ";", "<@a:", '"\\'])
def test_a_long_field_costs_no_time(junk: str) -> None:
    began = time.process_time()
    addresses(junk * 5000)
    path(junk * 5000)
    assert time.process_time() - began < 5
