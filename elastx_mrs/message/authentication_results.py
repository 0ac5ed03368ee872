"""The receiver's results: Authentication-Results (RFC 8601) and Received-SPF (RFC 7208 §9.1).

Anybody can write these header fields. The topmost was written last, usually by the receiver. People must check its name
to know.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from elastx_mrs import limits
from elastx_mrs.message.addresses import without_comments
from elastx_mrs.message.parse import Message
from elastx_mrs.records import RecordError, names

SPF_RESULTS = frozenset(("none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"))
"""The SPF results (RFC 7208 §2.6)."""

_NAMELESS = "a receiver without a name"

_OLD_RESULTS = {"hardfail": "fail"}
"""Results of RFC 5451, by their names today."""

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|(;)|(\s+)|([^";\s]+)', re.DOTALL)
_QUOTED = re.compile(r'[^"]*+"(?:[^"\\]|\\.)*+"', re.DOTALL)
_RESULT = re.compile(r"([A-Za-z][A-Za-z0-9-]*)(?:/[0-9]+)?=([A-Za-z]+)")
_AROUND = re.compile(
    r" ?= ?| ?/ ?(?=[0-9]+ ?=)|(?<=\bsmtp) ?\. ?|(?<=\bheader) ?\. ?|(?<=\bbody) ?\. ?|(?<=\bpolicy) ?\. ?"
)
"""Where a statement may have white space and comments (RFC 8601 §2.2, Appendix B.7)."""


@dataclass(frozen=True)
class Result:
    """One ``method=result`` of an Authentication-Results field, and its properties, such as ``smtp.mailfrom``."""

    method: str
    result: str
    properties: dict[str, str]


@dataclass(frozen=True)
class Claims:
    """The results of one receiver.

    :param by: its name, the authserv-id (RFC 8601 §2.5); empty if the field has none.
    """

    by: str
    results: tuple[Result, ...]


@dataclass(frozen=True)
class SpfClaim:
    """A receiver's SPF result.

    :param result: as in RFC 7208 §2.6.
    :param identity: the checked identity, ``mailfrom`` or ``helo`` (§2.3, §2.4).
    :param domain: the checked domain, as lower-case A-labels; empty if it is not named.
    :param source: the header field and the receiver.
    :param stands_in: whether HELO was checked for an empty return path, as ``postmaster@HELO`` (§2.4).
    """

    result: str
    identity: str
    domain: str
    source: str
    stands_in: bool = False

    @property
    def counts(self) -> bool:
        """Whether it counts for DMARC: only MAIL FROM does (RFC 9989 §4.4.2)."""
        return self.identity == "mailfrom" or self.stands_in


def claims(message: Message) -> Claims | None:
    """Return the results in the topmost Authentication-Results, and in those just below by the same receiver."""
    first = None
    results: list[Result] = []
    for value in message.all("authentication-results")[: limits.MESSAGE_RESULTS.most]:
        one = _read(value)
        if first not in (None, one.by):
            break
        first = one.by
        results += one.results
    return None if first is None else Claims(first, tuple(results))


def spf(message: Message) -> SpfClaim | None:
    """Return the SPF result, of MAIL FROM rather than HELO, in Authentication-Results or else in Received-SPF."""
    found = [*_in_results(message), *_in_received(message)]
    sender = envelope(message)
    return min(found, key=lambda claim: (not claim.counts, claim.domain != sender), default=None)


def _in_results(message: Message) -> Iterator[SpfClaim]:
    said = claims(message)
    for one in said.results if said is not None else ():
        result = _OLD_RESULTS.get(one.result, one.result)
        if said is not None and one.method == "spf" and result in SPF_RESULTS:
            source = f"Authentication-Results of {said.by or _NAMELESS}"
            yield _claim(result, source, one.properties.get("smtp.mailfrom"), one.properties.get("smtp.helo"), message)


def _in_received(message: Message) -> Iterator[SpfClaim]:
    """Yield the results in the topmost Received-SPF, and in those below by the same receiver."""
    first = None
    for value in message.all("received-spf")[: limits.MESSAGE_RESULTS.most]:
        words = list(_words(without_comments(value)))
        given = {name.lower(): text for name, equals, text in (word.partition("=") for word in words) if equals}
        receiver = given.get("receiver", "").lower()
        if first not in (None, receiver):
            return
        first = receiver
        if words and words[0].lower() in SPF_RESULTS:
            of_helo = given.get("identity", "").lower() == "helo"
            sender = None if of_helo else given.get("envelope-from", "")
            told = of_helo or "envelope-from" in given or message.return_path == ""
            source = f"Received-SPF of {given.get('receiver') or _NAMELESS}"
            yield _claim(words[0].lower(), source, sender, given.get("helo") if told else None, message)


def _claim(result: str, source: str, sender: str | None, helo: str | None, message: Message) -> SpfClaim:
    """Return a claim about MAIL FROM if it is named, or nothing is; otherwise about HELO."""
    empty = sender is not None and not sender.strip("<>")
    null = message.return_path == "" or (message.return_path is None and empty)
    if helo and not _domain(sender or "") and (sender is None or null):
        return SpfClaim(result, "helo", _domain(helo), source, stands_in=null)
    return SpfClaim(result, "mailfrom", _domain(sender or "") or envelope(message), source)


def _read(value: str) -> Claims:
    statements: list[list[str]] = [[]]
    for word in _words(without_comments(value)):
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
    """Yield words without quotes and white space in statements, and each ``;``."""
    word = ""
    text = _AROUND.sub(lambda found: found[0].strip(), " ".join(text.split()))
    for quoted, semicolon, space, bare in _TOKEN.findall(_closed(text)):
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


def _closed(text: str) -> str:
    """Return text without an unclosed quote and the quotes after it, which would make the search for an end slow."""
    at = 0
    while (quote := _QUOTED.match(text, at)) is not None:
        at = quote.end()
    return text[:at] + text[at:].replace('"', "")


def _domain(text: str) -> str:
    """Return an address's domain as A-labels; it may be internationalized (RFC 8601 §2.2, RFC 8616)."""
    domain = text.strip("<>").rpartition("@")[2].lower().removesuffix(".")
    try:
        return names.to_ascii(domain)
    except RecordError:
        return domain


def envelope(message: Message) -> str:
    """Return the domain of the return path as A-labels; empty if there is none."""
    return _domain(message.return_path or "")
