r"""Escape and quote text for the people and the machines that display it. Every such escape of the project is here.

One rule decides how text is shown:

- Text of a person, a file or a mail is shown as it is, in UTF-8: ``§`` and ``Ö`` stay readable.
- A character that a reader cannot see, or that hides or moves others, is shown as ``<U+XXXX>``. These are control
  characters, line ends, bidi overrides, zero-width and other format characters, fillers, every space but the ASCII
  one, and unpaired surrogates.
- An octet that is not text is shown as ``\DDD``, as in a zone file (RFC 1035 §5.1). Values from DNS have no character
  set, so :func:`show` does that for each of their octets outside printable ASCII. In other text these are the octets
  that are not UTF-8; Python keeps them as U+DC80 to U+DCFF (PEP 383).

Code that puts foreign text into a sentence calls :func:`quoted` or :func:`show`. Code that prints a line calls
:func:`visible` on the whole line; text that is visible already does not change.

The presentation format of DNS itself is not display: :mod:`elastx_mrs.records.text` writes and reads it.
"""

import codecs
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

UNENCODABLE = "elastx_mrs.unencodable"
"""The error handler of a stream whose encoding lacks a character, such as ``…`` in ISO 8859-1: it is ``<U+2026>``."""

MOST_QUOTED = 80
"""Characters of foreign text that a sentence quotes."""

_FILLERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Printable to Python and shown as nothing: Unicode's Default_Ignorable_Code_Point, and the empty Braille pattern."""

_OCTETS = tuple(
    f"\\{octet:03d}" if not 0x20 <= octet <= 0x7E else "\\\\" if octet == 0x5C else chr(octet) for octet in range(256)
)
"""Each octet of DNS as :func:`show` has it."""

_RUNNER_ANYWHERE = re.compile(r"#(?=\[)(?<=##)")
_RUNNER_AT_START = re.compile(r"^( *):(?=:[A-Za-z-]+(?: .*?)?::)")
"""What GitHub's runner obeys in the log of a job: ``##[command]`` in any place, ``::command::`` at a line's start.

Source: actions/runner, src/Runner.Common/ActionCommand.cs, TryParse and TryParseV2.
"""

_PROSE = re.compile(
    r"""["'(]*(?:[^\W\d_]+(?:['/-][^\W\d_]+)*|§*[0-9]{1,6}(?:\.[0-9]{1,4})*)["')]*[.,;:?…]*["')]*|[—…→]""",
)
"""A word that no Markdown renderer, and neither GitHub nor GitLab, makes anything of."""

_PAUSE = re.compile(r"(?<=[^\W_])[,;:.]\Z")
"""The punctuation of the sentence after a word that is code."""


def show(octets: bytes) -> str:
    r"""Return octets of DNS: those outside printable ASCII as ``\DDD``, a backslash as ``\\`` (RFC 1035 §5.1)."""
    return "".join([_OCTETS[octet] for octet in octets])  # anybody may publish 64 kB, a hundred times


def mail_text(octets: bytes) -> str:
    r"""Return octets of a mail or of a mail server: UTF-8 (RFC 6532 §3.2), an octet that is not UTF-8 as ``\DDD``.

    Control characters stay as they are; :func:`visible` shows them.
    """
    text = octets.decode("utf-8", "surrogateescape")
    if octets.isascii():
        return text
    return "".join(_shown(c) if "\udc80" <= c <= "\udcff" else c for c in text)


def visible(text: str) -> str:
    """Return one line that shows all of the text, for a terminal, a log, or a comment in a file.

    Each character that does not show is ``<U+XXXX>``. A command to GitHub's runner is broken up in the same way.
    """
    if not text.isprintable() or not (text.isascii() or _FILLERS.search(text) is None):
        text = "".join(map(_shown, text))
    if "##[" in text:
        text = _RUNNER_ANYWHERE.sub("<U+0023>", text)
    return _RUNNER_AT_START.sub(r"\1<U+003A>", text) if text.lstrip(" ").startswith("::") else text


def visible_lines(text: str) -> list[str]:
    """Return the lines of a text, at least one, each of them visible."""
    return [visible(line) for line in text.splitlines()] or [""]


def quoted(text: str, most: int = MOST_QUOTED) -> str:
    """Return text in quotes, visible and cut, for a sentence.

    :param most: characters; a longer text ends in ``…``.
    """
    mark = '"' if "'" in text and '"' not in text else "'"
    return f"{mark}{visible(text[:most])}{'…' if len(text) > most else ''}{mark}"


def some(texts: Sequence[str], most: int) -> str:
    """Return the first texts of a list, and how many more there are: ``a, b and 3 more``."""
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return f"{', '.join(texts[:most])}{more}"


