"""What the options of ``elastx-mrs init`` say: names, answers, and the publisher."""

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
from elastx_mrs.scaffold.plan import name_problem, project_name, project_problem


def named(text: str, folder: Path) -> tuple[str, str]:
    """Return the names of project and stack; without a project's, that of the folder."""
    project, slash, stack = text.rpartition("/")
    if not slash:
        project = project_name(folder)
    if problem := project_problem(project) or name_problem(stack):
        raise BadInput(f"--stack {quoted(text)}: {problem}; write STACK or PROJECT/STACK")
    return project, stack


def answers_of(
    domains: Sequence[str], accounts: Sequence[str], dkim: str, publisher: str | None, settings: Sequence[str]
) -> Answers:
    """Return what the options say, once all of it is right."""
    provider = _provider(publisher) if publisher is not None else None
    given = dict(_setting(provider, text) for text in settings)
    answers = Answers(list(domains), list(accounts), dkim, provider, given)
    if found := faults_so_far(answers):
        raise failure(found)
    for said in warnings(answers.mail, "dkim") if dkim else ():
        click.echo(visible(f"warning: --dkim: {said.remark.text}"), err=True)
    return answers


def failure(found: Sequence[Fault]) -> ConfigFailure:
    """Return the error that names faults by the options that they are about."""
    return ConfigFailure((f"{_option(one.path)}: {one.problem}" for one in found), len(found))


def _option(path: str) -> str:
    """Return the option that a path of the answers is given by."""
    name, index = re.fullmatch(r"(\w+)(?:\[(\d+)\])?.*", path).groups()  # type: ignore[union-attr]
    option = {"domains": "--domain", "accounts": "--account", "dkim": "--dkim"}.get(name)
    if option is None:
        return f"--setting {path.partition('.')[2]}".rstrip()
    return option + (f" (number {int(index) + 1})" if index else "")


def _providers() -> Sequence[Provider]:
    try:
        return registry.every()
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
    key, equals, value = text.partition("=")
    if not equals:
        # The value may be a secret that was meant for another option.
        raise BadInput(f"--setting: has no =; write KEY=VALUE, such as {_example(provider)}")
    return key, value_of(provider, key, value)


def _example(provider: Provider) -> str:
    return next((f"{one.key}={one.example}" for one in questions(provider) if one.example), "key=value")


def publishers_for(language: str) -> Sequence[Provider]:
    """Return the publishers that a program in this language can use: the plugin has no other package's."""
    plugin = programs.LANGUAGES[language].plugin
    return [one for one in _providers() if one.name in registry.BUILT_IN or not plugin]
