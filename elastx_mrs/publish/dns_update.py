"""Talks to an RFC 2136 primary: reads and changes the TXT records of one name, always over TCP, signed.

A name server's NOERROR proves nothing (RFC 2136 §3.4.2.2 drops changes silently), so that every change is read back.
"""

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rdtypes.ANY.TXT
import dns.rrset
import dns.tsig
import dns.update

from elastx_mrs.records import DEFAULT_TTL
from elastx_mrs.records.text import cut, join, show

TIMEOUT = 10.0
"""Seconds for one exchange with the primary."""

Txt = dns.rdtypes.ANY.TXT.TXT


class UpdateError(Exception):
    """The primary did not do what was asked; the message says which, what, and what to do."""


class UnreachableError(UpdateError):
    """The primary did not answer at all."""


@dataclass(frozen=True)
class Primary:
    """Where and how to send: the primary's address, and the TSIG key (RFC 8945) that signs."""

    host: str
    port: int
    key: dns.tsig.Key = field(repr=False)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def check_zone(self, zone: str) -> None:
        """Ask for the zone's SOA.

        :raises UpdateError: where the primary does not answer, refuses, or is not authoritative for the zone.
        """
        with self.connected() as ask:
            answer = ask(self.query(zone, dns.rdatatype.SOA))
        soa = answer.get_rrset(dns.message.ANSWER, dns.name.from_text(zone), dns.rdataclass.IN, dns.rdatatype.SOA)
        if not answer.flags & dns.flags.AA or soa is None:
            raise UpdateError(
                f"{self} is not authoritative for the zone {zone}; "
                "name the primary that serves it, or mend rfc2136.zones"
            )

    def add(self, zone: str, owner: str, value: str, ttl: int | None, adopt: bool) -> None:
        """Publish a value beside whatever else the name has, whose TTL stays.

        :param ttl: seconds, which the whole RRset then has (RFC 2181 §5.2); None for the RRset's, else 1800.
        :param adopt: True where what is there already may be taken over: the value itself, or the one record of its
            kind (``v=spf1``, ``v=DKIM1``, ``v=DMARC1``), which the value then replaces in the same message.
        """
        with self.connected() as ask:
            found = self._read(ask, owner)
            old = changed_value([join(rdata.strings) for rdata in found or ()], value) if adopt else None
            if _matching(found, value) and not adopt:
                raise UpdateError(
                    f"{owner} has this TXT already, and this stack did not publish it: {value[:60]!r}. After an "
                    f"interrupted run, or to take it over, run once more with ELASTX_MRS_ADOPT={owner} (several such: "
                    "with commas between); after a rename in the program, give the resource an alias instead"
                )
            update = self._update(zone)
            for rdata in _matching(found, old) if old is not None else []:
                update.delete(dns.name.from_text(owner), rdata)
            update.add(dns.name.from_text(owner), _ttl(ttl, found), _rdata(value))
            self._change(ask, update, owner, value, present=True)

    def replace(self, zone: str, owner: str, old: str, new: str, ttl: int | None) -> None:
        """Put ``new`` in place of ``old`` in one message, so that no server ever has both or neither."""
        with self.connected() as ask:
            found = self._read(ask, owner)
            update = self._update(zone)
            for rdata in _matching(found, old) + (_matching(found, new) if new != old else []):
                update.delete(
                    dns.name.from_text(owner), rdata
                )  # the stored octets: one that is cut differently deletes nothing
            update.add(dns.name.from_text(owner), _ttl(ttl, found), _rdata(new))
            self._change(ask, update, owner, new, present=True)
            if new != old and _matching(self._read(ask, owner), old):
                raise UpdateError(f"{self} still has the old TXT at {owner} after the update; look at its log")

    def remove(self, zone: str, owner: str, value: str) -> None:
        """Withdraw a value; that it is gone already is no fault."""
        with self.connected() as ask:
            stored = _matching(self._read(ask, owner), value)
            if stored:
                update = self._update(zone)
                for rdata in stored:
                    update.delete(dns.name.from_text(owner), rdata)
                self._change(ask, update, owner, value, present=False)

    def read(self, owner: str) -> tuple[list[bytes], int | None]:
        """Return the values of the TXT records at a name, joined, and their TTL; an empty list and None without any."""
        with self.connected() as ask:
            found = self._read(ask, owner)
        return [join(rdata.strings) for rdata in found or ()], None if found is None else found.ttl

    def _read(self, ask: "Ask", owner: str) -> dns.rrset.RRset | None:
        answer = ask(self.query(owner, dns.rdatatype.TXT))
        name = dns.name.from_text(owner)
        alias = answer.get_rrset(dns.message.ANSWER, name, dns.rdataclass.IN, dns.rdatatype.CNAME)
        if alias is not None:
            raise UpdateError(f"{owner} is a CNAME to {alias[0].target}, so it can have no TXT; remove the CNAME first")
        if not answer.flags & dns.flags.AA:
            raise UpdateError(
                f"{self} does not serve {owner} itself (its answer is not authoritative): the name is delegated, or "
                "its zone is not there; publish it where it is served"
            )
        return answer.get_rrset(dns.message.ANSWER, name, dns.rdataclass.IN, dns.rdatatype.TXT)

    def _change(self, ask: "Ask", update: dns.update.UpdateMessage, owner: str, value: str, *, present: bool) -> None:
        """Send an update and read it back; after a lost answer only what is served counts."""
        lost = None
        try:
            ask(update)
        except UnreachableError as error:
            lost = error
        if lost is None:
            found = self._read(ask, owner)
        else:
            with self.connected() as ask_again:
                found = self._read(ask_again, owner)
        if bool(_matching(found, value)) is not present:
            if lost is not None:
                raise lost
            state = "does not serve" if present else "still serves"
            raise UpdateError(f"{self} took the update but {state} the TXT at {owner}: {value[:60]!r}; look at its log")

    def query(self, name: str, kind: dns.rdatatype.RdataType) -> dns.message.QueryMessage:
        """Return a signed query, not for recursion."""
        query = dns.message.make_query(name, kind, use_edns=0, payload=1232)
        query.flags &= ~dns.flags.RD
        query.use_tsig(self.key)
        return query

    def _update(self, zone: str) -> dns.update.UpdateMessage:
        return dns.update.UpdateMessage(zone, keyring=self.key)

    @contextmanager
    def connected(self) -> Iterator["Ask"]:
        """Open a connection, on which one message after another is sent and answered.

        :raises UnreachableError: where there is none, or it is lost; :raises UpdateError: for an answer that refuses.
        """
        try:
            connection = socket.create_connection((self.host, self.port), TIMEOUT)
        except OSError as error:
            raise self._unreachable(error) from None
        with connection:
            yield lambda message: self._ask(connection, message)

    def _ask(self, connection: socket.socket, message: dns.message.Message) -> dns.message.Message:
        try:
            wire = _exchange(connection, message.to_wire())
        except (OSError, EOFError) as error:
            raise self._unreachable(error) from None
        try:
            answer = dns.message.from_wire(wire, keyring=message.keyring, request_mac=message.mac)
        except (dns.tsig.PeerError, dns.tsig.BadSignature, dns.tsig.BadTime, dns.tsig.BadKey) as error:
            raise UpdateError(f"{self} did not accept the TSIG key {self.key.name}: {_tsig_problem(error)}") from None
        except dns.exception.DNSException as error:
            raise UpdateError(self._unreadable(message, wire, error)) from None
        if not message.is_response(answer):
            raise UpdateError(f"{self} sent an answer to another question; is it a DNS server?")
        if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            raise UpdateError(self._refusal(message, answer.rcode()))
        return answer

    def _unreadable(self, message: dns.message.Message, wire: bytes, error: dns.exception.DNSException) -> str:
        """Say why an answer could not be taken: it is no DNS message, or its signature is missing."""
        try:
            unsigned = dns.message.from_wire(wire, keyring=False)
        except dns.exception.DNSException:
            return f"{self} sent an answer that cannot be read: {error or type(error).__name__}"
        if unsigned.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            return self._refusal(message, unsigned.rcode())
        return (
            f"{self} answered without a signature (RFC 8945 §5.4), so that nothing in it can be trusted; "
            f"does it know the key {self.key.name}?"
        )

    def _unreachable(self, error: BaseException) -> UnreachableError:
        reason = f"no answer in {TIMEOUT:.0f} s" if isinstance(error, TimeoutError) else ""
        if isinstance(error, EOFError):
            reason = "it closed the connection"
        return UnreachableError(
            f"{self} does not answer over TCP ({reason or getattr(error, 'strerror', None) or error}); "
            "is rfc2136.server right, is the server up, is TCP let through?"
        )

    def _refusal(self, message: dns.message.Message, rcode: dns.rcode.Rcode) -> str:
        what = "the update" if isinstance(message, dns.update.UpdateMessage) else "the query"
        zone = message.question[0].name.to_text(omit_final_dot=True) if message.question else ""
        cures = {
            dns.rcode.REFUSED: f"let the key {self.key.name} update and query it there",
            dns.rcode.NOTAUTH: "it is not that zone's primary, or does not know the key",
            dns.rcode.NOTZONE: "the name is not in that zone: mend rfc2136.zones",
            dns.rcode.SERVFAIL: "look at its log",
            dns.rcode.NOTIMP: "it does not do dynamic updates",
        }
        return f"{self} answered {dns.rcode.to_text(rcode)} to {what} of {zone}; {cures.get(rcode, 'look at its log')}"


