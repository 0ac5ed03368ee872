"""The relay service as one value: all that DNS records, checks and messages need to know about it.

Every rule takes the service as a parameter, with :data:`ELASTX` as the default. So one more ``Service`` value is enough
to declare and verify the records of another relay that works the same way.

This module imports nothing of the project.
"""

from dataclasses import dataclass
from typing import TypedDict


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
    :param challenge_prefix: the part of a challenge token before its 64 hex digits, with the ``=``.
    :param dkim_selector: the selector at which the service's DKIM key is published unless another one is configured.
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
    challenge_prefix: str
    dkim_selector: str
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
    challenge_prefix="elastx-mrs=",
    dkim_selector="elastx",
    smtp_host="smtp.elastx.email",
    smtp_port=587,
    smtp_starttls=True,
    max_emails_per_second=10,
    support="Elastx Support",
    support_address="support@elastx.se",
    support_url="https://support.elastx.se",
)
"""Elastx Mail Relay.

Sources: the service's page "Getting started" (2025-07-04) for DNS and SMTP, its page "FAQ" for the rate, and the
contact section of github.com/elastx/getting-started-elx-openstack for the support.
"""