def counted(number: int, what: str) -> str:
    """Return a number with its noun, in the singular for one."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def any_of(texts: Sequence[str]) -> str:
    """Return texts to choose from: ``a, b or c``."""
    return " or ".join(filter(None, (", ".join(texts[:-1]), *texts[-1:])))


def all_quoted(values: Iterable[bytes | str]) -> str:
    """Return TXT values in quotes with "and" between, for a sentence; octets as :func:`show`, text as it is."""
    return " and ".join(f"'{show(value) if isinstance(value, bytes) else value}'" for value in values)


def describe_character(character: str) -> str:
    r"""Return a character with its code point, such as ``'å' (U+00E5)``; alone the code point where it does not show.

    An octet that is not text is ``the octet \DDD``.
    """
    shown = _shown(character)
    if shown != character:
        return f"the octet {shown}" if shown.startswith("\\") else shown.strip("<>")
    return f"{character!r} (U+{ord(character):04X})"


def first_hidden(text: str) -> int | None:
    """Return where the first character stands that does not show, counted from 0; None if all of the text shows."""
    if text.isascii() and text.isprintable():
        return None
    return next((at for at, character in enumerate(text) if _shown(character) != character), None)


def comment_line(text: str, mark: str = "#") -> str:
    """Return a comment of YAML, a shell or a zone file, with its line end. The text cannot leave it.

    :param mark: what begins a comment, such as ``#`` or ``;``.
    """
    return f"{mark} {visible(text)}\n"


def markdown_code(text: str) -> str:
    """Return text as a code span (CommonMark §6.1) outside a table, where nothing in it means anything."""
    return _code_span(visible(text))


def markdown_cell_code(text: str) -> str:
    r"""Return text as a code span inside a table (GitHub Flavored Markdown §4.10), where a bar would end the cell.

    A backslash before a bar is ``<U+005C>``, because renderers differ on ``\\|``.
    """
    return _cell_span(visible(text))


def html_code(text: str) -> str:
    """Return text as a ``code`` element of HTML, for the one line of a page of Markdown that has to be HTML."""
    import html  # its table of entities is large, and every command starts with this module

    return f"<code>{html.escape(visible(text))}</code>"


def html_text(text: str) -> str:
    """Return text for the content of an element of HTML or XML; an attribute needs its quotes escaped, too."""
    import html

    return html.escape(visible(text), quote=False)


def markdown_text(text: str) -> str:
    """Return a sentence for Markdown outside a table.

    Words stay words. Whatever a renderer could read as markup, a link, a mention or a reference becomes code: GitHub
    and GitLab look for mentions after rendering, when a backslash in front of ``@`` is gone.
    """
    return _sentence(text, _code_span)


def markdown_cell_text(text: str) -> str:
    """Return a sentence for a cell of a Markdown table, as :func:`markdown_text`."""
    return _sentence(text, _cell_span)


def markdown_block(lines: Iterable[str]) -> str:
    """Return lines as a fenced code block (CommonMark §4.5), whose fence is longer than every run of backquotes."""
    shown = [visible(line) for line in lines]
    fence = "`" * max(3, 1 + max(map(_longest_run, shown), default=0))
    return "\n".join([f"{fence}text", *shown, fence]) + "\n"


def github_command(level: Literal["error", "warning", "notice"], message: str, **properties: str | int | None) -> str:
    """Return a workflow command for GitHub Actions, which shows it as an annotation beside the lines of a change.

    :param properties: ``file``, ``line``, ``col``, ``title``; those that are None are left out.
    """
    given = ",".join(f"{name}={_percent(str(value), ':,')}" for name, value in properties.items() if value is not None)
    return f"::{level} {given}".rstrip() + f"::{_percent(message)}"


def _shown(character: str) -> str:
    if character.isprintable() and _FILLERS.match(character) is None:
        return character
    if "\udc80" <= character <= "\udcff":
        return f"\\{ord(character) - 0xDC00:03d}"
    return f"<U+{ord(character):04X}>"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0) if "`" in text else 0


def _code_span(shown: str) -> str:
    fence = "`" * (_longest_run(shown) + 1)
    # A renderer takes one space from each side, but not where there are only spaces (CommonMark §6.1).
    if "`" in (shown[:1], shown[-1:]) or (shown.strip(" ") and shown[0] == shown[-1] == " "):
        return f"{fence} {shown} {fence}"
    return f"{fence}{shown or ' '}{fence}"


def _cell_span(shown: str) -> str:
    return _code_span(re.sub(r"\\(?=\|)", "<U+005C>", shown).replace("|", "\\|"))


def _sentence(text: str, code: Callable[[str], str]) -> str:
    parts: list[str] = []
    odd: list[str] = []
    for word in [*visible(text).strip(" ").split(" "), None]:
        if word is not None and _PROSE.fullmatch(word) is None and (word or odd):
            odd.append(word)
            continue
        if odd:
            said = " ".join(odd)
            end = _PAUSE.search(said)
            cut = end.start() if end else len(said)
            parts.append(code(said[:cut]) + said[cut:])
            odd = []
        if word is not None:
            parts.append(word)
    # A number at the start would begin a list.
    return re.sub(r"^([0-9]+)([.)])", r"\1\\\2", " ".join(parts))


def _percent(text: str, more: str = "") -> str:
    escaped = f"%\r\n{more}"
    return "".join(f"%{ord(c):02X}" if c in escaped else _shown(c) for c in text)


def _unencodable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(f"<U+{ord(c):04X}>" for c in error.object[error.start : error.end]), error.end


codecs.register_error(UNENCODABLE, _unencodable)
