"""The options of ``elastx-mrs init``: names, answers, and the publisher."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from elastx_mrs import registry
from elastx_mrs.cli.arguments import ConfigFailure
from elastx_mrs.cli.inputs import BadInput
from elastx_mrs.config.rules import Fault
from elastx_mrs.display import any_of, quoted, visible
from elastx_mrs.registry import Provider
from elastx_mrs.scaffold import programs
from elastx_mrs.scaffold.answers import Answers, faults_so_far, questions, value_of, warnings
from elastx_mrs.scaffold.by_hand import BY_HAND
from elastx_mrs.scaffold.plan import name_problem, project_name, project_problem


def named(text: str, folder: Path) -> tuple[str, str]:
    """Return the names of project and stack; the default for the project is the folder's name."""
    project, slash, stack = text.rpartition("/")
    if not slash:
        project = project_name(folder)
    if problem := project_problem(project) or name_problem(stack):
        raise BadInput(f"--stack {quoted(text)}: {problem}; write STACK or PROJECT/STACK")
    return project, stack


def answers_of(
    domains: Sequence[str], accounts: Sequence[str], dkim: str, publisher: str | None, settings: Sequence[str]
) -> Answers:
    """Return the answers in the options.

    :raises ConfigFailure: if one of them is wrong.
    """
    provider = _provider(publisher) if publisher is not None else None
    given = dict(_setting(provider, text) for text in settings)
    answers = Answers(list(domains), list(accounts), dkim, provider, given)
    if found := faults_so_far(answers):
        raise failure(found)
    for said in warnings(answers.mail, "dkim") if dkim else ():
        click.echo(visible(f"warning: --dkim: {said.remark.text}"), err=True)
    return answers


def failure(found: Sequence[Fault]) -> ConfigFailure:
    """Return the error for some faults, each with the option that it is about."""
    return ConfigFailure((f"{_option(one.path)}: {one.problem}" for one in found), len(found))


def _option(path: str) -> str:
    """Return the option for a path of the answers."""
    name, index = re.fullmatch(r"(\w+)(?:\[(\d+)\])?.*", path).groups()  # type: ignore[union-attr]
    option = {"domains": "--domain", "accounts": "--account", "dkim": "--dkim"}.get(name)
    if option is None:
        return f"--setting {path.partition('.')[2]}".rstrip()
    return option + (f" (number {int(index) + 1})" if index else "")


def _providers() -> Sequence[Provider]:
    try:
        return [*registry.every(), BY_HAND]
    except registry.RegistryError as error:
        raise BadInput(str(error)) from None


def _provider(name: str) -> Provider:
    known = {one.name: one for one in _providers()}
    if name not in known:
        raise BadInput(f"--publisher {quoted(name)}: is not a publisher; write {any_of([*known])}")
    return known[name]


def _setting(provider: Provider | None, text: str) -> tuple[str, Any]:
    if provider is None:
        raise BadInput("--setting: needs a publisher; add --publisher NAME")
    if provider is BY_HAND:
        raise BadInput(f"--setting: {provider.name} has no settings; remove this option")
    key, equals, value = text.partition("=")
    if not equals:
        # The text is not repeated: it may be a secret that was meant for another option.
        raise BadInput(f"--setting: has no =; write KEY=VALUE, such as {_example(provider)}")
    return key, value_of(provider, key, value)


def _example(provider: Provider) -> str:
    return next((f"{one.key}={one.example}" for one in questions(provider) if one.example), "key=value")


def publishers_for(language: str) -> Sequence[Provider]:
    """Return the publishers for a program in this language: the plugin has only the built-in ones."""
    plugin = programs.LANGUAGES[language].plugin
    return [one for one in _providers() if one is BY_HAND or one.name in registry.BUILT_IN or not plugin]
