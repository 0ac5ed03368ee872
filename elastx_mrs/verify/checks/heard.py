"""Queries one recursive resolver for one name; the answer shows whether the resolver validated it."""

from dataclasses import dataclass

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.question import LookupFailure, OverBudgetError, Question, Server
from elastx_mrs.lookup.response import Reading, absolute, read
from elastx_mrs.lookup.transport.wire import UnusableError

ASKED = int(dns.flags.RD | dns.flags.AD)
"""AD asks for the AD bit of the answer (RFC 6840 §5.7)."""

UNVALIDATED = ASKED | int(dns.flags.CD)
"""CD asks for data that does not validate, too (RFC 4035 §3.2.2)."""

AGAIN = int(dns.flags.RD)
"""As good as ``ASKED``, but another question for the network, so it is sent again."""


@dataclass(frozen=True)
class Said:
    """A usable answer."""

    reply: dns.message.Message
    reading: Reading

    @property
    def authentic(self) -> bool:
        """Whether the resolver validated the whole answer (RFC 4035 §3.2.3)."""
        return bool(self.reply.flags & dns.flags.AD)


@dataclass(frozen=True)
class Failed:
    """No usable answer.

    :param problem: what the resolver did, as a phrase that follows its name.
    :param servfail: whether it answered SERVFAIL, as for data that does not validate (RFC 4035 §5.5).
    :param over: whether a limit was reached before it was queried.
    """

    problem: str
    servfail: bool = False
    over: bool = False


async def hear(
    network: Network,
    server: Server,
    name: str,
    rdtype: dns.rdatatype.RdataType = dns.rdatatype.TXT,
    flags: int = ASKED,
) -> Said | Failed:
    """Ask one resolver."""
    try:
        question = Question(absolute(name), rdtype, flags)
        reply = await network.exchange(server, question)
        return Said(reply, read(reply, question))
    except LookupFailure as failure:
        return Failed(failure.problem, failure.rcode == dns.rcode.SERVFAIL, isinstance(failure, OverBudgetError))
    except (UnusableError, ValueError) as error:
        return Failed(str(error))


async def bogus(network: Network, server: Server, name: str, failed: Failed) -> Said | None:
    """Return the answer that a resolver withholds because it does not validate; None if it has none.

    With CD=1, the resolver returns data that it cannot validate. It is then queried once more without CD, because it
    may have recovered in the meantime.
    """
    if not failed.servfail:
        return None
    bare = await hear(network, server, name, flags=UNVALIDATED)
    if isinstance(bare, Failed):
        return None
    again = await hear(network, server, name, flags=AGAIN)
    return bare if isinstance(again, Failed) and again.servfail else None
