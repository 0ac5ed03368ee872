"""Changes the TXT records of one name on an RFC 2136 primary, and reads them.

A name server's NOERROR proves nothing (RFC 2136 §3.4.2.2 drops changes silently). So every change is read back.
"""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TXT
import dns.rrset
import dns.update

from elastx_mrs import limits
from elastx_mrs.display import quoted
from elastx_mrs.publish.adoption import taken
from elastx_mrs.publish.rfc2136.lock import TURNS
from elastx_mrs.publish.rfc2136.place import InTheWayError, Place
from elastx_mrs.publish.rfc2136.primary import (
    Primary,
    RefusedError,
    UnreachableError,
    UpdateError,
    at,
    first,
    text,
)
from elastx_mrs.records import DEFAULT_TTL
from elastx_mrs.records.kinds import current_value, rivals, same_value, unique_kind
from elastx_mrs.records.text import cut, join

SENDS = 3
"""How often an update is sent if its answer is lost and it was not processed."""

CONTENTION = float(limits.CONTENTION_SECONDS.most)
"""Seconds for which an update is retried while others change the RRset."""

READ_BACK = float(limits.READ_BACK_SECONDS.most)
"""Seconds until a change must show, because a signing server may need a moment after its answer."""

PAUSE = 0.001
"""Seconds before the first retry; doubled before each further one, up to a second."""

Txt = dns.rdtypes.ANY.TXT.TXT
Rrset = dns.rrset.RRset


def add(primary: Primary, zone: str, owner: str, value: str, ttl: int | None, adopt: bool, only: bool = True) -> None:
    """Publish a value next to the name's other records, and keep their TTL.

    :param ttl: seconds for the whole RRset (RFC 2181 §5.2); None for the RRset's TTL, or 1800 if it is new.
    :param adopt: True if an existing record may be taken over: the value itself, or the one record of its kind
        (SPF, DKIM, DMARC), which the value then replaces in the same message.
    :param only: False if another record of its kind may exist, because the guard does not forbid it.
    :raises UpdateError: if the value is not served afterwards.
    """
    with TURNS.turn((str(primary), owner), alone=unique_kind(value) is not None), _at(primary, zone, owner) as here:
        for _ in here.tries():
            found = here.read()
            old = current_value(_values(found), value) if adopt else None
            if _matching(found, value) and not adopt:
                if here.lost:  # the update was processed after all
                    return
                raise UpdateError(taken(owner, value))
            if found is not None and _is_done(found, value, ttl):
                return  # it is taken over as it is, and the zone keeps its serial
            if only and old is None:
                _refuse_rivals(found, owner, value)
            update = here.update(found, value)
            for rdata in _matching(found, old) if old is not None else []:
                update.delete(here.name, rdata)
            update.add(here.name, _ttl(ttl, found), _rdata(value))
            if here.change(update, value, present=True):
                return


def replace(primary: Primary, zone: str, owner: str, old: str, new: str, ttl: int | None, only: bool = True) -> None:
    """Replace ``old`` with ``new`` in one message. No server then has both or neither.

    :param only: as in :func:`add`.
    :raises UpdateError: if the change does not show.
    """
    with TURNS.turn((str(primary), owner), alone=unique_kind(new) is not None), _at(primary, zone, owner) as here:
        for _ in here.tries():
            found = here.read()
            if only:
                _refuse_rivals(found, owner, new, old)
            update = here.update(found, new)
            # Use the stored octets: a delete whose strings are cut differently deletes nothing.
            for rdata in _matching(found, old) + (_matching(found, new) if new != old else []):
                update.delete(here.name, rdata)
            update.add(here.name, _ttl(ttl, found), _rdata(new))
            if here.change(update, new, present=True):
                if new != old and not here.shows(old, present=False, patience=READ_BACK):
                    raise UpdateError(f"{primary} still has the old TXT at {owner} after the update; look at its log")
                return


