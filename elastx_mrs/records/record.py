"""The record that all steps pass on, and the error that every rule raises."""

from dataclasses import dataclass
from typing import Literal

from elastx_mrs.display import visible
from elastx_mrs.notices import Notice, with_name

MAX_TTL = 2**31 - 1
"""Seconds (RFC 2181 §8)."""

AUTOMATIC_TTL = 1
"""The TTL with which Cloudflare chooses one itself."""

DEFAULT_TTL = 1800
"""Seconds; the TTL of the DKIM sample on the service's page."""

TOKEN_DIGITS = 64
"""Hex digits at the end of a challenge: a SHA-256."""

SHOWN_DIGITS = 12
"""How many of these digits names and messages show: enough to tell accounts apart."""

Kind = Literal["challenge", "spf", "dkim", "dmarc", "report"]


def ttl_problem(ttl: int) -> str | None:
    """Return why a number of seconds is not a TTL that a record can have, or None."""
    return None if 1 <= ttl <= MAX_TTL else f"is {ttl}; write seconds from 1 to {MAX_TTL}"


class RecordError(ValueError):
    """A value that must not be published. Each problem has the fault and what to write instead."""

    def __init__(self, *problems: str) -> None:
        """Keep the problems, each as one visible line."""
        self.problems = tuple(map(visible, problems))
        super().__init__("; ".join(self.problems))


@dataclass(frozen=True)
class Remark:
    """A warning or a notice about a value that may be published.

    :param text: the message, to print after a path: ``dmarc: says p=none; …``.
    :param notice: the kind of notice; None for a warning, about a value that is probably not what was meant.
    """

    text: str
    notice: Notice | None = None

    @property
    def level(self) -> Literal["warning", "notice"]:
        """A warning, or a notice, which a config can acknowledge."""
        return "warning" if self.notice is None else "notice"

    @property
    def named(self) -> str:
        """The text as it is printed. A notice ends in its name."""
        return with_name(self.text, self.name)

    @property
    def name(self) -> str:
        """The notice's name; empty for a warning."""
        return self.notice.name if self.notice is not None else ""


@dataclass(frozen=True)
class TxtRecord:
    """One TXT record.

    :param domain: the sender domain it is for, as lower-case A-labels without a final dot.
    :param kind: ``challenge``, ``spf``, ``dkim``, ``dmarc`` or ``report``.
    :param name: the owner name, as lower-case A-labels without a final dot.
    :param value: the value as one string of printable ASCII, however many character-strings it takes.
    :param configured_ttl: seconds; None if the config has none.
    :param external: whether somebody else publishes it, by hand.
    :param selector: of a DKIM key that is not at the service's own selector; empty for all other records.
    """

    domain: str
    kind: Kind
    name: str
    value: str
    configured_ttl: int | None = None
    external: bool = False
    selector: str = ""

    @property
    def ttl(self) -> int:
        """Seconds: the configured TTL, otherwise :data:`DEFAULT_TTL`."""
        return DEFAULT_TTL if self.configured_ttl is None else self.configured_ttl

    @property
    def row(self) -> dict[str, str | int | bool]:
        """The record as programs read it: in JSON, and in the plugin's output ``records``."""
        return {
            "domain": self.domain,
            "kind": self.kind,
            "name": self.name,
            "value": self.value,
            "ttl": self.ttl,
            "external": self.external,
        }

    @property
    def suffix(self) -> str:
        """The part of the resource name that identifies the record in its domain, independent of the config's order.

        A challenge has the first digits of its token, because no name may contain an account's address. A report
        authorisation has the domain that the reports are about. A DKIM key at another selector than the service's has
        its selector, so another key beside it never renames it.
        """
        if self.kind == "challenge":
            return f"challenge-{self.value[-TOKEN_DIGITS:][:SHOWN_DIGITS]}"
        if self.kind == "report":
            return f"report-{self.name.partition('._report._dmarc.')[0]}"
        return f"{self.kind}-{self.selector}" if self.selector else self.kind

    def resource(self, component: str) -> str:
        """Return the name of the record's resource in a component of that name."""
        return f"{component}-{self.domain}-{self.suffix}"
