"""``MailRelay``: the component that joins the steps. Records are computed, declared with a publisher, and verified."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import pulumi

from elastx_mrs import notices, registry
from elastx_mrs.component import outputs
from elastx_mrs.component.args import MailRelayArgs
from elastx_mrs.component.declared import listed, rivals
from elastx_mrs.component.engine import registrations_first
from elastx_mrs.component.verification import Verification, value_in_state, verified
from elastx_mrs.component.waiting import Records
from elastx_mrs.config.environment import GUARD
from elastx_mrs.config.model import Arguments
from elastx_mrs.config.modes import Mode, of_run
from elastx_mrs.config.parse import ConfigError, parse, parse_stack
from elastx_mrs.config.plain_text import as_in_the_file, in_plain_text
from elastx_mrs.config.remarks import acknowledged, remarks
from elastx_mrs.config.rules import OR_EXTERNAL, no_publisher
from elastx_mrs.display import visible_lines
from elastx_mrs.extras import NotInstalledError
from elastx_mrs.identity import COMPONENT_TYPE, NAMESPACE
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.vantage import Run, Vantage, Vantages
from elastx_mrs.publish.clock import Clock
from elastx_mrs.publish.guard.guard import Guard, Memory, binding, hook
from elastx_mrs.publish.publisher import Publisher, Resource, Settles, Setup
from elastx_mrs.publish.sdk import is_mocked, untraced
from elastx_mrs.records import RecordError, TxtRecord, names
from elastx_mrs.service import Smtp
from elastx_mrs.verify import plan


class MailRelay(pulumi.ComponentResource):
    """Every DNS record that Elastx Mail Relay needs, for some accounts and sender domains.

    :param name: the component's name. Each record is called ``<name>-<domain>-<kind>``.
    :param args: accounts, domains and a publisher, such as ``cloudflare`` or ``rfc2136``. Each key of
        :class:`MailRelayArgs` has its own description. The result of :func:`stack_config` works too, and so does any
        other dictionary: ``cast("MailRelayArgs", args)`` satisfies a type checker.
    :param opts: the options of every Pulumi component.
    :param publisher: your own publisher, for a DNS provider that is not built in; ``args`` must then name none.
    :raises pulumi.RunError: if ``args`` has errors, before anything is declared. It names each error's place.
    """

    smtp: Smtp
    """The server to which your programs send mail: host, port and starttls."""

    records: list[TxtRecord]
    """The records that must be in DNS, in the order of the domains; somebody else publishes those with ``external``."""

    verification: pulumi.Output[Verification]
    """The domains, grouped by the mode of their verification. An ``up`` sets it after verification."""

    def __init__(
        self,
        name: str,
        args: MailRelayArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        publisher: Publisher | None = None,
    ) -> None:
        own = publisher is not None
        try:
            registry.installed()  # refuse a provider that is installed twice, even if the config does not use it
            given = cast("Mapping[str, Any] | Arguments", args)  # with a union, checkers do not find the wrong key
            arguments = given if isinstance(given, Arguments) else _parsed(given, publisher=not own)
        except (ConfigError, registry.RegistryError) as error:
            raise pulumi.RunError(f"{name}: {error}") from None
        if problem := _publisher_problem(arguments, own=own):
            raise pulumi.RunError(f"{name}: {problem}")
        modes = _modes(arguments)
        self.records = arguments.required()
        by_name = {record.resource(name): record for record in self.records if not record.external}
        twice = _rivals(name, arguments, [*by_name.values()], publisher, modes)
        super().__init__(COMPONENT_TYPE, name, None, opts)
        self.smtp = arguments.service.smtp
        for said in remarks(arguments):
            _log(said.remark.level, str(said), self)
        if known := acknowledged(arguments):
            _log("notice", notices.acknowledged(known), self)
        for text in [*map(str, in_plain_text(arguments.providers, _in_the_stacks_file)), *twice]:
            _log("warning", text, self)
        waiting = self._waiting(arguments)
        nothing: dict[str, pulumi.Output[str]] = {}
        published: Callable[[str], pulumi.Output[str]] = nothing.__getitem__
        if by_name:
            publisher = publisher or self._publisher(arguments, modes, waiting)
            published = self._declare(arguments, modes, publisher, by_name, waiting)
        settled = publisher.settled if isinstance(publisher, Settles) else None
        self.verification = verified(arguments, by_name, published, self._say, settled)
        self.register_outputs({"smtp": self.smtp, "verification": self.verification})
        registrations_first()

    def _declare(
        self,
        arguments: Arguments,
        modes: Mapping[str, Mode],
        publisher: Publisher,
        by_name: Mapping[str, TxtRecord],
        waiting: Records,
    ) -> Callable[[str], pulumi.Output[str]]:
        """Declare the records; return the function that returns the value that a resource has in the state."""
        resources: dict[str, pulumi.CustomResource] = {}
        guard = self._guard(arguments, modes, publisher, by_name, resources)
        registered = hook(guard, self.pulumi_resource_name, waiting.hold) if guard is not None else None
        for resource, record in by_name.items():
            hooks = binding(registered, record, shared=publisher.shares_ttl) if registered is not None else None
            options = pulumi.ResourceOptions(parent=self, hooks=hooks)
            with untraced:
                resources[resource] = publisher.declare(resource, record, options)
            waiting.watch(resource, resources[resource])
        return lambda resource: value_in_state(publisher, resources[resource])

    def _guard(
        self,
        arguments: Arguments,
        modes: Mapping[str, Mode],
        publisher: Publisher,
        by_name: Mapping[str, TxtRecord],
        resources: Mapping[str, pulumi.Resource],
    ) -> Guard | None:
        """Return the guard; None if it is off everywhere, or if no engine would call it."""
        if all(mode == "off" for mode in modes.values()) or is_mocked():
            return None
        memory = Memory(
            publisher, _vantages(arguments), [*by_name.values()], _signing_keys(arguments), arguments.service
        )

        def say(level: str, text: str, resource: str) -> None:
            _log(level, text, resources.get(resource, self))

        known = arguments.acknowledged_by_domain
        return Guard(by_name, modes, memory, pulumi.runtime.is_dry_run(), say, acknowledged=known)

    def _waiting(self, arguments: Arguments) -> Records:
        """Return the object that reports slow records."""
        known = [provider.waits for provider, _ in arguments.publishers]
        scale = Clock.of(os.environ).scale
        return Records(known[0] if known else lambda _: "", lambda text: self._say("progress", text), scale)

    def _publisher(self, arguments: Arguments, modes: Mapping[str, Mode], waiting: Records) -> Publisher:
        """Return the publisher that the config names. A valid config names exactly one."""
        ((provider, settings),) = arguments.publishers

        name, resources = self.pulumi_resource_name, self._resources()
        setup = Setup(settings, arguments, self, name, modes, self._say, self._get, resources, waiting.hold)
        publisher: Publisher = provider.make(setup)
        return publisher

    def _say(self, level: str, text: str) -> None:
        """Log one line on the component's row."""
        _log(level, text, self)

    def _resources(self) -> Mapping[str, Resource]:
        """Return what creates resources instead of the publishers, by their type; the plugin overrides this."""
        return {}

    def _get(self, key: str) -> str | None:
        """Return the value of a key of the stack's config. The plugin has its own config."""
        namespace, _, name = key.partition(":")
        return pulumi.Config(namespace).get(name)