def remove(primary: Primary, zone: str, owner: str, value: str) -> None:
    """Delete a value. It succeeds if the value is gone already.

    If another record hides the value by now, it is deleted as it was once written.

    :raises UpdateError: if it is still served afterwards.
    """
    with TURNS.turn((str(primary), owner), alone=False), _at(primary, zone, owner) as here:
        try:
            stored = _matching(here.read(), value)
        except InTheWayError:
            stored = [_rdata(value)]
        if stored:
            update = here.update(None, "")
            for rdata in stored:
                update.delete(here.name, rdata)
            here.change(update, value, present=False)


def read(primary: Primary, zone: str, owner: str) -> tuple[list[bytes], int | None]:
    """Return the values of the TXT records at a name, joined, and their TTL; an empty list and None without any.

    Records that another record hides count as missing.

    :raises UpdateError: if the name cannot be read.
    """
    with _at(primary, zone, owner) as here:
        try:
            found = here.read()
        except InTheWayError:
            found = None
    return _values(found), None if found is None else found.ttl


@dataclass
class _Here(Place):
    """A name whose records are read and changed.

    :ivar lost: the lost answers to updates.
    :ivar answered: whether a wildcard's CNAME was seen. The next update then requires that the name has none.
    :ivar aliased: whether the name has its own CNAME, according to the primary.
    """

    lost: list[UnreachableError] = field(default_factory=list)
    answered: bool = False
    aliased: bool = False

    def read(self) -> Rrset | None:
        """Return the name's own TXT records, without a wildcard's.

        :raises InTheWayError: if the name has its own CNAME, or lies below a DNAME or in a child zone.
        """
        self.answered = False
        answer = self.ask(self.primary.query(self.owner, dns.rdatatype.TXT))
        if not answer.flags & dns.flags.AA:
            raise self.not_served(answer)
        dname = first(answer.answer, dns.rdatatype.DNAME)
        if dname is not None:
            where = f"{self.owner} lies below the DNAME {text(dname.name)} to {text(dname[0].target)}"
            cure = "publish it there, or remove the DNAME"
            raise InTheWayError(f"{where}, so {self.primary} serves nothing there (RFC 6672 §2.3); {cure}")
        alias = at(answer, self.owner, dns.rdatatype.CNAME)
        if alias is not None:
            self._check_alias(alias)
            return None
        found = at(answer, self.owner, dns.rdatatype.TXT)
        if found is None or self.owner == self.zone:
            self.check_zone(first(answer.authority, dns.rdatatype.SOA))
            return found
        if (self.zone, self.owner) not in self.primary.confirmed:
            answer = self.ask(self.primary.query(self.owner, dns.rdatatype.SOA))
            self.check_zone(first([*answer.answer, *answer.authority], dns.rdatatype.SOA))
            if self.synthesised(found):
                return None
            self.primary.confirmed.add((self.zone, self.owner))
        return found

    def update(self, found: Rrset | None, value: str) -> dns.update.UpdateMessage:
        """Return an update without changes yet.

        For a value that must be the only one of its kind, the update requires the RRset to be exactly what was read
        (RFC 2136 §2.4.2, §2.4.3).
        """
        update = dns.update.UpdateMessage(self.zone, keyring=self.primary.key)
        alone = unique_kind(value) is not None
        if self.answered:  # a TXT next to a CNAME would be dropped silently (§3.4.2.2)
            update.absent(self.name, dns.rdatatype.CNAME)
        if alone and found is None:
            update.absent(self.name, dns.rdatatype.TXT)
        if alone:
            for rdata in found or ():
                update.present(self.name, rdata)
        return update

    def change(self, update: dns.update.UpdateMessage, value: str, *, present: bool) -> bool:
        """Send an update and read it back. After a lost answer, only the served records count.

        :returns: False if the RRset had changed since the read, and nothing was written.
        """
        for _ in range(SENDS):
            before = len(self.lost)
            try:
                self.ask(update)
            except UnreachableError as error:
                if not error.sent:
                    raise
                self.lost.append(error)
            except RefusedError as refused:
                if refused.rcode in (dns.rcode.NXRRSET, dns.rcode.YXRRSET):
                    self.aliased = self.answered and self.has_alias()
                    return False
                raise self.explained(update, refused) from None
            answered = len(self.lost) == before
            if present and answered:
                self.primary.confirmed.add((self.zone, self.owner))  # the new record makes the name exist
            else:
                self.primary.confirmed.discard((self.zone, self.owner))
            if self.shows(value, present=present, patience=READ_BACK if answered else 0.0):
                return True
            if answered:
                state = "does not serve" if present else "still serves"
                problem = f"accepted the update of {self.zone} but {state} the TXT at {self.owner}: {quoted(value, 60)}"
                raise UpdateError(f"{self.primary} {problem}; look at its log. {self.signed()}{self.mname()}".rstrip())
        raise self.lost[-1]

    def shows(self, value: str, *, present: bool, patience: float) -> bool:
        """Return whether a value is present or absent as it should be; wait for that a moment."""
        end, pause = time.monotonic() + patience, PAUSE
        while True:
            try:
                found = self.read()
            except InTheWayError:
                if present:
                    raise
                return True
            if bool(_matching(found, value)) is present:
                return True
            if (left := end - time.monotonic()) <= 0:
                return False
            time.sleep(min(pause, left))
            pause *= 2

    def tries(self) -> Iterator[None]:
        """Yield until the caller stops, with pauses.

        :raises UpdateError: if that takes too long.
        """
        end, pause = time.monotonic() + CONTENTION, PAUSE
        while time.monotonic() < end:
            yield
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  so two writers do not meet again
            pause = min(2 * pause, 1.0)
        problem = f"were changed by others again and again for {CONTENTION:.0f} s, so nothing was written"
        raise UpdateError(f"the TXT records of {self.owner} on {self.primary} {problem}; run again")

    def _check_alias(self, alias: Rrset) -> None:
        """Accept a CNAME that only a wildcard answers: the name has no record of its own (RFC 4592 §2.2.1).

        :raises InTheWayError: if it is the name's own.
        """
        if self.aliased or self.owner == self.zone or not self.synthesised(alias):
            what = f"{self.owner} is a CNAME to {text(alias[0].target)}, so it can have no TXT (RFC 1034 §3.6.2)"
            raise InTheWayError(f"{what}; remove the CNAME from {self.zone} on {self.primary} first")
        self.check_zone(self.primary.soa_above(self.ask, self.owner, self.zone))
        self.answered = True


