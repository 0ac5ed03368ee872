r"""Reads the pasted SPF, DKIM and DMARC records of a config, in every form with one meaning.

- a bare value, also wrapped by a terminal or an editor;
- quoted strings, with a zone file's brackets and escapes (RFC 1035 §5.1);
- a line of a zone file, of ``dig``, ``host``, ``nslookup`` or ``nsupdate``;
- a whole answer with comments and other records, if exactly one record is of the right kind.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from elastx_mrs import limits
from elastx_mrs.display import describe_character, quoted
from elastx_mrs.records.names import MAX_NAME
from elastx_mrs.records.record import RecordError
from elastx_mrs.records.text import join, parse

_AROUND = re.compile(
    r"\(?\.{2,3}\)?|[$#>%](?:\s.*)?|\$(?:TTL|INCLUDE|GENERATE)\s.*|```\w*"
    r"|(?:Server|Address|Name|Aliases):.*|(?:Non-)?authoritative answers?\b.*",
    re.IGNORECASE,
)
"""A line around a record: an omission such as ``(..)``, a prompt, a directive, a fence, the head of nslookup's."""
_OF_NSUPDATE = re.compile(r"(?:server|zone|key|local|class|ttl|prereq|show|send|answer|quit)\b(?!=).*")
_DELETES = re.compile(r"(?:>\s*)?(?:update\s+)?del(?:ete)?\s.*", re.IGNORECASE)
_ADDS = re.compile(r"(?:>\s*)?(?:update\s+)?add\s+", re.IGNORECASE)
_ORIGIN = re.compile(r"\$ORIGIN\s+(\S+)", re.IGNORECASE)
_OF_HOST = re.compile(r"(?P<owner>[^\s\"=]+)\s+(?:descriptive\s+text\s+(?=\")|text\s*=(?:\s+(?=\")|\s*$))")
"""A line of ``host`` or of ``nslookup``."""
_LINE_END = re.compile(r"\r\n|\r|\n")

_TTL = r"[0-9]+(?:[smhdwSMHDW][0-9smhdwSMHDW]*)?"
_OWNER = r"(?P<owner>[^\s\"=;()]+)\s+"
_MIDDLE = rf"(?P<middle>(?:(?:{_TTL}|IN)\s+){{0,2}})"
_TXT_LINE = re.compile(rf"(?:{_OWNER})??{_MIDDLE}(?P<type>TXT)\s+(?=\S)", re.IGNORECASE)
_OTHER_LINE = re.compile(
    rf"{_OWNER}{_MIDDLE}(?P<type>A|AAAA|CAA|CNAME|DNAME|DNSKEY|DS|HINFO|HTTPS|MX|NAPTR|NS|NSEC3?|PTR|RRSIG|SOA|SPF|SRV"
    r"|SSHFP|SVCB|TLSA)\s+(?=\S)",
    re.IGNORECASE,
)
_TAG = re.compile(r";\s*[A-Za-z]+\s*=\s*\S")
"""The beginning of a line of a wrapped value that looks like a comment: ``; p=MIIB``."""
_PIECE = re.compile(r'(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<outside>[^\s();"]+)|[\s()]+|;[^\n]*', re.DOTALL)
"""A piece of a zone file after the type (RFC 1035 §5.1). It fails to match only if a quote is never closed."""

UNCLOSED = "has a quote that is never closed: the end of the value is missing; paste the whole value"


class Pasted(str):
    """A record's value, and the unused parts of the pasted text.

    :param owner: the owner name of its line, in lower case and without a final dot; empty if there was none.
    :param extra: the unused parts, such as ``its TTL``.
    """

    owner: str
    extra: tuple[str, ...]

    def __new__(cls, value: str, owner: str = "", extra: Sequence[str] = ()) -> "Pasted":
        """Return the value with its owner name and the unused parts."""
        made = super().__new__(cls, value)
        made.owner, made.extra = owner, tuple(extra)
        return made