def _exchange(connection: socket.socket, wire: bytes) -> bytes:
    """Send a message and return the next one (RFC 1035 §4.2.2: a length before each)."""
    connection.sendall(len(wire).to_bytes(2, "big") + wire)
    return _receive(connection, int.from_bytes(_receive(connection, 2), "big"))


def _receive(connection: socket.socket, length: int) -> bytes:
    received = b""
    while len(received) < length:
        piece = connection.recv(length - len(received))
        if not piece:
            raise EOFError
        received += piece
    return received


Ask = Callable[[dns.message.Message], dns.message.Message]


def changed_value(values: list[bytes], published: str) -> str | None:
    """Return the value that now stands where ``published`` did, or None where none does.

    At a name with other TXT records ours is known by its value; where that is gone, and exactly one record of the same
    kind (``v=spf1``, ``v=DKIM1``, ``v=DMARC1``) is there, somebody changed it.
    """
    if published.encode("ascii") in values:
        return published
    version = published.replace(";", " ").partition(" ")[0]
    same = [show(value) for value in values if version.startswith("v=") and value.startswith(version.encode("ascii"))]
    return same[0] if len(same) == 1 else None


def key_from(name: str, octets: bytes, algorithm: str) -> dns.tsig.Key:
    """Return a TSIG key from its name, its octets, and an algorithm such as ``hmac-sha256``."""
    return dns.tsig.Key(dns.name.from_text(name), octets, dns.name.from_text(algorithm))


