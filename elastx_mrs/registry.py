"""The DNS providers, and how each describes itself.

The built-in ones are listed here. Another package adds one with an entry point of the group ``elastx_mrs.publishers``.
The entry point's name is the key in a config, and its value is the module with the provider's settings. That module has
a :class:`Provider` as ``PROVIDER``. Every command reads it, so it must not import Pulumi or use the network. Config,
checks, schemas and the reference iterate over the providers, and know none of them by name.
"""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, Literal, NamedTuple

from elastx_mrs.start import Start

GROUP = "elastx_mrs.publishers"
"""The group of the entry points."""

BUILT_IN: Mapping[str, str] = {
    "cloudflare": "elastx_mrs.publish.cloudflare.settings",
    "rfc2136": "elastx_mrs.publish.rfc2136.settings",
    "route53": "elastx_mrs.publish.route53.settings",
    "octodns": "elastx_mrs.publish.octodns.settings",
}
"""The module of each built-in provider, by the provider's key in a config."""

Problem = tuple[str, str]
"""A path in the config, and a message."""


class RegistryError(Exception):
    """A provider of an installed package cannot be used; the message names it, the reason and what to do."""


class StackKey(NamedTuple):
    """A key of the stack's config that a provider reads when it publishes, and no program sees.

    :param kind: ``secret`` is one key or token, ``secrets`` is several by name, ``names`` is a list of owner names.
    :param description: for the schemas and the reference, in Markdown.
    :param cure: the steps after a secret was committed in plain text, before the command that encrypts the new one.
    :param example: a value of the key, for the reference.
    """

    name: str
    kind: Literal["secret", "secrets", "names"]
    description: str
    cure: str = ""
    example: Any = None


def _no_faults(settings: Any, domains: Sequence[str], program: bool) -> Iterable[Problem]:
    return ()


def _any_ttl(ttl: int) -> str | None:
    return None


def _no_stand_in(path: tuple[str | int, ...], name: str) -> Any:
    return None


def _none_open(settings: Any) -> Iterable[Problem]:
    return ()


def _as_given(settings: Mapping[str, Any], absent: Any) -> Mapping[str, Any]:
    return settings


def _one_place(settings: Any, domain: str) -> str:
    return ""


def _not_known(waited: float) -> str:
    return ""


@dataclass(frozen=True, eq=False, repr=False)
class Provider:
    """A DNS provider, as its module ``settings`` describes it.

    :param name: its key in a config: lower-case letters and digits.
    :param model: the pydantic model of its settings.
    :param description: the purpose of the key, for the schemas and the reference.
    :param factory: the function that returns the publisher for an
        :class:`elastx_mrs.publish.publisher.Setup`, as ``module:function``. It is loaded only to publish records.
    :param examine: the function that examines a stack for ``elastx-mrs doctor``, as ``module:function``. It turns an
        :class:`elastx_mrs.publish.examination.Subject` into a sequence of
        :class:`elastx_mrs.publish.examination.Examination`. Empty if there is nothing to examine.
    :param extra: the extra of elastx-mrs with the packages that it needs; empty for none.
    :param zones: the function that tells which zones the provider has, as ``module:function``. It turns an
        :class:`elastx_mrs.publish.publisher.Setup` into an :class:`elastx_mrs.publish.held.Held`, and is called only
        if a config names several providers. Without it, only domains with ``publish`` can be published there.
    :param may_be_empty: whether ``{}`` names the provider. For others, Pulumi uses ``{}`` for a key without a value.
    :param faults: yields the faults of well-formed settings, given the sender domains, and whether a program wrote
        them.
    :param ttl_problem: returns a message about an invalid TTL in seconds, or None.
    :param at_update: the purpose of the settings at publishing time. They are read there too, and a stack's file may
        have them even if the program names the domains. Empty if only the program has them.
    :param stack_only: keys of the settings that only the stack's config may have, for publishing time.
    :param stack_keys: further keys of the stack's config, for publishing time.
    :param open_secrets: secrets of other namespaces, by key, each with what to do after one was committed in plain
        text.
    :param in_plain_text: yields what is secret in settings as a stack's file has them, and readable there: each with
        its path, and with what to do.
    :param stand_in: returns a replacement for an encrypted value, given its path below the provider's key and a name
        that nobody owns; None if any value will do.
    :param elsewhere: completes settings of a stack's file if the program has the other half, given a replacement for
        missing values. The part in the file can then be checked.
    :param outputs: keys of the settings whose values may be known only after something else is deployed.
    :param place: returns where a domain's records are published, as text. Two components that publish the same name in
        the same place overwrite each other.
    :param waits: returns a note on how long a record may still take, given the seconds so far.
    :param hints: the JSON Schema for the values of a validator. It never refuses more than the validator.
    :param start: how a project begins to publish here.
    """

    name: str
    model: type[Any]
    description: str
    factory: str
    examine: str = ""
    extra: str = ""
    zones: str = ""
    may_be_empty: bool = False
    faults: Callable[[Any, Sequence[str], bool], Iterable[Problem]] = _no_faults
    ttl_problem: Callable[[int], str | None] = _any_ttl
    at_update: str = ""
    stack_only: Sequence[str] = ()
    stack_keys: Sequence[StackKey] = ()
    open_secrets: Mapping[str, str] = field(default_factory=dict)
    in_plain_text: Callable[[Any], Iterable[Problem]] = _none_open
    stand_in: Callable[[tuple[str | int, ...], str], Any] = _no_stand_in
    elsewhere: Callable[[Mapping[str, Any], Any], Mapping[str, Any]] = _as_given
    outputs: Sequence[str] = ()
    place: Callable[[Any, str], str] = _one_place
    waits: Callable[[float], str] = _not_known
    hints: Mapping[Callable[..., Any], Mapping[str, Any]] = field(default_factory=dict)
    start: Start = field(default_factory=Start)

    @property
    def adopts_by_config(self) -> bool:
        """Whether a key of the config takes over what is published, and not an import."""
        return any(key.kind == "names" for key in self.stack_keys)

    def make(self, setup: Any) -> Any:
        """Return the publisher.

        :param setup: an :class:`elastx_mrs.publish.publisher.Setup`.
        """
        return _function(self.factory)(setup)

    def held(self, setup: Any) -> Any:
        """Return the zones that the provider has; None if it does not tell.

        :param setup: as for :meth:`make`, with the domains whose zones are looked for.
        """
        return _function(self.zones)(setup) if self.zones else None

    def examinations(self, subject: Any) -> Sequence[Any]:
        """Return what ``elastx-mrs doctor`` examines.

        :param subject: an :class:`elastx_mrs.publish.examination.Subject`.
        """
        found: Sequence[Any] = _function(self.examine)(subject) if self.examine else ()
        return found


