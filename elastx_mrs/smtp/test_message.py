"""The test message: it says what it is to whoever finds it, and to programs that would answer it."""

import email.policy
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid

from elastx_mrs.smtp.probe import Letter


def compose(sender: str, recipient: str, server: str, account: str | None, version: str) -> Letter:
    """Return a message for the chain from here to a mailbox.

    ``Auto-Submitted`` keeps other programs from answering it (RFC 3834 §5); Date and Message-ID are there, as a relay
    that adds them may do so after signing (RFC 5322 §3.6).

    :param sender: an ASCII address, as ``recipient`` is.
    :param server: host and port that it is handed to.
    :param account: of which only the domain is told.
    """
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = f"Test message from {sender.rpartition('@')[2]} through {server}"
    message["Date"] = format_datetime(localtime())
    message["Message-ID"] = make_msgid("elastx-mrs", domain=sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    login = f"by a user account of {account.rpartition('@')[2]}" if account else "without a login"
    message.set_content(
        f"This is a test message. elastx-mrs {version} handed it to {server}\n"
        f"over verified TLS, {login}, to see whether mail from\n{sender.rpartition('@')[2]} arrives and passes "
        "SPF, DKIM and DMARC.\n\n"
        "You need not answer it, and may delete it. To see what became of it,\n"
        "save it with all of its header, and run:\n\n    elastx-mrs message FILE\n",
        cte="7bit",
    )
    return Letter(sender, recipient, message.as_bytes())
