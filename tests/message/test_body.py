"""Canonical bodies are dkimpy's, and take time that grows with the length alone."""

import pytest
from dkim.canonicalization import Relaxed, Simple
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs.message.body import relaxed, simple

BODIES = st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n", b"\r", b"\n", b"\r\n" * 4096]), max_size=12).map(
    b"".join
)


@given(BODIES)
def test_canonical_bodies_are_those_of_dkimpy(body: bytes) -> None:
    assert simple(body) == Simple.canonicalize_body(body)
    assert relaxed(body) == Relaxed.canonicalize_body(body)


@given(BODIES)
def test_a_canonical_body_stays_as_it_is(body: bytes) -> None:
    """That is how dkimpy is given it."""
    assert Simple.canonicalize_body(simple(body)) == simple(body)
    assert Simple.canonicalize_body(relaxed(body)) == relaxed(body) or relaxed(body) == b""


@pytest.mark.parametrize("piece", [b" ", b"\r\n", b" \r\n", b"\r", b"a "])
def test_a_mebibyte_has_an_end(piece: bytes) -> None:
    """dkimpy needs hours for a million blanks."""
    body = piece * (2**20 // len(piece))
    assert len(simple(body)) <= len(body) + 2
    assert len(relaxed(body)) <= len(body) + 2