def _parsed(args: Mapping[str, Any], *, publisher: bool) -> Arguments:
    """Return the checked arguments of a program. Values may be known Outputs.

    :raises ConfigError: with every error; none shows a secret.
    """
    given = outputs.opened(args)
    try:
        arguments = parse(given.values, camel_case=False, publisher=publisher)
    except ConfigError as error:
        raise ConfigError([*given.refused, *given.all_told(error.faults)]) from None
    if given.refused:
        raise ConfigError(given.refused)
    return arguments


def _publisher_problem(arguments: Arguments, *, own: bool) -> str:
    """Return why the records do not have exactly one publisher, or none if nothing is published; empty if all is well.

    :param own: whether the program has its own publisher.
    """
    named = ", ".join(provider.name for provider, _ in arguments.publishers)
    if own and named:
        return f"{named}: the program has its own publisher too; keep one of them"
    if own and not arguments.published:
        return "the program's own publisher publishes nothing, because every domain has external: true; remove one"
    if own or named or not arguments.published:
        return ""
    path, problem = no_publisher()
    cure = "to say where records are published, or give MailRelay a publisher of your own"
    return f"{path}: {problem}, {cure}; {OR_EXTERNAL}"


def _rivals(
    name: str,
    arguments: Arguments,
    records: Sequence[TxtRecord],
    publisher: Publisher | None,
    modes: Mapping[str, Mode],
) -> list[str]:
    """Return the records that another component also declares, if the guard only warns about them.

    :raises pulumi.RunError: if the guard stops on some; before anything is declared.
    """
    if is_mocked():
        return []  # unit tests of users create one component after another, in what looks like one deployment
    places: dict[str, tuple[object, ...]] = {}
    for domain in arguments.domains:
        named = [(provider.name, provider.place(settings, domain.name)) for provider, settings in arguments.publishers]
        places[domain.name] = named[0] if named else (publisher,)
    found = rivals(name, records, places, modes)
    if stopped := found.get("require"):
        raise pulumi.RunError("\n  ".join([*listed(stopped), f"(to continue anyway: {GUARD}=warn for one run)"]))
    return list(listed(found.get("warn", [])))