def _matching(found: dns.rrset.RRset | None, value: str) -> list[Txt]:
    """Return the records of a value: as declared, or as :func:`changed_value` shows what somebody made of it."""
    wanted = value.encode("ascii")
    return [rdata for rdata in found or () if (octets := join(rdata.strings)) == wanted or show(octets) == value]


def _rdata(value: str) -> Txt:
    return Txt(dns.rdataclass.IN, dns.rdatatype.TXT, cut(value.encode("ascii")))


def _ttl(configured: int | None, found: dns.rrset.RRset | None) -> int:
    if configured is not None:
        return configured
    return DEFAULT_TTL if found is None else found.ttl


def _tsig_problem(error: dns.exception.DNSException) -> str:
    problems: Mapping[type[dns.exception.DNSException], str] = {
        dns.tsig.PeerBadKey: "it knows no key of that name and algorithm (BADKEY); mend rfc2136.keyName or algorithm",
        dns.tsig.PeerBadSignature: "the secret is another one (BADSIG); mend tsigKey",
        dns.tsig.PeerBadTime: "the clocks are more than 5 minutes apart (BADTIME); set them",
        dns.tsig.PeerBadTruncation: "it wants a longer signature (BADTRUNC)",
    }
    return problems.get(type(error), f"its answer is signed wrongly ({error or type(error).__name__})")
