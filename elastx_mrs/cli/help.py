"""The layout of help: examples get a heading, and commands are grouped by their purpose.

``toolchain.command_docs`` generates ``docs/cli.md`` and the manual page from the same texts, with :func:`parts`.
"""

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

EXAMPLES = "Examples:"
"""The heading of the first block of a command's help, which has commands to type."""

SECTIONS: Mapping[str, Sequence[str]] = {
    "To start": ("init", "adopt", "lab"),
    "Before a deployment": ("config", "doctor", "records", "review", "rfc2136"),
    "After a deployment": ("verify", "smtp", "message"),
    "At any time": ("spf", "dkim", "completion"),
}
"""The commands, grouped by when you need them."""


class Part(NamedTuple):
    """A paragraph of a help text, or a block whose lines stay as they are."""

    text: str
    is_block: bool


def parts(text: str) -> Iterator[Part]:
    """Yield the paragraphs of a docstring or an epilog, and its blocks, which begin with a backspace for click."""
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(text)):
        if paragraph.startswith("\b"):
            yield Part(paragraph.removeprefix("\b").strip("\n"), is_block=True)
        elif paragraph.strip():
            yield Part(" ".join(paragraph.split()), is_block=False)


def taught(text: str) -> str:
    """Return a command's help with a heading above its examples, which are the first block with commands."""
    text = inspect.cleandoc(text)
    head, mark, rest = text.partition("\b\n")
    if not re.match(r"[a-z]", rest) or "elastx-mrs" not in rest.partition("\n")[0]:
        return text
    block, *after = rest.split("\n\n", 1)
    lines = "\n".join(f"  {line}" for line in block.splitlines())
    return "\n\n".join([f"{head}{mark}{EXAMPLES}\n{lines}", *after])
