"""``MailRelay``: the component that joins the steps. Records are computed, then declared with a publisher."""

import json
import os
from collections.abc import Mapping
from typing import Any

import pulumi

from elastx_mrs.arguments import Arguments
from elastx_mrs.config import NAMESPACE, ConfigError, parse, parse_stack
from elastx_mrs.publish import Publisher
from elastx_mrs.records import TxtRecord
from elastx_mrs.smtp import SMTP, Smtp


class MailRelay(pulumi.ComponentResource):
    """Every DNS record that Elastx Mail Relay needs, for some accounts and sender domains.

    :param name: the component's name; each record's is ``<name>-<domain>-<kind>``.
    :param args: ``accounts``, ``domains``, and optionally ``spf``, ``dkim``, ``dmarc``, ``ttl``; a publisher,
        ``cloudflare`` or ``rfc2136``. Keys are snake_case; see the README. Or what :func:`stack_config` returns.
    :param opts: as for every Pulumi component.
    :raises pulumi.RunError: naming each fault in ``args`` by its place, before anything is declared.
    """

    smtp: Smtp
    """Where to hand in mail: host, port, starttls. Constant."""

    records: list[TxtRecord]
    """What is declared, in the order of the domains."""

    def __init__(
        self, name: str, args: Mapping[str, Any] | Arguments, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        try:
            arguments = args if isinstance(args, Arguments) else parse(args, camel_case=False)
        except ConfigError as error:
            raise pulumi.RunError(f"{name}: {error}") from None
        super().__init__("elastx-mrs:index:MailRelay", name, None, opts)
        self.smtp = SMTP
        self.records = arguments.records()
        publisher = self._publisher(arguments)
        options = pulumi.ResourceOptions(parent=self)
        for record in self.records:
            publisher.declare(f"{name}-{record.domain}-{record.suffix}", record, options)
        self.register_outputs({"smtp": self.smtp})

    def _publisher(self, arguments: Arguments) -> Publisher:
        if arguments.cloudflare is not None:
            from elastx_mrs.publish.cloudflare import Cloudflare

            domains = [domain.name for domain in arguments.domains]
            return Cloudflare(arguments.cloudflare.account_id, arguments.cloudflare.zones, domains, self)
        from elastx_mrs.publish.rfc2136 import Rfc2136

        assert arguments.rfc2136 is not None  # noqa: S101  parse() wants exactly one publisher
        self._ask_first(arguments.rfc2136.zones)
        return Rfc2136(arguments.rfc2136.zones)

    def _ask_first(self, zones: list[str]) -> None:
        """Ask the primary for its zones before anything is sent; a preview may run where it can't be reached."""
        from elastx_mrs.publish.dns_update import UpdateError
        from elastx_mrs.publish.rfc2136 import check_zones

        try:
            unasked = check_zones(zones, _stack_config)
        except UpdateError as error:
            raise pulumi.RunError(str(error)) from None
        for message in unasked:
            if not pulumi.runtime.is_dry_run():
                raise pulumi.RunError(message)
            pulumi.log.warn(f"{message}. The preview goes on without it; an up would stop here", self)


def _stack_config(key: str) -> str | None:
    namespace, _, name = key.partition(":")
    return pulumi.Config(namespace).get(name)


def stack_config() -> Arguments:
    """Return the stack's config, checked, for :class:`MailRelay`.

    :raises pulumi.RunError: naming every fault by its place in the stack's file.
    """
    config = pulumi.Config(NAMESPACE)
    keys = [key for key in json.loads(os.environ.get("PULUMI_CONFIG") or "{}") if key.startswith(f"{NAMESPACE}:")]
    try:
        return parse_stack({key: config.get(key.partition(":")[2]) for key in keys})
    except ConfigError as error:
        raise pulumi.RunError(str(error)) from None
