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
"""Servers that a message lists: enough for any zone but the root."""

LENGTH = 400
"""Characters of one server's problem; without glue, the problem describes a whole walk."""

_NOT_SERVED = (dns.rcode.REFUSED, dns.rcode.NOTAUTH)
"""The answers of servers for a name outside their zones."""


@dataclass(frozen=True)
class Server:
    """A name server's address.

    :param host: an IPv4 or IPv6 address; with ``url`` it may be a name.
    :param name: its name, for people; empty if the address was given.
    :param url: for DNS over TLS (``tls://…``, RFC 7858) or HTTPS (``https://…``, RFC 8484); empty for plain DNS.
    """

    host: str
    port: int = 53
    name: str = field(default="", compare=False)
    url: str = ""
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compute the hash once, because it is used a dozen times for each query."""
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
    """A DNS question.

    :param name: absolute.
    :param flags: ``dns.flags.RD`` for a recursive resolver, 0 for an authority.
    """

    name: dns.name.Name
    rdtype: dns.rdatatype.RdataType
    flags: int = 0

    def __str__(self) -> str:
        return f"{visible(self.name.to_text(omit_final_dot=True))} {dns.rdatatype.to_text(self.rdtype)}"


class LookupFailure(Exception):  # noqa: N818 - the lookup failed; nothing is wrong with the program
    """Could not ask.

    :param server: the server without a usable answer; None for several.
    :param problem: what it did, as a phrase that follows the server; without a server, the whole message.
    :param rcode: the error that it answered, such as SERVFAIL.
    :ivar outside: whether a server answered that the name is outside the zones that it serves.
    :param short: whether this machine is short of descriptors, ports or memory, so the server is not at fault.
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
        """Return the same failure to raise again: an exception grows with each traceback.

        :param server: the server under another name; None for the same.
        """
        return type(self)(server or self.server, self.problem, self.rcode, outside=self.outside, short=self.short)


class OverBudgetError(LookupFailure):
    """A limit of :mod:`elastx_mrs.lookup.budget` was reached before the answer came; DNS may be fine.

    The problem lists the servers that were not queried.
    """


def listed(problems: Sequence[str]) -> str:
    """Return the first problems as one text; each is cut, because a hostile zone can make it long."""
    shown = [text if len(text) <= LENGTH else f"{text[: LENGTH - 1]}…" for text in problems[:LISTED]]
    more = len(problems) - LISTED
    return "; ".join([*shown, f"and {more} more"] if more > 0 else shown)
