"""An RFC 2136 primary: queries and updates, always over TCP, signed, and what its answers mean."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.update

from elastx_mrs.descriptors import ShortageError
from elastx_mrs.identity import DEFAULT_PROFILE, profile_path
from elastx_mrs.lookup.response import denies
from elastx_mrs.publish.existing import ancestors
from elastx_mrs.publish.rfc2136 import connection, tsig
from elastx_mrs.publish.rfc2136.connection import POOL, Conversation, LostError
from elastx_mrs.publish.rfc2136.errors import refusal

QUERIES = 3
"""How often a query is sent if the server closes the connection."""

PAUSE = 0.02
"""Seconds before it is sent again."""

FIRST, GROWTH = 0.4, 1.5
"""The first try's share of an exchange's time, and the factor for each further try."""

RCODE_OCTET = 3
"""The octet of the header whose lower half is the response code (RFC 1035 §4.1.1)."""


class UpdateError(Exception):
    """The primary failed or refused. The message names the primary, the fault and the fix."""


class UnreachableError(UpdateError):
    """The primary did not answer.

    :param sent: whether the message may have arrived.
    """

    def __init__(self, said: str, *, sent: bool = True) -> None:
        super().__init__(said)
        self.sent = sent


class RefusedError(UpdateError):
    """The primary answered with an error."""

    def __init__(self, said: str, rcode: dns.rcode.Rcode) -> None:
        super().__init__(said)
        self.rcode = rcode


_TOO_LARGE = (
    ", with the name's existing TXT records, is larger than a DNS message (65,535 octets); "
    "remove records that nobody needs, or publish a shorter value"
)

Ask = Callable[[dns.message.Message], dns.message.Message]
"""Sends a message and returns the answer, NOERROR or, to a query, NXDOMAIN."""


@dataclass(frozen=True)
class Primary:
    """A primary and its key.

    :param host: an address, or a name whose addresses are all tried.
    :param key: the TSIG key (RFC 8945) that signs.
    :param profile: its name in the config.
    """

    host: str
    port: int
    key: dns.tsig.Key = field(repr=False)
    profile: str = DEFAULT_PROFILE
    confirmed: set[tuple[str, str]] = field(default_factory=set, repr=False, compare=False)
    """Zones and names that are known to exist, in that zone and not through a wildcard."""

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def check_zone(self, zone: str) -> dns.message.Message:
        """Query the zone's SOA; return the answer.

        :raises UpdateError: if the primary does not answer, refuses, or is not authoritative for the zone.
        """
        with self.connected() as ask:
            answer = ask(self.query(zone, dns.rdatatype.SOA))
        if answer.flags & dns.flags.AA and at(answer, zone, dns.rdatatype.SOA) is not None:
            return answer
        above = first(answer.authority, dns.rdatatype.SOA)
        delegated = first(answer.authority, dns.rdatatype.NS)
        zones = self.called("zones")
        if above is not None and answer.flags & dns.flags.AA:
            real = text(above.name)
            raise UpdateError(f"{self} has no zone {zone}: the name is in its zone {real}; write {real} into {zones}")
        if delegated is not None:
            parent = f"it delegates {text(delegated.name)} to {text(delegated[0].target)}"
            raise UpdateError(f"{self} does not serve the zone {zone} itself: {parent}; name the primary that does")
        problem = f"is not authoritative for the zone {zone}; name the primary that serves it, or correct {zones}"
        raise UpdateError(f"{self} {problem}")

    def called(self, key: str) -> str:
        """Return the config's path of a key of this primary."""
        return profile_path(self.profile, key)

    def query(self, name: str, kind: dns.rdatatype.RdataType) -> dns.message.QueryMessage:
        """Return a signed, non-recursive query. Over TCP it needs no EDNS, which would cost a tenth of the time."""
        query = dns.message.make_query(name, kind, flags=0)
        query.use_tsig(self.key)
        return query

    def soa_above(self, ask: Ask, owner: str, zone: str) -> dns.rrset.RRset | None:
        """Return the SOA of the zone that serves a name whose CNAME hides it; None if it is not visible."""
        for name in [*ancestors(owner, zone)[1:], zone]:
            answer = ask(self.query(name, dns.rdatatype.SOA))
            soa = at(answer, name, dns.rdatatype.SOA) or first(answer.authority, dns.rdatatype.SOA)
            if soa is not None:
                return soa
        return None

    @contextmanager
    def connected(self) -> Iterator[Ask]:
        """Open a connection that sends one message after another, and returns the answers.

        :raises UnreachableError: if it does not open, or is lost; :raises UpdateError: if the answer is a refusal.
        """
        with POOL.to(self.host, self.port) as conversation:
            yield lambda message: self._ask(conversation, message)

    def _ask(self, conversation: Conversation, message: dns.message.Message) -> dns.message.Message:
        wire = self._exchanged(conversation, message)
        try:
            answer = dns.message.from_wire(wire, keyring=message.keyring, request_mac=message.mac)
        except (dns.tsig.PeerError, dns.tsig.BadSignature, dns.tsig.BadTime, dns.tsig.BadKey) as error:
            what = _of(message)
            raise UpdateError(
                f"{self} did not accept the signature of {what}: {tsig.problem(self.key, wire, error)}"
            ) from None
        except dns.exception.DNSException as error:
            raise self._unreadable(message, wire, error) from None
        if not message.is_response(answer):
            raise UpdateError(f"{self} sent an answer to another question; is it a DNS server?")
        if answer.rcode() != dns.rcode.NOERROR and not (denies(answer) and _is_query(message)):
            raise self.refused(message, answer.rcode())
        return answer

    def _exchanged(self, conversation: Conversation, message: dns.message.Message) -> bytes:
        """Send a message, and resend a query whose answer is lost. An update is not resent: it may have been processed.

        A server that has not answered yet gets the time of one exchange in total.
        """
        if _changes(message):
            try:
                return self._sent(conversation, message, connection.TIMEOUT)
            except LostError as error:
                raise self._unreachable(error) from None
        ended, gone, seconds = 0, 0.0, FIRST * connection.TIMEOUT
        while True:
            try:
                return self._sent(conversation, message, seconds)
            except LostError as error:
                ended += error.ended
                gone += 0 if error.ended else seconds
                again = error.sent and ended < QUERIES and (gone < connection.TIMEOUT or conversation.patient())
                if not again:
                    raise self._unreachable(error) from None
            time.sleep(PAUSE)
            seconds = min(GROWTH * seconds, connection.TIMEOUT)

    def _sent(self, conversation: Conversation, message: dns.message.Message, seconds: float) -> bytes:
        try:
            wire = message.to_wire()
        except (dns.exception.TooBig, dns.exception.FormError):
            raise UpdateError(f"{_of(message)}{_TOO_LARGE}") from None
        try:
            return conversation.exchange(wire, seconds)
        except ShortageError as error:
            raise UnreachableError(f"{self} could not be queried: {error}; {error.cure}", sent=False) from None

    def _unreadable(self, message: dns.message.Message, wire: bytes, error: dns.exception.DNSException) -> UpdateError:
        """Explain an unusable answer: it is not a DNS message, or its signature is missing."""
        try:
            unsigned = dns.message.from_wire(wire, keyring=False)
        except dns.exception.DNSException:
            if len(wire) > RCODE_OCTET and (rcode := wire[RCODE_OCTET] & 0xF):
                return self.refused(message, dns.rcode.Rcode(rcode))
            why = " ".join(str(error).split()) or type(error).__name__  # its messages contain line ends
            return UpdateError(f"{self} sent an answer that cannot be read: {why.rstrip('.')}")
        if unsigned.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            return self.refused(message, unsigned.rcode())
        return UpdateError(
            f"{self} answered {_of(message)} without a signature (RFC 8945 §5.4), so its answer cannot be "
            f"trusted; does it know the key {self.key.name.to_text(omit_final_dot=True)}?"
        )

    def _unreachable(self, error: LostError) -> UnreachableError:
        return UnreachableError(
            f"{self} does not answer over TCP ({error}); "
            f"is {self.called('server')} right, is the server up, is TCP let through?",
            sent=error.sent,
        )

    def refused(
        self, message: dns.message.Message, rcode: dns.rcode.Rcode, signed: str = "", primary: str = ""
    ) -> RefusedError:
        """Return the error for an answer that refuses.

        :param signed: a sentence about the zone's signing, or empty.
        :param primary: a sentence about the zone's real primary, or empty.
        """
        cure = refusal(
            message,
            rcode,
            key=self.key.name.to_text(omit_final_dot=True),
            zone=text(message.question[0].name) if message.question else "the zone",
            server=self.called("server"),
            zones=self.called("zones"),
            signed=signed,
            primary=primary,
        )
        return RefusedError(f"{self} answered {dns.rcode.to_text(rcode)} to {_of(message)}; {cure}", rcode)


