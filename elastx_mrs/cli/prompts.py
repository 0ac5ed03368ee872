"""Questions on a terminal. They use standard error, so standard output has only the command's result."""

import sys
import termios
import textwrap
from contextlib import suppress
from typing import TextIO

import click

from elastx_mrs import limits
from elastx_mrs.cli.terminal import columns
from elastx_mrs.display import visible_lines
from elastx_mrs.reading import await_input


class Terminal:
    """Asks questions on a terminal. Ctrl-C, or the end of the input, ends the command."""

    @staticmethod
    def there() -> bool:
        """Return whether there is a terminal to ask on."""
        return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))

    def say(self, text: str) -> None:
        """Show a paragraph, wrapped at the terminal's width."""
        width = paragraph_width(sys.stderr)
        for line in visible_lines(text):
            indent = " " * (len(line) - len(line.lstrip(" ")))
            click.echo(wrapped(line.strip(), width, indent), err=True)

    def line(self, prompt: str) -> str:
        """Return one line, without its end. Octets that are not UTF-8 become surrogates, which every check refuses.

        :raises click.Abort: at the end of the input.
        """
        click.echo(prompt, nl=False, err=True)
        await_input(sys.stdin.fileno())
        typed = sys.stdin.buffer.readline(limits.PASTED.most)
        if not typed:
            raise click.Abort
        return typed.decode(errors="surrogateescape").removesuffix("\n")

    def forget(self) -> None:
        """Discard input that is already typed."""
        with suppress(termios.error, OSError):
            termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)

    def agrees(self, question: str, *, default: bool) -> bool:
        """Return whether the answer is yes; an empty one is the default."""
        answers = {"y": True, "yes": True, "n": False, "no": False, "": default}
        prompt = wrapped(f"{question} [{'Y/n' if default else 'y/N'}]:", paragraph_width(sys.stderr) - 2)
        while True:
            typed = self.line(f"{prompt} ").strip().lower()
            if typed in answers:
                return answers[typed]
            self.say("Answer y or n.")


def paragraph_width(stream: TextIO) -> int:
    """Return the columns of a paragraph on a stream."""
    return min(columns(stream) or WIDEST, WIDEST)


def wrapped(line: str, width: int, indent: str = "") -> str:
    """Return a line wrapped to a width. It never breaks a word, so names and addresses can be copied."""
    below = f"{indent}  " if indent else ""
    return textwrap.fill(
        line,
        width,
        initial_indent=indent,
        subsequent_indent=below,
        break_long_words=False,
        break_on_hyphens=False,
    )


WIDEST = 100
"""The most columns of a paragraph, because longer lines are hard to read."""
