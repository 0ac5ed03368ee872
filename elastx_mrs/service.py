"""The relay service as one value: all that DNS records, checks and messages need to know about it.

Every rule takes the service as a parameter, with :data:`ELASTX` as the default. So one more ``Service`` value is enough
to declare and verify the records of another relay that works the same way.

This module imports nothing of the project.
"""

from dataclasses import dataclass
from typing import Literal, TypedDict


class Smtp(TypedDict):
    """Where to hand in mail: host name, port, and whether STARTTLS is preferred."""

    host: str
    port: int
    starttls: bool


@dataclass(frozen=True)
class Service:
    """A relay that senders admit by a challenge token, an SPF include and a DKIM key in their domains' DNS.

    :param name: the name in messages, as in "mail through Elastx".
    :param spf_host: the host whose SPF record lists the service's servers, as lower-case A-labels.
    :param spf_levels: how many other includes may lead to the service's own include, for the relay's check of SPF.
    :param spf_rule: what a record is that receivers accept, and that check does not: ``warning`` while the service has
        not confirmed its rule, ``fault`` once it has.
    :param spf_source: where the rule of that check is documented.
    :param challenge_prefix: the part of a challenge token before its 64 hex digits, with the ``=``.
    :param dkim_selector: the selector at which the service's DKIM key is published unless another one is configured.
    :param dkim_source: where the service says that it rejects mail from domains without DKIM.
    :param smtp_host: the host name of the SMTP server, which its certificate is for.
    :param smtp_port: the port for handing in mail (RFC 6409).
    :param smtp_starttls: whether STARTTLS is preferred.
    :param max_emails_per_second: the sending rate that the service recommends not to exceed.
    :param support: who gives out accounts and helps, as messages name them.
    :param support_address: the e-mail address of the support.
    :param support_url: the web page of the support.
    """

    name: str
    spf_host: str
    spf_levels: int
    spf_rule: Literal["warning", "fault"]
    spf_source: str
    challenge_prefix: str
    dkim_selector: str
    dkim_source: str
    smtp_host: str
    smtp_port: int
    smtp_starttls: bool
    max_emails_per_second: int
    support: str
    support_address: str
    support_url: str

    @property
    def include(self) -> str:
        """The SPF term that lets the service send, without a qualifier: a match means pass (RFC 7208 §4.6.2)."""
        return f"include:{self.spf_host}"

    @property
    def basic_spf(self) -> str:
        """The SPF record of a domain that sends through the service alone."""
        return f"v=spf1 {self.include} -all"

    @property
    def smtp(self) -> Smtp:
        """The SMTP address, as ``MailRelay`` has it among its outputs."""
        return {"host": self.smtp_host, "port": self.smtp_port, "starttls": self.smtp_starttls}


ELASTX = Service(
    name="Elastx",
    spf_host="elastx.email",
    spf_levels=1,
    spf_rule="warning",
    spf_source="documentation of January 2024, github.com/elastx/elx-docs/commit/13f1178",
    challenge_prefix="elastx-mrs=",
    dkim_selector="elastx",
    dkim_source="announcement of 2025-01-08, in force since 2025-04-01",
    smtp_host="smtp.elastx.email",
    smtp_port=587,
    smtp_starttls=True,
    max_emails_per_second=10,
    support="Elastx Support",
    support_address="support@elastx.se",
    support_url="https://support.elastx.se",
)
"""Elastx Mail Relay.

Sources: the service's page "Getting started" (2025-07-04) for DNS and SMTP, its page "FAQ" for the rate, its page
"Announcements" (2025-01-08) for DKIM, and the contact section of github.com/elastx/getting-started-elx-openstack for
the support.

The rule of the relay's own check of SPF is in github.com/elastx/elx-docs, commit 13f1178 (2024-01-11). The record
"must include the exact string" of the include, on the domain itself or "on the SPF record for one of the other"
includes. Later pages do not repeat it, and do not withdraw it. Once Elastx Support confirms it, write
``spf_rule="fault"``.
"""
