"""Canonical bodies for the hash (RFC 6376 §3.4.3, §3.4.4), in linear time.

dkimpy's own takes quadratic time for a line of white space, once for each signature.
"""

import re

_MANY = b"\r\n" * 4096


def simple(body: bytes) -> bytes:
    """Return a body with exactly one CRLF at its end, without empty lines before it."""
    end = len(body)
    while body.endswith(_MANY, 0, end):
        end -= len(_MANY)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    return body[:end] + b"\r\n"


def relaxed(body: bytes) -> bytes:
    """Return a body like :func:`simple`, with white space reduced, and none before a CRLF; empty if nothing is left."""
    found = simple(re.sub(rb"[\t ]+", b" ", body).replace(b" \r\n", b"\r\n"))
    return b"" if found == b"\r\n" else found
