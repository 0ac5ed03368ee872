"""A mistyped command or option: the error says which one was meant."""

import click
import pytest

from elastx_mrs.cli.group import Group
from elastx_mrs.cli.main import main
from tests.cli.commands import COMMANDS, completed, found


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("record", "No such command 'record'. Did you mean 'records'?"),
        ("verifyy example.com", "No such command 'verifyy'. Did you mean 'verify'?"),
        ("Verify", "No such command 'Verify'. Did you mean 'verify'?"),
        ("config chek", "No such command 'chek'. Did you mean 'check'?"),  # codespell:ignore chek
        ("rfc2136 plicy", "No such command 'plicy'. Did you mean 'policy'?"),
        ("xyz", "No such command 'xyz'. The commands are adopt, completion, config,"),
        ("config xyz", "No such command 'xyz'. The commands are check, schema."),
        ("xx\u202exx", "No such command 'xx<U+202E>xx'. The commands are"),
        ("--verison", "'--version'"),
        ("verify --nameservr 192.0.2.1", "No such option '--nameservr'. Did you mean '--nameserver'?"),
        ("config check --strit x", "No such option '--strit'. Did you mean '--strict'?"),
        ("records --accounts a@b.se", "No such option '--accounts'. Did you mean '--account'?"),
    ],
)
def test_the_error_says_what_was_meant(words: str, message: str) -> None:
    done = completed(*words.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert message in " ".join(done.stderr.split())


def test_every_command_is_suggested_for_a_letter_too_few() -> None:
    for words in COMMANDS:
        *before, name = words
        done = completed(*before, name[:-2] + name[-1])
        assert f"Did you mean {name!r}?" in done.stderr, done.stderr


def test_every_group_suggests() -> None:
    groups = [found(words[:1]) for words in COMMANDS if len(words) > 1]
    assert isinstance(main, Group)
    assert groups
    assert all(isinstance(one, Group) for one in groups if isinstance(one, click.Group))
