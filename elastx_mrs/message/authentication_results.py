"""What the receiver says it found: Authentication-Results (RFC 8601) and Received-SPF (RFC 7208 §9.1).

They are words in a header, which anybody can write. The topmost was written last, by the receiver; whether it is the
receiver's is for people to see from its name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from elastx_mrs.message.parse import Message

SPF_RESULTS = frozenset(("none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"))
"""RFC 7208 §2.6."""

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|(;)|(\s+)|([^";\s]+)', re.DOTALL)
_RESULT = re.compile(r"([A-Za-z][A-Za-z0-9-]*)(?:/[0-9]+)?=([A-Za-z]+)")


@dataclass(frozen=True)
class Result:
    """One ``method=result`` of an Authentication-Results field, and its properties, such as ``smtp.mailfrom``."""

    method: str
    result: str
    properties: dict[str, str]


@dataclass(frozen=True)
class Claims:
    """What one receiver says.

    :param by: its name: the authserv-id (RFC 8601 §2.5); empty where the field has none.
    """

    by: str
    results: tuple[Result, ...]


@dataclass(frozen=True)
class SpfClaim:
    """What a receiver says of SPF.

    :param result: as in RFC 7208 §2.6.
    :param identity: ``mailfrom`` or ``helo``, which it checked (§2.3, §2.4).
    :param domain: that was checked, in lower case; empty where it does not say.
    :param source: the header field, and whose it is.
    """

    result: str
    identity: str
    domain: str
    source: str


def claims(message: Message) -> Claims | None:
    """Return what the topmost Authentication-Results say, and others just below it by the same receiver."""
    found = [_read(value) for value in message.all("authentication-results")]
    if not found:
        return None
    results: list[Result] = []
    for one in found:
        if one.by != found[0].by:
            break
        results += one.results
    return Claims(found[0].by, tuple(results))


def spf(message: Message) -> SpfClaim | None:
    """Return what is said of SPF: in Authentication-Results, else in Received-SPF, else None."""
    said = claims(message)
    for result in said.results if said is not None else ():
        if said is not None and result.method == "spf" and result.result in SPF_RESULTS:
            given = result.properties
            identity = "mailfrom" if given.get("smtp.mailfrom") or not given.get("smtp.helo") else "helo"
            domain = _domain(given.get(f"smtp.{identity}", "")) or _envelope(message)
            source = f"Authentication-Results of {said.by or 'a receiver that does not say its name'}"
            return SpfClaim(result.result, identity, domain, source)
    for value in message.all("received-spf")[:1]:
        return _received_spf(value, message)
    return None


def _received_spf(value: str, message: Message) -> SpfClaim | None:
    words = list(_words(_uncommented(value)))
    if not words or words[0].lower() not in SPF_RESULTS:
        return None
    pairs = dict(word.split("=", 1) for word in words if "=" in word)
    given = {name.lower(): text for name, text in pairs.items()}
    identity = "helo" if given.get("identity", "").lower() == "helo" else "mailfrom"
    stated = given.get("helo" if identity == "helo" else "envelope-from", "")
    source = f"Received-SPF of {given.get('receiver') or 'a receiver that does not say its name'}"
    return SpfClaim(words[0].lower(), identity, _domain(stated) or _envelope(message), source)


def _read(value: str) -> Claims:
    statements: list[list[str]] = [[]]
    for word in _words(_uncommented(value)):
        if word == ";":
            statements.append([])
        else:
            statements[-1].append(word)
    first = statements[0]
    named = bool(first) and _RESULT.fullmatch(first[0]) is None  # some large receivers leave their name out
    by = first[0].lower() if named else ""
    return Claims(by, tuple(_results(statements[1:] if named else statements)))


def _results(statements: list[list[str]]) -> Iterator[Result]:
    for words in statements:
        found = _RESULT.fullmatch(words[0]) if words else None
        if found is not None:
            pairs = [word.split("=", 1) for word in words[1:] if "=" in word]
            properties = {name.lower(): text for name, text in pairs}
            yield Result(found.group(1).lower(), found.group(2).lower(), properties)


def _words(text: str) -> Iterator[str]:
    """Yield words, ``;`` for itself, quotes undone; white space around ``=`` is taken out (RFC 8601 §2.2)."""
    word = ""
    for quoted, semicolon, space, bare in _TOKEN.findall(re.sub(" ?= ?", "=", " ".join(text.split()))):
        if semicolon or space:
            if word:
                yield word
            word = ""
            if semicolon:
                yield ";"
        else:
            word += bare or re.sub(r"\\(.)", r"\1", quoted)
    if word:
        yield word


def _uncommented(text: str) -> str:
    """Return text without comments, which nest (RFC 5322 §3.2.2); parentheses in quotes are none."""
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


def _domain(text: str) -> str:
    return text.strip("<>").rpartition("@")[2].lower().removesuffix(".")


def _envelope(message: Message) -> str:
    return _domain(message.return_path or "")
