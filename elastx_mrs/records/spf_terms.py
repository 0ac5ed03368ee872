"""The grammar of SPF (RFC 7208 §12): parses a record's text to terms, and names each fault with its position.

A syntax error anywhere, even after ``all``, makes receivers answer permerror (§4.6), so every word is checked.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network

from elastx_mrs.display import describe_character, quoted
from elastx_mrs.records import spf_macro
from elastx_mrs.records.record import RecordError
from elastx_mrs.records.text import as_text

VERSION = "v=spf1"

LOOKUPS = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
"""Terms that need a DNS lookup. A receiver allows 10 (§4.6.4)."""

_TERM = re.compile(r"([+?~-]?)([A-Za-z][A-Za-z0-9_.-]*)(?:([:/=])(.*))?")
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IP4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
_LENGTHS = re.compile(r"(?:/([0-9]+))?(?://([0-9]+))?\Z")
_TAKES_DOMAIN = frozenset({"include", "a", "mx", "ptr", "exists"})
_NEEDS_DOMAIN = frozenset({"include", "exists"})
_MOST = {"ip4": 32, "ip6": 128}
MODIFIERS = ("redirect", "exp")
MECHANISMS = ("all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists")


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One mechanism (§5).

    :param name: in lower case.
    :param qualifier: ``+``, ``-``, ``~`` or ``?``; ``+`` if none is written (§4.6.2).
    :param domain: the domain-spec as written, macros and all; None for the domain that is being checked.
    :param address: of ``ip4`` and ``ip6``, as written.
    :param ip4_length: prefix length for IPv4 addresses, of ``ip4``, ``a`` and ``mx``.
    :param ip6_length: prefix length for IPv6 addresses, of ``ip6``, ``a`` and ``mx``.
    """

    name: str
    qualifier: str = "+"
    domain: str | None = None
    address: str | None = None
    ip4_length: int = 32
    ip6_length: int = 128

    def __str__(self) -> str:
        """Return the term in its shortest form."""
        text = self.name if self.qualifier == "+" else self.qualifier + self.name
        if self.address is not None:
            length = self.ip4_length if self.name == "ip4" else self.ip6_length
            return f"{text}:{self.address}" if length == _MOST[self.name] else f"{text}:{self.address}/{length}"
        if self.domain is not None:
            text += f":{self.domain}"
        if self.ip4_length != 32:
            text += f"/{self.ip4_length}"
        return text if self.ip6_length == 128 else f"{text}//{self.ip6_length}"

    @property
    def network(self) -> IPv4Network | IPv6Network | None:
        """The network of ``ip4`` and ``ip6``, without host bits; None for others."""
        if self.address is None:
            return None
        if self.name == "ip4":
            return IPv4Network((self.address, self.ip4_length), strict=False)
        return IPv6Network((self.address, self.ip6_length), strict=False)

    @property
    def everybody(self) -> bool:
        """Whether it lets every address of an IP version pass: ``+all``, or a prefix length of 0."""
        return self.qualifier == "+" and (self.name == "all" or 0 in (self.ip4_length, self.ip6_length))


@dataclass(frozen=True, slots=True)
class Modifier:
    """One modifier (§6): ``redirect``, ``exp``, or one that receivers ignore.

    :param name: in lower case.
    :param value: a domain-spec for ``redirect`` and ``exp``, otherwise a macro-string.
    """

    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


Term = Mechanism | Modifier


