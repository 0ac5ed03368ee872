"""``MailRelay``: the component that joins the steps. Records are computed, declared with a publisher, and verified."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

import pulumi

from elastx_mrs import notices, registry
from elastx_mrs.component import outputs
from elastx_mrs.component.args import MailRelayArgs
from elastx_mrs.component.declared import listed, rivals
from elastx_mrs.component.engine import registrations_first
from elastx_mrs.component.key import Key, labels
from elastx_mrs.component.places import Named, Places, named
from elastx_mrs.component.setups import Setups
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
from elastx_mrs.publish.publisher import Publisher, Resource, Settles, Typed
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
        own_place = {domain.name: ("",) for domain in arguments.published}
        decided = own_place if own else arguments.publishers_by_domain
        places: dict[str, Sequence[str]] = {domain: there for domain, there in decided.items() if there}
        twice = _rivals(name, arguments, places, publisher, modes)
        super().__init__(COMPONENT_TYPE, name, None, opts)
        self.smtp = arguments.service.smtp
        for said in remarks(arguments):
            _log(said.remark.level, str(said), self)
        if known := acknowledged(arguments):
            _log("notice", notices.acknowledged(known), self)
        for text in [*map(str, in_plain_text(arguments.providers, _in_the_stacks_file)), *twice]:
            _log("warning", text, self)
        waiting = self._waiting(arguments)
        setups = Setups(arguments, self, modes, self._say, self._get, self._resources(), waiting.hold)
        if unplaced := [domain for domain in decided if domain not in places]:
            found = setups.looked_for(unplaced)
            for text in _rivals(name, arguments, found, publisher, modes):
                _log("warning", text, self)
            places |= found
        publishers = {"": publisher} if publisher is not None else setups.publishers(places)
        types = {one: made.resource_type for one, made in publishers.items() if isinstance(made, Typed)}
        declares = [record for record in self.records if not record.external]
        by_key = {one.key: one for one in named(name, declares, places, types)}
        published = self._declare(arguments, modes, publishers, by_key, waiting)
        settled = [one.settled for one in publishers.values() if isinstance(one, Settles)]
        records = {key: one.record for key, one in by_key.items()}
        self.verification = verified(arguments, records, published, self._say, settled)
        self.register_outputs({"smtp": self.smtp, "verification": self.verification})
        registrations_first()

    def _declare(
        self,
        arguments: Arguments,
        modes: Mapping[str, Mode],
        publishers: Mapping[str, Publisher],
        by_key: Mapping[Key, Named],
        waiting: Records,
    ) -> Callable[[Key], pulumi.Output[str]]:
        """Declare the records; return the function that returns the value that a resource has in the state."""
        resources: dict[Key, pulumi.CustomResource] = {}
        called = labels(by_key)
        hooks = self._hooks(arguments, modes, publishers, by_key, resources, waiting)
        for key, one in by_key.items():
            publisher = publishers[key.publisher]
            options = pulumi.ResourceOptions(parent=self)
            if key.publisher in hooks:
                options.hooks = binding(hooks[key.publisher], one.record, shared=publisher.shares_ttl)
            if one.former:
                options.aliases = [pulumi.Alias(name=one.former)]
            with untraced:
                resources[key] = publisher.declare(key.resource, one.record, options)
            waiting.watch(called[key], resources[key])
        return lambda key: value_in_state(publishers[key.publisher], resources[key])

    def _hooks(
        self,
        arguments: Arguments,
        modes: Mapping[str, Mode],
        publishers: Mapping[str, Publisher],
        by_key: Mapping[Key, Named],
        resources: Mapping[Key, pulumi.Resource],
        waiting: Records,
    ) -> dict[str, pulumi.ResourceHook]:
        """Return the guard's hook for each publisher; none if it is off everywhere, or if no engine would call it."""
        if not by_key or all(mode == "off" for mode in modes.values()) or is_mocked():
            return {}
        vantages, known = _vantages(arguments), arguments.acknowledged_by_domain
        keys = _signing_keys(arguments)
        records = list(dict.fromkeys(one.record for one in by_key.values()))
        places: dict[str, list[str]] = {}
        for one in by_key.values():
            places.setdefault(one.record.domain, []).append(one.publisher)
        beside: dict[str, Memory] = {}
        found = {}
        for name, publisher in publishers.items():
            own = {key.resource: one.record for key, one in by_key.items() if key.publisher == name}
            memory = Memory(
                publisher,
                vantages,
                records,
                called=name,
                publishers=places,
                beside=beside,
                keys=keys,
                service=arguments.service,
            )
            say = partial(self._say_of, name, resources)
            guard = Guard(own, modes, memory, pulumi.runtime.is_dry_run(), say, acknowledged=known)
            several = name if len(publishers) > 1 else ""
            found[name] = hook(guard, self.pulumi_resource_name, waiting.hold, several)
        return found

    def _say_of(
        self, publisher: str, resources: Mapping[Key, pulumi.Resource], level: str, text: str, name: str
    ) -> None:
        """Log one line on the row of a publisher's resource, or on the component's."""
        _log(level, text, resources.get(Key(publisher, name), self))

    def _waiting(self, arguments: Arguments) -> Records:
        """Return the object that reports slow records."""

        def known(waited: float) -> str:
            said = [provider.waits(waited) for provider, _ in arguments.publishers]
            return ". ".join(dict.fromkeys(text for text in said if text))

        return Records(known, lambda text: self._say("progress", text), Clock.of(os.environ).scale)

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
    keys = ", ".join(provider.name for provider, _ in arguments.publishers)
    if own and keys:
        return f"{keys}: the program has its own publisher too; keep one of them"
    pinned = next((f"domains[{i}].publish" for i, one in enumerate(arguments.domains) if one.publish), None)
    if own and pinned:
        return f"{pinned}: the program has its own publisher, which publishes every domain; remove publish"
    if own and not arguments.published:
        return "the program's own publisher publishes nothing, because every domain has external: true; remove one"
    if own or keys or not arguments.published:
        return ""
    path, problem = no_publisher()
    cure = "to say where records are published, or give MailRelay a publisher of your own"
    return f"{path}: {problem}, {cure}; {OR_EXTERNAL}"


def _rivals(
    name: str,
    arguments: Arguments,
    places: Places,
    publisher: Publisher | None,
    modes: Mapping[str, Mode],
) -> list[str]:
    """Return the records that another component also declares, if the guard only warns about them.

    :param places: the publishers of the domains to look at.
    :raises pulumi.RunError: if the guard stops on some; before a record is declared.
    """
    if is_mocked():
        return []  # unit tests of users create one component after another, in what looks like one deployment
    by_name = {provider.name: (provider, settings) for provider, settings in arguments.publishers}

    def where(one: str, domain: str) -> tuple[object, ...]:
        if one not in by_name:
            return (publisher,)
        provider, settings = by_name[one]
        return (one, provider.place(settings, domain))

    there = {domain: [where(one, domain) for one in names] for domain, names in places.items()}
    found = rivals(name, arguments.for_domains(places).records(), there, modes)
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