def _function(path: str) -> Callable[..., Any]:
    """Return the function at ``module:function``."""
    module, _, function = path.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found


def providers(keys: Iterable[str] = ()) -> tuple[Provider, ...]:
    """Return the built-in providers, and those of other packages that a config names.

    Reading the entry points of all installed packages takes 6 ms, so it happens only for unknown keys.

    :param keys: of a config, without its namespace; keys that are not providers are ignored.
    :raises RegistryError: if a named provider cannot be used.
    """
    unknown = [key for key in keys if key not in BUILT_IN]
    added = installed() if unknown else {}
    return (*map(_built_in, BUILT_IN), *(_loaded(name, added[name]) for name in added if name in unknown))


def beside(name: str, module: str) -> ModuleType:
    """Return a module that stands beside a provider's settings, without loading those.

    :raises RegistryError: where no installed package brings the provider.
    """
    settings = BUILT_IN.get(name) or installed().get(name)
    if settings is None:
        raise RegistryError(f"there is no provider {name}; install the package that brings it")
    return import_module(f"{settings.rpartition('.')[0]}.{module}")


def every() -> tuple[Provider, ...]:
    """Return the built-in providers, and all that other packages bring. Raises as :func:`providers`."""
    return providers(installed())


def package_of(name: str) -> str:
    """Return the name of a provider's package; empty for a built-in provider."""
    from importlib.metadata import entry_points

    brought = [one.dist.name for one in entry_points(group=GROUP, name=name) if one.dist is not None]
    return brought[0] if brought and name not in BUILT_IN else ""


def installed() -> Mapping[str, str]:
    """Return the modules of other packages' providers, by name, sorted.

    :raises RegistryError: if a name is built in, or two packages have it.
    """
    return _installed(tuple(sys.path))


@cache
def _installed(path: tuple[str, ...]) -> Mapping[str, str]:
    """Return the same for Python's folders of packages, which are read once."""
    from importlib.metadata import entry_points

    found: dict[str, str] = {}
    for one in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        package = one.dist.name if one.dist is not None else one.value
        if one.name in BUILT_IN:
            raise RegistryError(f"the package {package} brings a provider {one.name}, which is built in; uninstall it")
        if found.setdefault(one.name, one.value) != one.value:
            raise RegistryError(
                f"two packages bring a provider {one.name}: {found[one.name]} and {one.value}; uninstall one of them"
            )
    return found


def names() -> list[str]:
    """Return the keys of the providers, other packages' last. If one of these cannot be used, all are left out."""
    try:
        return [*BUILT_IN, *installed()]
    except RegistryError:
        return list(BUILT_IN)


def may_be_empty(key: str) -> bool:
    """Return whether ``{}`` is a value of a key, because it names a provider that needs no settings."""
    try:
        return any(provider.may_be_empty for provider in providers([key]) if provider.name == key)
    except RegistryError:  # reported when the config is read
        return False


@cache
def _built_in(name: str) -> Provider:
    found: Provider = import_module(BUILT_IN[name]).PROVIDER
    return found


@cache
def _loaded(name: str, module: str) -> Provider:
    try:
        found = import_module(module).PROVIDER
    except Exception as error:  # somebody else's code
        raise RegistryError(
            f"the provider {name} cannot be loaded from {module}: {type(error).__name__}: {error}; "
            "ask the maintainer of its package"
        ) from error
    if not isinstance(found, Provider) or found.name != name:
        raise RegistryError(
            f"the provider {name}: {module}.PROVIDER does not describe it; ask its package's maintainer"
        )
    return found
