"""Reads a saved message: its header fields in order, its body and its From address."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from elastx_mrs import limits
from elastx_mrs.display import mail_text, quoted, visible
from elastx_mrs.message import body
from elastx_mrs.message.addresses import addresses, path
from elastx_mrs.records import RecordError, names

_FIELD = re.compile(rb"([!-9;-~]+)([ \t]*):")
"""A header field; white space before the colon is obsolete, but accepted (RFC 5322 §4.5.8)."""
_LINE_END = re.compile(rb"\r\n|\r|\n")
SAVE = "save the message as it was received (“show original”, “view source”, .eml)"
_OTHERS = (
    (b"\xd0\xcf\x11\xe0", "is an Outlook .msg file"),
    (b"\xff\xfe", "is UTF-16 text"),
    (b"\xfe\xff", "is UTF-16 text"),
    (b"\x1f\x8b", "is compressed"),
    (b"PK\x03\x04", "is a ZIP file"),
    (b"%PDF", "is a PDF file"),
)


class NotAMessage(ValueError):  # noqa: N818 - it describes the file
    """The file is not a message that can be checked; the text continues a line that begins with the file's name."""


@dataclass(frozen=True)
class RawField:
    """A header field as it was signed, with white space before its colon, and CRLF line ends."""

    name: bytes
    value: bytes


@dataclass(frozen=True)
class Message:
    """A message.

    :param raw: its header fields from the top.
    :param content: the text after the header's empty line, unchanged.
    :param fields: the lower-case name and the unfolded value of each header field, from the top.
    :param sender: the address in its From field, with the domain as A-labels.
    """

    raw: tuple[RawField, ...]
    content: bytes
    fields: tuple[tuple[str, str], ...]
    sender: str

    @cached_property
    def body(self) -> bytes:
        """The body with CRLF line ends; if it has no LF at all, CR ends lines."""
        if b"\n" not in self.content:
            return self.content.replace(b"\r", b"\r\n")
        return self.content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")

    @cached_property
    def simple(self) -> bytes:
        """The body in the canonical form ``simple``."""
        return body.simple(self.body)

    @cached_property
    def relaxed(self) -> bytes:
        """The body in the canonical form ``relaxed``."""
        return body.relaxed(self.body)

    @property
    def domain(self) -> str:
        """The domain that DMARC is about (RFC 9989 §4.1: the Author Domain)."""
        return self.sender.rpartition("@")[2]

    def all(self, name: str) -> list[str]:
        """Return the values of a header field, the topmost first."""
        return [value for field, value in self.fields if field == name]

    @property
    def return_path(self) -> str | None:
        """The envelope's sender, as recorded by the receiver (RFC 5321 §4.4); empty for ``<>``, None if missing."""
        found = self.all("return-path")
        # Never cut: without its end, an address would have another domain.
        return path(found[0]) if found and len(found[0]) <= limits.MESSAGE_ADDRESSES.most else None


def read(octets: bytes) -> Message:
    """Return the message in a file, with or without mbox's ``From `` line, and with any line ends.

    :raises NotAMessage: if it is something else, which the error names.
    """
    _refuse_other_things(octets)
    octets = octets.removeprefix(b"\xef\xbb\xbf")
    if octets.startswith(b"From ") and _FIELD.match(octets) is None:
        octets = b"".join(_LINE_END.split(octets, maxsplit=1)[1:])
    raw, end = _header(octets)
    fields = tuple((_name(field), mail_text(field.value.replace(b"\r\n", b"")).strip()) for field in raw)
    return Message(raw, octets[end:], fields, _sender([value for name, value in fields if name == "from"]))


def _refuse_other_things(octets: bytes) -> None:
    if len(octets) > limits.MESSAGE.most:
        raise NotAMessage(f"is over {limits.MESSAGE.text}; {SAVE}, and nothing else")
    if not octets.strip():
        raise NotAMessage(f"is empty; {SAVE}")
    for start, what in _OTHERS:
        if octets.startswith(start):
            raise NotAMessage(f"{what}, not a message; {SAVE}")
    if octets.lstrip()[:1] == b"<":
        raise NotAMessage(f"is HTML or XML, not a message; {SAVE}")


def _header(octets: bytes) -> tuple[tuple[RawField, ...], int]:
    """Return the header fields (RFC 5322 §2.2), and the position of the body."""
    found: list[tuple[bytes, list[bytes]]] = []
    for number, (line, end) in enumerate(_lines(octets), start=1):
        if end > limits.MESSAGE_HEADER.most:
            raise NotAMessage(f"has a header of over {limits.MESSAGE_HEADER.text}; {SAVE}, and nothing else")
        if not line:
            if not found:
                raise NotAMessage(f"begins with an empty line instead of a header (RFC 5322 §2.1); {SAVE}")
            return tuple(RawField(name, b"\r\n".join([*parts, b""])) for name, parts in found), end
        if b"\0" in line:
            raise NotAMessage(f"is binary: line {number} has a NUL in it; {SAVE}")
        if line[:1] in b" \t" and found:
            found[-1][1].append(line)
            continue
        field = _FIELD.match(line)
        if field is None:
            what = f"line {number} is {quoted(mail_text(line[:160]), 40)}"
            kind = "is not a message" if not found else "has a broken header"
            raise NotAMessage(f"{kind}: {what}, not a header field such as From: (RFC 5322 §2.2); {SAVE}")
        if len(found) == limits.MESSAGE_FIELDS.most:
            raise NotAMessage(f"has over {limits.MESSAGE_FIELDS.text} in its header; {SAVE}, and nothing else")
        found.append((field.group(1) + field.group(2), [line[field.end() :]]))
    raise NotAMessage(f"ends before the empty line after its header (RFC 5322 §2.1): it is cut off; {SAVE}, whole")


def _lines(octets: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield each line with the position of the next one; there is no empty line at the end of the file."""
    begin = 0
    while found := _LINE_END.search(octets, begin):
        yield octets[begin : found.start()], found.end()
        begin = found.end()
    if begin < len(octets):
        yield octets[begin:], len(octets)


def _name(field: RawField) -> str:
    return field.name.rstrip(b" \t").decode("ascii").lower()


def _sender(found: list[str]) -> str:
    """Return the address of the only From field; DMARC needs exactly one domain (RFC 5322 §3.6, RFC 9989 §4.1)."""
    if len(found) != 1:
        what = f"has {len(found)} From fields" if found else "has no From field"
        raise NotAMessage(f"{what}; a message has one (RFC 5322 §3.6), and receivers refuse others")
    if len(found[0]) > limits.MESSAGE_ADDRESSES.most:
        raise NotAMessage(f"has a From field of over {limits.MESSAGE_ADDRESSES.text}; {SAVE}")
    senders = addresses(found[0])
    shown = quoted(found[0])
    if not senders:
        raise NotAMessage(f"has a From field without a readable address: {shown} (RFC 5322 §3.6.2)")
    try:
        domains = {names.mail_domain(address.domain) for address in senders}
    except RecordError as error:
        raise NotAMessage(f"is from {shown}, whose domain {error}") from None
    if len(domains) > 1:
        raise NotAMessage(f"is from several domains: {shown}; DMARC needs a single one (RFC 9989 §4.1)")
    return f"{visible(senders[0].local)}@{domains.pop()}"