def _of(message: dns.message.Message) -> str:
    what = "the query" if _is_query(message) else "the update"
    return f"{what} of {text(message.question[0].name)}" if message.question else what


def _is_query(message: dns.message.Message) -> bool:
    """For an update, NXDOMAIN means that a prerequisite failed (RFC 2136 §2.4.4), so it is a refusal."""
    return not isinstance(message, dns.update.UpdateMessage)


def _changes(message: dns.message.Message) -> bool:
    """Return whether a message changes anything. An update with conditions alone does not."""
    return isinstance(message, dns.update.UpdateMessage) and bool(message.update)


def at(answer: dns.message.Message, name: str, rdtype: dns.rdatatype.RdataType) -> dns.rrset.RRset | None:
    """Return an RRset of the answer section; None if the answer denies the name.

    With a CNAME, the denial concerns its target (RFC 6604 §3), and the CNAME itself exists.
    """
    if denies(answer) and rdtype != dns.rdatatype.CNAME:
        return None
    return answer.get_rrset(dns.message.ANSWER, dns.name.from_text(name), dns.rdataclass.IN, rdtype)


def first(section: list[dns.rrset.RRset], rdtype: dns.rdatatype.RdataType) -> dns.rrset.RRset | None:
    """Return the first RRset of a type in a section."""
    return next((found for found in section if found.rdtype == rdtype), None)


def text(name: dns.name.Name) -> str:
    """Return a name in lower case, without a final dot."""
    return name.to_text(omit_final_dot=True).lower()
