"""How messages are read, on runs that are played: what is told is what is done, and what tells nothing is a failure."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.kill.healing import Healing, NotHealedError


@dataclass
class Played:
    """A stack whose runs say what they are to say; none left is a success.

    :ivar ran: each command's arguments, and what it adopts.
    """

    directory: Path
    said: list[str]
    ran: list[tuple[str, str]] = field(default_factory=list)

    def pulumi(self, *arguments: str, check: bool, **environment: str) -> subprocess.CompletedProcess[str]:
        options = [one for one in arguments if one not in ("--yes", "--skip-preview", "--stack", "test")]
        self.ran.append((" ".join(options), environment.get("ELASTX_MRS_ADOPT", "")))
        if arguments[0] == "cancel" or not self.said:
            return subprocess.CompletedProcess([], 0, "", "")
        return subprocess.CompletedProcess([], 255, self.said.pop(0), "")


def healed(tmp_path: Path, *said: str) -> list[tuple[str, str]]:
    (tmp_path / "project").mkdir()
    played: Any = Played(tmp_path / "project", list(said))
    Healing(played, ("up",), by_file=True).heal()
    ran: list[tuple[str, str]] = played.ran
    return ran


LOCKED = (
    "error: the stack is currently locked by 1 lock(s). Either wait … or delete the lock file with `pulumi cancel`."
)


def adopt(owner: str) -> str:
    return f"… or to take it over, run once more with ELASTX_MRS_ADOPT={owner} (several such: with commas between)"


def test_a_lock_is_cancelled(tmp_path: Path) -> None:
    assert healed(tmp_path, LOCKED) == [("up", ""), ("cancel", ""), ("up", "")]


def test_owner_names_are_adopted_and_those_of_an_earlier_run_with_them(tmp_path: Path) -> None:
    ran = healed(tmp_path, adopt("b.example.com") + adopt("_dmarc.b.example.com"), adopt("a.example.com"))
    assert [adopting for _, adopting in ran] == [
        "",
        "_dmarc.b.example.com,b.example.com",
        "_dmarc.b.example.com,a.example.com,b.example.com",
    ]


def test_a_refresh_is_for_the_next_run_alone(tmp_path: Path) -> None:
    ran = healed(tmp_path, "the record is gone already, run: pulumi up --refresh", "run pulumi up again")
    assert ran == [("up", ""), ("up --refresh", ""), ("up", "")]


def test_an_empty_attributes_file_is_removed(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    for name, content in (("test.json", "{}"), ("test.json.attrs", ""), ("other.json.attrs", "{}")):
        (state / name).write_text(content)
    healed(tmp_path, "error: failed to load checkpoint: EOF")
    assert {path.name for path in state.iterdir()} == {"test.json", "other.json.attrs"}


def test_what_says_nothing_that_helps_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(NotHealedError, match="nothing that was said"):
        healed(tmp_path, "error: something else")


def test_what_never_heals_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(NotHealedError, match="not healed after 12 runs"):
        healed(tmp_path, *[LOCKED] * 20)