@dataclass
class _Found:
    """One record, or a value without an owner.

    :param type: in upper case; empty for a value alone.
    :param ttl: whether it had one.
    :param quotes: whether there are quotes in it.
    """

    type: str = ""
    owner: str = ""
    ttl: bool = False
    lines: list[str] = field(default_factory=list)
    quotes: bool = False

    def add(self, line: str) -> None:
        self.lines.append(line)
        self.quotes = self.quotes or '"' in line

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def unpasted(text: str, name: str, is_kind: Callable[[str], bool], selector: str = "") -> Pasted:
    """Return the value of the only record in a text, without line ends and surrounding white space.

    :param name: the kind of record, for messages: ``SPF``, ``DKIM`` or ``DMARC``.
    :param is_kind: returns whether a value is of that kind.
    :param selector: of several DKIM keys, choose the one with this selector.
    :raises RecordError: if there is no such record, or more than one; if a quote is never closed; if there is text
        outside the quotes.
    """
    if len(text) > limits.PASTED.most:
        raise RecordError(f"has more than {limits.PASTED.text}; paste the {name} record alone")
    text = _without_quotes(text)
    if is_kind(text) and text.isascii() and text.isprintable() and "\\" not in text:
        return Pasted(text)  # a quote in it is one of its own
    found = _records(text, name)
    if not found[0].type:
        value = _value(found[0].text)
        if not is_kind(value) and (chosen := _of_short_answer(found[0].text, is_kind)):
            return Pasted(chosen, extra=["other records"])
        return Pasted(value)
    texts = [one for one in found if one.type == "TXT"]
    if not texts or any(one.type == "CNAME" for one in found):
        raise RecordError(_no_text(found, name))
    values = {id(one): _value(one.text) for one in texts}
    wanted = [one for one in texts if is_kind(values[id(one)])] if len(texts) > 1 else texts
    if selector and len(wanted) > 1:
        wanted = [one for one in wanted if one.owner.startswith(f"{selector}._domainkey")] or wanted
    if len({(values[id(one)], one.owner) for one in wanted}) != 1:
        raise RecordError(_not_one(len(wanted), len(texts), name))
    one = wanted[0]
    extra = ["its TTL"] * one.ttl + ["other records"] * (len(found) > 1)
    return Pasted(values[id(one)], one.owner, extra)


def is_of(owner: str, prefix: str, domain: str) -> bool:
    """Return whether a pasted owner name fits a domain's record: the whole name, or one relative to a zone.

    :param prefix: the labels before the domain, such as ``_dmarc``; empty for SPF.
    :param domain: as A-labels.
    """
    wanted = f"{prefix}.{domain}" if prefix else domain
    return owner in ("", "@") or wanted == owner or wanted.startswith(f"{owner}.")


def _records(text: str, name: str) -> list[_Found]:
    """Return the records of a text, at least one; a value alone is a record without a type."""
    found: list[_Found] = []
    origin = ""
    for line in _logical_lines(text):
        last = found[-1] if found else None
        if begun := _begun(line.lstrip()):
            one, rest = begun
            one.owner = _whole(one.owner, origin) or (last.owner if last else "")
            if last is not None and not last.type:
                before = quoted(last.text.strip(), 40)
                raise RecordError(f"has {before} in front of the {name} record; paste the record alone")
            one.add(rest)
            found.append(one)
        elif matched := _ORIGIN.match(line.lstrip()):
            origin = matched[1].lower().rstrip(".")[: 2 * MAX_NAME]  # one that is too long stays so
        elif _is_around(line.strip(), last):
            continue
        else:
            if last is None:
                found.append(last := _Found())
            last.add(line)
    if not found:
        raise RecordError(f"has no {name} record in it; paste the value")
    return found


def _is_around(line: str, last: _Found | None) -> bool:
    """Return whether a stripped line is only around records, and not a part of one."""
    if line.startswith(";"):
        return last is None or last.quotes or _TAG.match(line) is None
    if not line or _AROUND.fullmatch(line) or _DELETES.fullmatch(line):
        return True
    return bool(_OF_NSUPDATE.fullmatch(line)) and (last is None or last.type != "")


def _logical_lines(text: str) -> Iterator[str]:
    """Yield lines. Lines within quotes or brackets are joined."""
    lines: list[str] = []
    in_quotes, depth = False, 0
    for line in _LINE_END.split(text):
        lines.append(line)
        if in_quotes or depth or not line.lstrip().startswith(";"):
            in_quotes, depth = _open_after(line, in_quotes, depth)
        if not in_quotes and depth <= 0:
            yield "\n".join(lines)
            lines, depth = [], 0
    if in_quotes:
        raise RecordError(UNCLOSED)
    if lines:
        yield "\n".join(lines)


