"""How a project begins to publish at a DNS provider: what ``elastx-mrs init`` asks for, writes and prints."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


def _always(answers: Mapping[str, Any]) -> bool:
    return True


class Question(NamedTuple):
    """A setting that ``elastx-mrs init`` asks for and writes, unless it is left empty.

    :param key: in the stack's config, in camelCase.
    :param text: a description, for the prompt and for the comment next to it.
    :param example: a value, as people type it; for a list, with commas.
    :param zones: whether it lists the zones of the domains, which ``init`` then proposes.
    :param applies: returns whether it is asked, given the answers so far.
    """

    key: str
    text: str
    example: str
    zones: bool = False
    applies: Callable[[Mapping[str, Any]], bool] = _always


class Needs(NamedTuple):
    """What a project needs because of its settings.

    :param packages: for pip, next to elastx-mrs.
    :param credentials: as of :class:`Start`.
    :param notes: comments below the settings, a line each.
    """

    packages: Sequence[str] = ()
    credentials: Sequence[str] = ()
    notes: Sequence[str] = ()


def _as_answered(answers: Mapping[str, Any]) -> Mapping[str, Any]:
    return answers


def _nothing_more(settings: Mapping[str, Any]) -> Needs:
    return Needs()


@dataclass(frozen=True)
class Start:
    """How a project begins to publish here, for ``elastx-mrs init``.

    :param questions: the settings that most users need. Without any, ``init`` asks for the required ones.
    :param credentials: the variables to set before the first ``up``, a line each with its content. One line may begin
        with several of them, such as ``KEY or KEY_FILE: …``, of which one is enough.
    :param extra: the extra of elastx-mrs that it needs.
    :param take_over: the commands that take over existing records, if no key of the config does; ``{file}`` is the
        stack's file.
    :param settings: returns the settings for the answers, where they are not the same.
    :param needs: returns what a project with some settings needs.
    """

    questions: Sequence[Question] = ()
    credentials: Sequence[str] = ()
    extra: str = ""
    take_over: Sequence[str] = ()
    settings: Callable[[Mapping[str, Any]], Mapping[str, Any]] = _as_answered
    needs: Callable[[Mapping[str, Any]], Needs] = _nothing_more