def _modes(arguments: Arguments) -> dict[str, Mode]:
    """Return the guard's mode by domain: the environment's, then the domain's, then the stack's."""
    configured = {domain.name: (domain.guard or arguments.guard).mode for domain in arguments.domains}
    try:
        return of_run(GUARD.name, os.environ, configured)
    except RecordError as error:
        raise pulumi.RunError(str(error)) from None


def _vantages(arguments: Arguments) -> dict[str, Vantage]:
    """Return the servers that the guard queries, by domain: the same as in verification."""
    vantages = Vantages(Network())
    try:
        run = Run.of()
        return {domain: vantages.of(plan.who(given, run)) for domain, given in plan.settings(arguments).items()}
    except RecordError as error:
        raise pulumi.RunError(str(error)) from None
    except NotInstalledError as error:
        raise pulumi.RunError(f"verification.resolvers: {error}") from None


def _signing_keys(arguments: Arguments) -> dict[str, list[str]]:
    """Return the owner names of the DKIM keys with which mail is signed, by domain."""
    service = arguments.service
    found = {
        domain.name: [
            f"{key.selector_of(service)}._domainkey.{domain.name}" for key in arguments.dkim_of(domain) if key.signing
        ]
        for domain in arguments.domains
    }
    return {domain: [name for name in own if names.fits(name)] for domain, own in found.items()}


def _in_the_stacks_file(key: str) -> Any:
    """Return the value of a key, with its namespace, as the stack's file has it; the plugin gets these too."""
    return as_in_the_file(pulumi.runtime.get_config(key), encrypted=pulumi.runtime.is_config_secret(key))


def _log(level: str, text: str, resource: pulumi.Resource) -> None:
    text = "\n".join(visible_lines(text))
    if level == "error":
        pulumi.log.error(text, resource)
    elif level == "warning":
        pulumi.log.warn(text, resource)
    else:
        pulumi.log.info(text, resource, ephemeral=level == "progress")


def stack_config(*, publisher: bool = True) -> Any:
    """Return the stack's config, checked, for :class:`MailRelay`: an :class:`elastx_mrs.config.model.Arguments`.

    The annotation is ``Any`` because a type checker finds a wrong key only where ``MailRelay`` takes no other type than
    ``MailRelayArgs``.

    :param publisher: False if the program has its own publisher; the config then names none.
    :raises pulumi.RunError: if the config has errors. It names each error's place in the stack's file.
    """
    config = pulumi.Config(NAMESPACE)
    keys = [key for key in json.loads(os.environ.get("PULUMI_CONFIG") or "{}") if key.startswith(f"{NAMESPACE}:")]
    try:
        return parse_stack({key: config.get(key.partition(":")[2]) for key in keys}, publisher=publisher)
    except ConfigError as error:
        raise pulumi.RunError(str(error)) from None
