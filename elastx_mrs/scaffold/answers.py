"""The answers that a project needs, checked by the config's rules."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.alias_generators import to_camel

from elastx_mrs.config.model import Arguments
from elastx_mrs.config.parse import ConfigError, parse
from elastx_mrs.config.remarks import Said, remarks
from elastx_mrs.config.rules import Fault
from elastx_mrs.registry import Provider
from elastx_mrs.scaffold import by_hand
from elastx_mrs.start import Question

_PLACEHOLDERS: Mapping[str, Any] = {
    "accounts": ["somebody@example.com"],
    "domains": ["example.invalid"],
    "dkim": {"external": True},
}
"""Valid values in place of answers that are still missing."""


@dataclass
class Answers:
    """A user's answers, as typed; empty if missing.

    :ivar settings: the publisher's, by key in camelCase.
    """

    domains: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    dkim: str = ""
    provider: Provider | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def mail(self) -> dict[str, Any]:
        """The answers about mail, as a config."""
        config = {"accounts": self.accounts, "domains": self.domains, "dkim": self.dkim}
        return {key: value for key, value in config.items() if value}

    @property
    def given(self) -> dict[str, Any]:
        """All answers, as a config."""
        return self.mail | ({self.provider.name: _written(self.provider, self.settings)} if self.provider else {})

    def arguments(self) -> Arguments:
        """Return the answers about mail, parsed as a config; missing answers get a valid placeholder.

        :raises ConfigError: if an answer is wrong.
        """
        return whole({**_PLACEHOLDERS, **self.mail})


def names_of(answers: Answers) -> list[str]:
    """Return the domains as A-labels."""
    return [domain.name for domain in answers.arguments().domains]


def faults(given: Mapping[str, Any], *, program: bool = False) -> list[Fault]:
    """Return the errors in the given answers, by the config's rules.

    :param program: whether the publisher's settings are in a program, which may not name a server.
    """
    try:
        parse({**_PLACEHOLDERS, **given}, camel_case=True, publisher=False, program=program)
    except ConfigError as error:
        return list(error.faults)
    return []


def faults_so_far(answers: Answers) -> list[Fault]:
    """Return the errors in the answers; missing settings of the publisher are not errors yet."""
    found = faults(answers.given)
    if answers.provider is None:
        return found
    own = f"{answers.provider.name}."
    named = [_named(answers.provider, answers.settings, one) for one in found]
    left = [one for one in named if not one.path.startswith(own) or _first(one.path[len(own) :]) in answers.settings]
    return [*left, *_secrets(answers.provider, answers.settings)]


def normal(key: str, text: str) -> str:
    """Return the normal form of a domain or an account; an invalid one stays as it is.

    :param key: ``domains`` or ``accounts``.
    """
    try:
        found = whole({**_PLACEHOLDERS, key: [text]})
    except ConfigError:
        return text
    return found.domains[0].name if key == "domains" else found.accounts[0]


def problems(given: Mapping[str, Any], path: str) -> list[str]:
    """Return the errors at or below one path of the answers, such as ``domains[1]``."""
    return [fault.problem for fault in faults(given) if _is_at(fault.path, path)]


def warnings(given: Mapping[str, Any], path: str) -> list[Said]:
    """Return the warnings about one path of valid answers."""
    said = remarks(whole({**_PLACEHOLDERS, **given}))
    return [one for one in said if one.remark.level == "warning" and _is_at(one.path, path)]


def whole(given: Mapping[str, Any]) -> Arguments:
    """Return the answers, parsed as a config.

    :raises ConfigError: if an answer is wrong.
    """
    return parse(given, camel_case=True, publisher=False)


def questions(provider: Provider) -> Sequence[Question]:
    """Return the questions of a provider; if it has none, one for each required setting."""
    if provider.start.questions:
        return provider.start.questions
    required = [name for name, one in provider.model.model_fields.items() if one.is_required()]
    return [Question(to_camel(name), f"required by {provider.name}", "") for name in required]


def required(answers: Answers, provider: Provider) -> set[str]:
    """Return the required settings that are missing."""
    found = faults(answers.mail | {provider.name: _written(provider, answers.settings)})
    missing = {_named(provider, answers.settings, one).path for one in found}
    return {one.key for one in questions(provider) if f"{provider.name}.{one.key}" in missing} - {*answers.settings}


def value_of(provider: Provider, key: str, text: str) -> Any:
    """Return the value of a setting in the type of its key: text, a boolean, or a list split at commas and spaces."""
    named = {to_camel(name): one.annotation for name, one in provider.model.model_fields.items()}
    text = text.strip()
    if _is_list(named.get(key)) or any(one.zones and one.key == key for one in questions(provider)):
        return text.replace(",", " ").split()
    return {"true": True, "false": False}.get(text, text) if named.get(key) is bool else text


def _written(provider: Provider, settings: Mapping[str, Any]) -> Any:
    """Return the value of the provider's key in a config."""
    return by_hand.value_of(provider, provider.start.settings(settings))


def _named(provider: Provider, settings: Mapping[str, Any], fault: Fault) -> Fault:
    """Return a fault at the path of the setting in the question. The fault itself may be deeper in the config."""
    own = f"{provider.name}."
    parts = re.split(r"[.\[]", fault.path.removeprefix(own))
    known = {*settings, *(one.key for one in questions(provider))}
    if not fault.path.startswith(own) or parts[0] in known:
        return fault
    return Fault(own + next((one for one in parts if one in known), parts[0]), fault.problem)


def _secrets(provider: Provider, settings: Mapping[str, Any]) -> list[Fault]:
    """Return the settings that hold a secret: a project has none of them in its files."""
    what = "is a secret, and init writes none; write the variable that has it, such as env/NAME"
    found = [path for path, _ in provider.in_plain_text(_written(provider, settings))]
    return [Fault(f"{provider.name}.{path.rpartition('.')[2]}", what) for path in found]


def _first(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _is_at(path: str, wanted: str) -> bool:
    return path == wanted or path.startswith((f"{wanted}.", f"{wanted}["))


def _is_list(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _is_list(get_args(annotation)[0])
    return origin is list or (origin in (Union, UnionType) and any(map(_is_list, get_args(annotation))))
