"""A body as it is hashed (RFC 6376 §3.4.3, §3.4.4), in time that grows with its length.

dkimpy's own takes the square of it for a line of white space, and does it once for each signature.
"""

import re

_MANY = b"\r\n" * 4096


def simple(body: bytes) -> bytes:
    """Return a body without the empty lines at its end, and with one CRLF there."""
    end = len(body)
    while body.endswith(_MANY, 0, end):
        end -= len(_MANY)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    return body[:end] + b"\r\n"


def relaxed(body: bytes) -> bytes:
    """Return a body as :func:`simple`, with white space reduced, none of it before a CRLF; empty if nothing is left."""
    found = simple(re.sub(rb"[\t ]+", b" ", body).replace(b" \r\n", b"\r\n"))
    return b"" if found == b"\r\n" else found