def _open_after(line: str, in_quotes: bool, depth: int) -> tuple[bool, int]:
    """Return whether a quote is open at a line's end, and how many brackets are. Comments do not count."""
    escaped = False
    quotes_seen = in_quotes or '"' in line or depth > 0
    for character in line:
        if escaped or character == "\\":
            escaped = not escaped
        elif character == '"':
            in_quotes = not in_quotes
        elif not in_quotes and character == ";" and quotes_seen:
            break
        elif not in_quotes and character in "()":
            depth += 1 if character == "(" else -1
    return in_quotes, depth


def _begun(line: str) -> tuple[_Found, str] | None:
    """Return the record that begins on a line, and the text after its type; None if no record begins there."""
    if host := _OF_HOST.match(line):
        return _Found("TXT", host["owner"]), line[host.end() :]
    added = _ADDS.match(line)
    start = line[added.end() :] if added else line
    match = _TXT_LINE.match(start) or _OTHER_LINE.match(start)
    if match is None:
        return None
    type_, owner = match["type"].upper(), match["owner"] or ""
    if type_ != "TXT" and not match["middle"] and not owner.endswith("."):  # "a mx -all" is wrapped SPF
        return None
    has_ttl = re.search(r"[0-9]", match["middle"]) is not None
    return _Found(type_, f"{owner}." if added and owner else owner, has_ttl), start[match.end() :]


def _whole(owner: str, origin: str) -> str:
    """Return an owner name in lower case without a final dot. A relative name is below the zone file's origin."""
    name = owner.lower()
    if not origin or not name or name.endswith("."):
        return name.rstrip(".")
    return origin if name == "@" else f"{name}.{origin}"


def _without_quotes(text: str) -> str:
    """Return a text without the white space and the shell's quotes around it."""
    text = text.strip()
    shell = len(text) > 1 and text[0] == text[-1] and text[0] in "'`" and text[0] != text[1]
    return text[1:-1].strip() if shell else text


def _of_short_answer(text: str, is_kind: Callable[[str], bool]) -> str | None:
    """Return the only value of the kind in an answer of ``dig +short``, which has a record on each line."""
    lines = [line for line in text.splitlines() if line.lstrip().startswith('"')]
    values = [value for value in map(_value, lines if len(lines) > 1 else []) if is_kind(value)]
    return values[0] if len(values) == 1 else None


def _no_text(found: Sequence[_Found], name: str) -> str:
    if any(one.type == "CNAME" for one in found):
        return (
            "is a CNAME record; write the value of the TXT record, or external: true if the target's owner publishes it"
        )
    return f"is a {found[0].type} record; {name} is a TXT record"


def _not_one(wanted: int, texts: int, name: str) -> str:
    if wanted:
        return f"is several records; write one, because receivers accept only one {name} record"
    return f"has {texts} TXT records, and none of them is {name}; paste the {name} record"


def _value(text: str) -> str:
    """Return the strings joined and unescaped, without brackets, comments, tabs and line ends."""
    if '"' not in text:
        bare = text.strip()
        bare = bare[1:].strip().removesuffix(")") if bare.startswith("(") else bare
        return re.sub(r"[ \t\r\n]+", _space, bare.replace("\\;", ";")).strip()
    strings: list[bytes] = []
    position = 0
    while position < len(text):
        piece = _PIECE.match(text, position)
        if piece is None:
            raise RecordError(UNCLOSED)
        if piece["outside"]:
            raise RecordError(f"has {quoted(piece['outside'], 20)} outside its quotes; quote all of it or none")
        if piece["quoted"]:
            strings += parse(_ascii(piece["quoted"]))
        position = piece.end()
    value = join(strings).decode("utf-8", errors="surrogateescape")
    return re.sub(r"[ \t\r\n]+", _space, value).strip(" ")


def _ascii(text: str) -> str:
    for character in text:
        if character > "\x7f":
            raise RecordError(f"has {describe_character(character)} in it; only printable ASCII can be published")
    return text


def _space(run: re.Match[str]) -> str:
    """Return spaces unchanged. White space with a tab or a line end becomes one space."""
    return " " if run[0].strip(" ") else run[0]
