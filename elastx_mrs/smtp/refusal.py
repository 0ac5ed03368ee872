"""A refused test message: at which stage the server refused it, its answer, and what to do about it.

Nothing public says what Elastx answers if a record is missing, or at which stage. So the answer is quoted and never
interpreted. The causes are those that the command's own lookups find.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from elastx_mrs.check import Check
from elastx_mrs.service import Service
from elastx_mrs.smtp.session import Reply
from elastx_mrs.smtp.test_message import Letter

Stage = Literal["MAIL FROM", "RCPT TO", "DATA", "after DATA"]
"""The command that was refused; ``after DATA`` is the end of the message."""

NEEDED = ("challenge", "dkim", "spf", "spf-relay")
"""Checks of what the relay looks for. Nothing says that it minds what other checks find, such as ``spf-policy``."""

Look = Callable[[], Sequence[Check]]
"""Checks in DNS what the relay needs from the sender domain for the account."""


class RefusedError(Exception):
    """The server refused the test message."""

    def __init__(self, letter: Letter, stage: Stage, reply: Reply) -> None:
        self.letter = letter
        self.stage = stage
        self.reply = reply
        super().__init__(f"{stage}: {reply}")

    @property
    def told(self) -> str:
        """Where the server refused the message, and its answer."""
        return f"refused {self.stage if self.stage == 'after DATA' else f'at {self.stage}'}: {self.reply}"

    @property
    def temporary(self) -> bool:
        """Whether the same message may be accepted later (RFC 5321 §4.2.1)."""
        return 400 <= self.reply.code < 500


@dataclass(frozen=True, kw_only=True)
class Refused(Check):
    """The check of a refused test message.

    :param stage: where the server refused it.
    :param reply: its answer, safe to show.
    """

    stage: Stage
    reply: Reply


def refused(
    name: str, error: RefusedError, account: str | None, relay: Service | None, found: Sequence[Check]
) -> Refused:
    """Return the check of a message that was refused.

    :param name: the check's name.
    :param account: the login; None without one.
    :param relay: the service that the server belongs to; None for another server.
    :param found: the checks of the domain's records; none for a server that does not look at them.
    """
    return Refused(
        name,
        "unreachable" if error.temporary else "wrong",
        "250 to the message (RFC 5321 §3.3)",
        error.told,
        "; ".join(_cures(error, account, relay, found)),
        stage=error.stage,
        reply=error.reply,
    )


def rate(service: Service) -> str:
    """Return the sending rate that the service recommends."""
    return f"{service.name} recommends at most {service.max_emails_per_second} messages a second"


def _cures(error: RefusedError, account: str | None, relay: Service | None, found: Sequence[Check]) -> Iterator[str]:
    domain = error.letter.domain
    if error.temporary:
        yield "the server reports a temporary error: try again later"
        if relay is not None:
            yield rate(relay)
    causes = list(_causes(domain, relay, found)) if relay is not None else []
    if error.stage == "RCPT TO" and not error.temporary and not causes:
        yield f"check the address {error.letter.recipient}"
    if relay is not None:
        yield from causes or [_well(domain, relay, temporary=error.temporary)]
    elif account is None:
        yield f"does this server accept mail from {domain} without a login? If not, add --login"
    elif not error.temporary:
        yield f"ask the server's operator whether this account may send as {domain}"


def _causes(domain: str, service: Service, found: Sequence[Check]) -> Iterator[str]:
    """Yield what our own lookups say about the refusal; nothing if they find all right."""
    broken, doubtful, unasked = list[str](), list[str](), list[str]()
    for check in found:
        if check.verdict in ("wrong", "absent"):
            (broken if check.name in NEEDED else doubtful).append(check.name)
        elif check.verdict == "warning":
            doubtful.append(check.name)
        elif check.verdict != "pass":
            unasked.append(check.name)
    if broken:
        yield f"{domain} lacks what {service.name} needs: fix {', '.join(broken)} below, and try again"
    if "dkim" in broken:
        yield "if you sign mail with a key of your own, note that the test message has no signature"
    if doubtful:
        yield f"{', '.join(doubtful)} below may be the reason"
    if unasked and not broken:  # some depend on what is broken
        yield f"the records that {service.name} needs could not all be looked up: see {', '.join(unasked)} below"


def _well(domain: str, service: Service, *, temporary: bool) -> str:
    support = f"send this answer to {service.support} ({service.support_address})"
    when = "if the error lasts" if temporary else "unless you published them in the last hour"
    return f"DNS has all that {service.name} needs of {domain}: {when}, {support}"