@contextmanager
def _at(primary: Primary, zone: str, owner: str) -> Iterator[_Here]:
    with primary.connected() as ask:
        yield _Here(primary, ask, zone, owner)


def _refuse_rivals(found: Rrset | None, owner: str, value: str, old: str = "") -> None:
    """Refuse a second record of a kind that may exist once: another program was faster than the guard."""
    others = rivals(_values(found), value, old)
    if others:
        what = f"{owner} has {' and '.join(map(quoted, others))}, which this stack did not publish"
        cure = "run pulumi up --refresh, which prints what to do"
        raise UpdateError(f"{what}; {quoted(value, 60)} next to it would make both invalid; {cure}")


def _values(found: Rrset | None) -> list[bytes]:
    return [join(rdata.strings) for rdata in found or ()]


def _matching(found: dns.rrset.RRset | None, value: str) -> list[Txt]:
    """Return the records of a value: as declared, or changed, as :func:`current_value` returns it."""
    return [rdata for rdata in found or () if same_value(join(rdata.strings), value)]


def _is_done(found: Rrset, value: str, ttl: int | None) -> bool:
    """Return whether a value is there once, with its TTL. How it is cut into strings does not matter."""
    there = [join(rdata.strings) for rdata in _matching(found, value)]
    return there == [value.encode("ascii")] and _ttl(ttl, found) == found.ttl


def _rdata(value: str) -> Txt:
    return Txt(dns.rdataclass.IN, dns.rdatatype.TXT, cut(value.encode("ascii")))


def _ttl(configured: int | None, found: dns.rrset.RRset | None) -> int:
    if configured is not None:
        return configured
    return DEFAULT_TTL if found is None else found.ttl
