"""One word for one thing: the names of options and of formats, and the keys of JSON, are the same in every command."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import click
import pytest

from elastx_mrs.cli import options
from elastx_mrs.cli.views.finding import seen_and_fix
from tests.cli.commands import COMMANDS, DNS, MAIL, World, ended, found
from toolchain.prose import check

READ = tuple(f"elastx_mrs/{folder}/" for folder in ("config", "receiver", "records", "stackfile"))
"""The code whose messages become ``seen`` and ``fix``."""

OLD_KEYS = {"cure", "do", "problem", "reason_", "remedy"}
"""What ``fix`` and ``seen`` were called in one command or another."""

BY_PULUMI = {"--stack"}
"""Has Pulumi's own meaning, a name or project/name, of which a command takes what it can use."""

JSON = [
    ("config", "check", "{broken}"),
    ("doctor", "--stack-config", "{servers}", *DNS),
    ("message", "{changed}", *DNS),
    ("review", "{removed}"),
    (*MAIL, "{plain}"),
    ("spf", "bad.com", *DNS),
    ("verify", "--stack-config", "{wrong}", *DNS),
]
"""Commands that find something wrong."""


def every_option() -> Iterator[tuple[str, click.Option]]:
    for words in COMMANDS:
        for parameter in found(words).params:
            if isinstance(parameter, click.Option):
                yield " ".join(words), parameter


def test_an_option_means_the_same_in_every_command() -> None:
    meanings: dict[str, set[tuple[str, str | None, bool, str]]] = defaultdict(set)
    for _, option in every_option():
        kind = option.type.name if not isinstance(option.type, click.Choice) else "choice"
        for name in set(option.opts) - BY_PULUMI:
            meanings[name].add((str(option.help), option.metavar, option.multiple, kind))
    assert {name: several for name, several in meanings.items() if len(several) > 1} == {}


def test_a_format_has_one_name() -> None:
    offered: set[str] = set()
    for command, option in every_option():
        if option.name == "format_":
            assert isinstance(option.type, click.Choice)
            assert {"text", "json"} <= set(option.type.choices), command
            offered |= set(option.type.choices)
    assert offered <= set(options.FORMATS)


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for below in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys(below)


@pytest.mark.parametrize("arguments", JSON, ids=lambda arguments: " ".join(arguments[:2]))
def test_a_finding_has_the_same_keys_in_every_command(world: World, arguments: tuple[str, ...]) -> None:
    result = world.run(*arguments, "--format", "json")
    assert ended(result) in (0, 1, 3)
    used = set(keys(json.loads(result.stdout)))
    assert not used & OLD_KEYS
    assert arguments[0] == "review" or {"seen", "fix"} <= used


def test_every_command_with_json_is_in_the_list_above() -> None:
    with_json = {command.split()[0] for command, option in every_option() if option.name == "format_"}
    assert with_json - {"records"} == {arguments[0] for arguments in JSON}, "records finds nothing"


@pytest.mark.parametrize(
    ("problem", "seen", "fix"),
    [
        ("is missing; write it", "is missing", "write it"),
        ("is not a key here; did you mean dkim?", "is not a key here", "did you mean dkim?"),
        ("says p=none; write p=quarantine; or p=reject", "says p=none", "write p=quarantine; or p=reject"),
        ("has ptr twice; the second does nothing", "has ptr twice; the second does nothing", ""),
        ("is 'v=DMARC1; p=none'", "is 'v=DMARC1; p=none'", ""),
    ],
)
def test_a_message_has_two_halves(problem: str, seen: str, fix: str) -> None:
    assert seen_and_fix(problem) == {"seen": seen, "fix": fix}


NO_FIX = {
    "a",
    "an",
    "are",
    "at",
    "each",
    "for",
    "is",
    "it",
    "its",
    "labels",
    "mail",
    "only",
    "over",
    "p",
    "terms",
    "the",
    "this",
}
NO_FIX |= {"they", "those", "whose"}
"""How the second half of a message may begin that only explains the first one."""


def test_every_fix_in_a_message_is_found() -> None:
    """A message whose second half begins with a word that is in neither list."""
    begun = {
        word: sentence.text
        for path in sorted(check.files())
        if path.startswith(READ) and not path.endswith("/environment.py")  # descriptions
        for sentence in check.sentences_of(path)
        for word in re.findall(r"; ([a-z]+)\b", sentence.text)
    }
    unknown = {
        word: text for word, text in begun.items() if word not in NO_FIX and not seen_and_fix(f"x; {word} y")["fix"]
    }
    assert not unknown


def test_an_option_is_no_secret_s_name() -> None:
    """``--key`` was a name while ``ELASTX_MRS_RFC2136_KEY`` is a secret."""
    assert not {name for _, option in every_option() for name in option.opts} & {"--key", "--password", "--token"}
