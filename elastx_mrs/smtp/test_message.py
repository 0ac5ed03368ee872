"""The test message. It tells people that it is a test, and programs not to answer it."""

import email.policy
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid


@dataclass(frozen=True)
class Letter:
    """A message to send.

    :param sender: the envelope's, like ``recipient``; ASCII.
    :param content: header and body with CRLF.
    """

    sender: str
    recipient: str
    content: bytes

    @property
    def domain(self) -> str:
        """The sender domain."""
        return self.sender.rpartition("@")[2]


def compose(sender: str, recipient: str, server: str, account: str | None, version: str) -> Letter:
    """Return a test message.

    ``Auto-Submitted`` keeps other programs from answering it (RFC 3834 §5). It has a Date and a Message-ID, because a
    relay may add missing ones after signing (RFC 5322 §3.6).

    :param sender: an ASCII address, like ``recipient``.
    :param server: host and port of the server that gets it.
    :param account: the login; the message names only its domain.
    """
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = f"Test message from {sender.rpartition('@')[2]} through {server}"
    message["Date"] = format_datetime(localtime())
    message["Message-ID"] = make_msgid("elastx-mrs", domain=sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    login = f"with a user account of {account.rpartition('@')[2]}" if account else "without a login"
    message.set_content(
        f"This is a test message. elastx-mrs {version} sent it to {server}\n"
        f"over verified TLS, {login}. It tests whether mail from\n{sender.rpartition('@')[2]} arrives and passes "
        "SPF, DKIM and DMARC.\n\n"
        "It needs no answer, and you can delete it. To check how it arrived,\n"
        "save it with its whole header, and run:\n\n    elastx-mrs message FILE\n",
        cte="7bit",
    )
    return Letter(sender, recipient, message.as_bytes())
