"""A server, a question to it, and the error when there is no usable answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import dns.flags
import dns.name
import dns.rcode
import dns.rdatatype

from elastx_mrs.display import visible
from elastx_mrs.records.names import server_address

LISTED = 6
"""Servers that a message tells of one by one: enough for any zone but the root."""

LENGTH = 400
"""Characters of one server's problem, which for one without glue is the story of a walk of its own."""

_NOT_SERVED = (dns.rcode.REFUSED, dns.rcode.NOTAUTH)
"""What servers answer for a name outside their zones."""


@dataclass(frozen=True)
class Server:
    """A name server's address.

    :param host: an IPv4 or IPv6 address; with ``url`` it may be a name.
    :param name: the name that led to it, for people; empty where the address was given.
    :param url: for DNS over TLS (``tls://…``, RFC 7858) or HTTPS (``https://…``, RFC 8484); empty for plain DNS.
    """

    host: str
    port: int = 53
    name: str = field(default="", compare=False)
    url: str = ""
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Hash it once: servers are looked up a dozen times for each query."""
        object.__setattr__(self, "_hash", hash((self.host, self.port, self.url)))

    def __hash__(self) -> int:
        return self._hash

    @classmethod
    def parse(cls, text: str) -> "Server":
        """Return the server at ``192.0.2.1``, ``192.0.2.1:53``, ``2001:db8::1`` or ``[2001:db8::1]:53``.

        :raises RecordError: for anything else, such as a name.
        """
        return cls(*server_address(text))

    def __str__(self) -> str:
        if self.url:
            return self.url
        host = f"[{self.host}]" if ":" in self.host and self.port != 53 else self.host
        address = host if self.port == 53 else f"{host}:{self.port}"
        return f"{self.name} ({address})" if self.name else address


@dataclass(frozen=True)
class Question:
    """What is asked.

    :param name: absolute.
    :param flags: ``dns.flags.RD`` to ask a recursive resolver; 0 to ask an authority.
    """

    name: dns.name.Name
    rdtype: dns.rdatatype.RdataType
    flags: int = 0

    def __str__(self) -> str:
        return f"{visible(self.name.to_text(omit_final_dot=True))} {dns.rdatatype.to_text(self.rdtype)}"


class LookupFailure(Exception):  # noqa: N818 - it says that asking failed, not that anything is wrong with the program
    """Could not ask.

    :param server: the server that gave no usable answer; None where it is about several.
    :param problem: what it did, reading on after the server; where there is no one server, the whole story.
    :param rcode: what it answered, where that was an error, such as SERVFAIL.
    :ivar outside: whether a server answered that the name is outside the zones that it serves.
    :param short: whether this machine is short of what a socket takes, which says nothing of the server.
    """

    def __init__(
        self,
        server: Server | None,
        problem: str,
        rcode: dns.rcode.Rcode | None = None,
        *,
        outside: bool = False,
        short: bool = False,
    ) -> None:
        self.server = server
        self.problem = problem
        self.rcode = rcode
        self.short = short
        self.outside = outside or rcode in _NOT_SERVED
        super().__init__(f"{server} {problem}" if server is not None else problem)

    def again(self, server: Server | None = None) -> "LookupFailure":
        """Return the same failure to be raised again: an exception grows by each raiser's traceback.

        :param server: the server under the name that led to it this time; None for the same.
        """
        return type(self)(server or self.server, self.problem, self.rcode, outside=self.outside, short=self.short)


class OverBudgetError(LookupFailure):
    """Not asked, or not waited for: a limit of :mod:`elastx_mrs.lookup.budget` was reached, which says nothing of DNS.

    The servers that were not asked stand in the problem.
    """


def listed(problems: Sequence[str]) -> str:
    """Return problems as one, the first ones, each of them cut where a hostile zone makes it long."""
    shown = [text if len(text) <= LENGTH else f"{text[: LENGTH - 1]}…" for text in problems[:LISTED]]
    more = len(problems) - LISTED
    return "; ".join([*shown, f"and {more} more"] if more > 0 else shown)
