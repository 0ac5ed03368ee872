"""Addresses in a header field (RFC 5322 §3.4), with comments, groups, routes and odd white space.

Python's own parser reads ``ceo@one.example <crook@two.example>`` as the first address. Receivers use the one in angle
brackets, whatever is before it.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_TOKEN = re.compile(r'(\s+)|"((?:[^"\\]|\\.)*)"|(\[[^\]]*\])|([<>:;,@.()])|([^\s"\[<>:;,@.()]+|["\[])', re.DOTALL)


class _Token(NamedTuple):
    """A word or a special character; ``apart`` if white space is before it."""

    text: str
    special: bool
    apart: bool


@dataclass(frozen=True)
class Address:
    """An address: the parts before and after its ``@``, without quotes and comments."""

    local: str
    domain: str


def addresses(value: str) -> list[Address] | None:
    """Return the addresses in a field such as From, including those of groups; None if one is unreadable.

    A name without an address is skipped, such as ``Acme`` in ``Acme, Inc. <a@acme.example>``.
    """
    found = []
    for tokens in _mailboxes(_tokens(value)):
        if not any(token.special and token.text in "<@" for token in tokens):
            continue
        address = _address(tokens)
        if address is None:
            return None
        found.append(address)
    return found


def path(value: str) -> str:
    """Return the address in a Return-Path field (RFC 5321 §4.4); empty for ``<>``, unchanged if it is unreadable."""
    tokens = list(_tokens(value))
    address = _address(tokens)
    if address is not None:
        return f"{address.local}@{address.domain}"
    return "" if all(token.special and token.text in "<>" for token in tokens) else value.strip().strip("<>")


def without_comments(text: str) -> str:
    """Return text without comments, which can nest (RFC 5322 §3.2.2); parentheses in quotes stay."""
    kept, depth, quoted, escaped = [], 0, False, False
    for character in text:
        if escaped:
            escaped = False
        elif character == "\\" and (quoted or depth):
            escaped = True
        elif quoted:
            quoted = character != '"'
        elif character == '"' and not depth:
            quoted = True
        elif character == "(":
            depth += 1
        elif character == ")" and depth:
            depth -= 1
            kept.append(" ")
            continue
        if not depth:
            kept.append(character)
    return "".join(kept)


def _tokens(value: str) -> Iterator[_Token]:
    apart = False
    for space, quoted, literal, special, word in _TOKEN.findall(without_comments(value)):
        if space:
            apart = True
            continue
        text = special or literal or word or re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
        yield _Token(text, bool(special), apart)
        apart = False


def _mailboxes(tokens: Iterator[_Token]) -> Iterator[list[_Token]]:
    """Yield the tokens of each mailbox: commas separate them, ``name:`` starts a group and ``;`` ends it (§3.4)."""
    current: list[_Token] = []
    angle = False
    for token in tokens:
        if token.special and token.text in "<>":
            angle = token.text == "<"
        if token.special and not angle and token.text in ",;:":
            if token.text != ":" or _has_address(current):
                yield current
            current = []
        else:
            current.append(token)
    yield current


def _has_address(tokens: Sequence[_Token]) -> bool:
    return any(token.special and token.text == "@" for token in tokens)


def _address(tokens: Sequence[_Token]) -> Address | None:
    """Return the address of a mailbox, from its angle brackets if it has any (§3.4), without a route (§4.4)."""
    specials = [token.text if token.special else "" for token in tokens]
    if specials.count("<") > 1:
        return None
    if "<" in specials:
        begin = specials.index("<") + 1
        end = specials.index(">", begin) if ">" in specials[begin:] else len(tokens)
        tokens = tokens[begin:end]
        if tokens and tokens[0].special and tokens[0].text == "@":
            colons = [place for place, token in enumerate(tokens) if token.special and token.text == ":"]
            tokens = tokens[colons[-1] + 1 :] if colons else ()
    at = [place for place, token in enumerate(tokens) if token.special and token.text == "@"]
    if len(at) != 1:
        return None
    local, domain = _joined(tokens[: at[0]]), _joined(tokens[at[0] + 1 :])
    return Address(local, domain) if local and domain else None


def _joined(tokens: Sequence[_Token]) -> str:
    """Return words and dots as one text, without white space around dots (§4.4); empty for anything else."""
    for one, other in itertools.pairwise(tokens):
        if not one.special and not other.special and other.apart:
            return ""
    if any(token.special and token.text != "." for token in tokens):
        return ""
    return "".join(token.text for token in tokens)