@dataclass(frozen=True, slots=True)
class Record:
    """A record's terms in their order. Its text is the shortest form that parses to the same terms.

    :param positions: of each term in the text that was parsed, counted from 1.
    """

    terms: tuple[Term, ...]
    positions: tuple[int, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        return " ".join([VERSION, *map(str, self.terms)])

    @property
    def mechanisms(self) -> tuple[Mechanism, ...]:
        """All mechanisms, including those after ``all``."""
        return tuple(term for term in self.terms if isinstance(term, Mechanism))

    def modifier(self, name: str) -> Modifier | None:
        """Return the modifier of that name, or None."""
        return next((term for term in self.terms if isinstance(term, Modifier) and term.name == name), None)

    def evaluated(self) -> Iterator[Term]:
        """Yield the terms that a receiver evaluates, in order: up to ``all``, or ``redirect`` last (§5.1, §6.1)."""
        for term in self.mechanisms:
            yield term
            if term.name == "all":
                return
        if (redirect := self.modifier("redirect")) is not None:
            yield redirect


def is_spf(value: bytes | str) -> bool:
    """Return whether a TXT value is SPF: ``v=spf1`` in any case, and then a space or the end (§4.5, §12)."""
    start = as_text(value[: len(VERSION) + 1])
    return start.lower() in (VERSION, f"{VERSION} ")


def parse(text: str) -> Record:
    """Return the terms of a whole record.

    :raises RecordError: with every syntax error, each with its position counted from 1.
    """
    if not is_spf(text):
        raise RecordError(f"is not an SPF record: it must begin with 'v=spf1 ' (RFC 7208 §4.5), not {quoted(text, 20)}")
    terms: list[Term] = []
    positions: list[int] = []
    problems: list[str] = []
    position = 7
    for word in text[6:].split(" "):
        if word:
            try:
                terms.append(_term(word))
                positions.append(position)
            except _TermError as error:
                problems.append(_placed(word, position, error))
        position += len(word) + 1
    problems += _repeated(zip(terms, positions, strict=True))
    if problems:
        raise RecordError(*problems)
    return Record(tuple(terms), tuple(positions))


def read_terms(text: str) -> tuple[Record, tuple[str, ...]]:
    """Return the readable terms of a published record, and the words that are not terms.

    Receivers answer permerror to a record with such a word (§4.6). Its other terms still show the intended senders.
    """
    terms: list[Term] = []
    unreadable: list[str] = []
    for word in text[len(VERSION) :].split(" "):
        try:
            terms += [_term(word)] if word else []
        except _TermError:
            unreadable.append(word)
    return Record(tuple(terms)), tuple(unreadable)


def domain_spec_problem(text: str) -> tuple[int, str] | None:
    """Return where a domain-spec (§7.1) breaks the grammar, counted from 0, and how; None if it is valid."""
    found = spf_macro.problem(text)
    if found is not None:
        return found
    if spf_macro.at_end(text):
        return None
    head, dot, label = text.removesuffix(".").rpartition(".")
    if not dot:
        return 0, "is not a whole domain name, such as _spf.example.com (RFC 7208 §7.1)"
    plain = label.replace("-", "")
    if not plain.isalnum() or label.isdigit() or label[:1] == "-" or label[-1:] == "-":
        return len(head) + 1, f"ends in {quoted(label)}, which is not a top-level domain (RFC 7208 §7.1)"
    return None


class _TermError(Exception):
    """A fault of a term, with its place in the term, counted from 0."""

    def __init__(self, offset: int, problem: str) -> None:
        self.offset = offset
        super().__init__(problem)


def _placed(word: str, position: int, error: _TermError) -> str:
    return f"has a syntax error at position {position + error.offset}: the term {quoted(word, 40)} {error}"


def _repeated(terms: Iterable[tuple[Term, int]]) -> Iterator[str]:
    seen: set[str] = set()
    for term, position in terms:
        if isinstance(term, Modifier) and term.name in MODIFIERS:
            if term.name in seen:
                yield f"has a second {term.name}= at position {position}; at most one is allowed (RFC 7208 §6)"
            seen.add(term.name)


@lru_cache(maxsize=4096)  # every domain's record has the same few words
def _term(word: str) -> Term:
    match = _TERM.fullmatch(word) if word.isascii() and word.isprintable() else None
    if match is None:
        raise _malformed(word)
    qualifier, name, separator, rest = match.groups()
    name = name.lower()
    if separator == "=":
        return _modifier(qualifier, name, rest, len(word) - len(rest))
    if name not in MECHANISMS:
        if name in MODIFIERS:
            raise _TermError(len(qualifier), f"is a modifier; write {name}=<domain> (RFC 7208 §6)")
        hint = "; a modifier is written name=value" if separator is None else ""
        raise _TermError(
            len(qualifier),
            f"is not a mechanism; write {', '.join(MECHANISMS[:-1])} or {MECHANISMS[-1]}{hint} (RFC 7208 §5)",
        )
    start = len(word) - len(rest) if separator else len(word)
    if name in ("ip4", "ip6"):
        if separator != ":":
            raise _TermError(start, f"names no address; write {name}:<address> (RFC 7208 §5.6)")
        return _network(name, qualifier or "+", rest, start)
    if name not in _TAKES_DOMAIN:
        if separator:
            raise _TermError(start - 1, "takes no argument; write it alone (RFC 7208 §5.1)")
        return Mechanism(name, qualifier or "+")
    return _with_domain(name, qualifier or "+", (separator or "") + (rest or ""), len(qualifier + name))


def _malformed(word: str) -> _TermError:
    for offset, character in enumerate(word):
        if not "!" <= character <= "~":
            shown = describe_character(character)
            return _TermError(
                offset, f"has {shown} in it; terms are printable ASCII, separated by spaces (RFC 7208 §12)"
            )
    start = 1 if word[0] in "+-~?" else 0
    end = start
    while end < len(word) and (word[end].isalnum() or word[end] in "-_."):
        end += 1
    if end == start:
        return _TermError(start, "has no name; write a mechanism or a modifier (RFC 7208 §4.6.1)")
    if not word[start].isalpha():
        return _TermError(start, "does not begin with a letter, as names do (RFC 7208 §12)")
    return _TermError(end, f"has {quoted(word[end])} after its name; only ':', '/' or '=' may follow (RFC 7208 §12)")


def _modifier(qualifier: str, name: str, value: str, start: int) -> Modifier:
    if qualifier:
        raise _TermError(0, f"has the qualifier {quoted(qualifier)}, but a modifier takes none (RFC 7208 §4.6.1)")
    if name in MODIFIERS:
        if not value:
            raise _TermError(start, f"names no domain; write {name}=<domain> (RFC 7208 §6)")
        found = domain_spec_problem(value)
    else:
        found = spf_macro.problem(value)
    if found is not None:
        raise _TermError(start + found[0], found[1])
    return Modifier(name, value)


def _with_domain(name: str, qualifier: str, argument: str, start: int) -> Mechanism:
    """Return ``include``, ``a``, ``mx``, ``ptr`` or ``exists``; ``argument`` has its colon, or slash, in front."""
    ip4, ip6 = 32, 128
    if name in ("a", "mx") and (lengths := _LENGTHS.search(argument)):
        ip4 = _length(lengths[1], 32, start + lengths.start(1))
        ip6 = _length(lengths[2], 128, start + lengths.start(2))
        argument = argument[: lengths.start()]
    if argument[:1] == "/":
        may = (
            "a prefix length such as /24 or /24//64 may follow" if name in ("a", "mx") else "only :<domain> may follow"
        )
        raise _TermError(start, f"has {quoted(argument, 20)} where {may} (RFC 7208 §12)")
    if not argument and name not in _NEEDS_DOMAIN:
        return Mechanism(name, qualifier, None, None, ip4, ip6)
    domain = argument[1:]
    if not domain:
        raise _TermError(start, f"names no domain; write {name}:<domain> (RFC 7208 §5)")
    found = domain_spec_problem(domain)
    if found is not None:
        raise _TermError(start + 1 + found[0], found[1])
    return Mechanism(name, qualifier, domain, None, ip4, ip6)


def _length(digits: str | None, most: int, offset: int) -> int:
    if digits is None:
        return most
    if digits[0] == "0" and digits != "0":
        raise _TermError(offset, f"has the prefix length /{digits[:8]} with a zero in front (RFC 7208 §12)")
    if len(digits) > 3 or int(digits) > most:
        raise _TermError(offset, f"has the prefix length /{digits[:8]}; at most /{most} is possible (RFC 7208 §5.6)")
    return int(digits)


def _network(name: str, qualifier: str, text: str, start: int) -> Mechanism:
    address, slash, digits = text.partition("/")
    if not _is_address(name, address):
        example = "192.0.2.0/24" if name == "ip4" else "2001:db8::/32"
        raise _TermError(start, f"has no {name} address; write one such as {name}:{example} (RFC 7208 §5.6)")
    if not slash:
        return Mechanism(name, qualifier, None, address)
    most, at = _MOST[name], start + len(address) + 1
    if not digits.isdigit():
        raise _TermError(at, f"has no number after '/'; write /0 to /{most} (RFC 7208 §5.6)")
    length = _length(digits, most, at)
    if name == "ip4":
        return Mechanism(name, qualifier, None, address, ip4_length=length)
    return Mechanism(name, qualifier, None, address, ip6_length=length)


def _is_address(name: str, text: str) -> bool:
    if name == "ip4":
        return _IP4.fullmatch(text) is not None
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return "%" not in text  # ipaddress takes scopes (RFC 4007 §11), SPF does not
