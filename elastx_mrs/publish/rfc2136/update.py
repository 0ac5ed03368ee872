"""Changes the TXT records of one name on an RFC 2136 primary, and reads them.

A name server's NOERROR proves nothing (RFC 2136 §3.4.2.2 drops changes silently), so that every change is read back.
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
"""Times that an update is sent whose answer gets lost, and that was not worked on."""

CONTENTION = float(limits.CONTENTION_SECONDS.most)
"""Seconds for which an update is tried whose RRset others keep changing."""

READ_BACK = float(limits.READ_BACK_SECONDS.most)
"""Seconds until a change must show: a server that signs may take a moment after it has answered."""

PAUSE = 0.001
"""Seconds before the first try after one that failed; twice as long before each more, up to a second."""

Txt = dns.rdtypes.ANY.TXT.TXT
Rrset = dns.rrset.RRset


def add(primary: Primary, zone: str, owner: str, value: str, ttl: int | None, adopt: bool, only: bool = True) -> None:
    """Publish a value beside whatever else the name has, whose TTL stays.

    :param ttl: seconds, which the whole RRset then has (RFC 2181 §5.2); None for the RRset's, else 1800.
    :param adopt: True where what is there already may be taken over: the value itself, or the one record of its
        kind (SPF, DKIM, DMARC), which the value then replaces in the same message.
    :param only: False where another record of its kind may be there beside it, as where the guard is off.
    :raises UpdateError: where it is not there then.
    """
    with TURNS.turn((str(primary), owner), alone=unique_kind(value) is not None), _at(primary, zone, owner) as here:
        for _ in here.tries():
            found = here.read()
            old = current_value(_values(found), value) if adopt else None
            if _matching(found, value) and not adopt:
                if here.lost:  # it was worked on after all
                    return
                raise UpdateError(taken(owner, value))
            if only and old is None:
                _refuse_rivals(found, owner, value)
            update = here.update(found, value)
            for rdata in _matching(found, old) if old is not None else []:
                update.delete(here.name, rdata)
            update.add(here.name, _ttl(ttl, found), _rdata(value))
            if here.change(update, value, present=True):
                return


def replace(primary: Primary, zone: str, owner: str, old: str, new: str, ttl: int | None, only: bool = True) -> None:
    """Put ``new`` in place of ``old`` in one message, so that no server ever has both or neither.

    :param only: as of :func:`add`.
    :raises UpdateError: where it is not so then.
    """
    with TURNS.turn((str(primary), owner), alone=unique_kind(new) is not None), _at(primary, zone, owner) as here:
        for _ in here.tries():
            found = here.read()
            if only:
                _refuse_rivals(found, owner, new, old)
            update = here.update(found, new)
            # The stored octets: a delete of one that is cut differently deletes nothing.
            for rdata in _matching(found, old) + (_matching(found, new) if new != old else []):
                update.delete(here.name, rdata)
            update.add(here.name, _ttl(ttl, found), _rdata(new))
            if here.change(update, new, present=True):
                if new != old and not here.shows(old, present=False, patience=READ_BACK):
                    raise UpdateError(f"{primary} still has the old TXT at {owner} after the update; look at its log")
                return


def remove(primary: Primary, zone: str, owner: str, value: str) -> None:
    """Withdraw a value; that it is gone already is no fault.

    Where something stands in the way by now, so that it cannot be seen, it is deleted as it was once written.

    :raises UpdateError: where it is still there then.
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

    What is not served, for something stands in the way, is not there.

    :raises UpdateError: where it cannot be read.
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

    :ivar lost: each answer to an update that got lost.
    :ivar answered: whether a wildcard's CNAME was seen, so that the next update is under the condition of none here.
    :ivar aliased: whether the primary says that the name has a CNAME of its own.
    """

    lost: list[UnreachableError] = field(default_factory=list)
    answered: bool = False
    aliased: bool = False

    def read(self) -> Rrset | None:
        """Return the TXT records that the zone itself has at the name, and no wildcard's.

        :raises InTheWayError: where a CNAME of the name's own, a DNAME or a child zone is there.
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

        For a value that must be the only one of its kind, it is under the condition that the RRset is what was read,
        all of it (RFC 2136 §2.4.2, §2.4.3).
        """
        update = dns.update.UpdateMessage(self.zone, keyring=self.primary.key)
        alone = unique_kind(value) is not None
        if self.answered:  # a TXT beside a CNAME would be dropped without a word (§3.4.2.2)
            update.absent(self.name, dns.rdatatype.CNAME)
        if alone and found is None:
            update.absent(self.name, dns.rdatatype.TXT)
        if alone:
            for rdata in found or ():
                update.present(self.name, rdata)
        return update

    def change(self, update: dns.update.UpdateMessage, value: str, *, present: bool) -> bool:
        """Send an update and read it back; after a lost answer only what is served counts.

        :returns: False where the RRset was no longer as it was read, so nothing was written.
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
                self.primary.confirmed.add((self.zone, self.owner))  # what we have just put there makes it exist
            else:
                self.primary.confirmed.discard((self.zone, self.owner))
            if self.shows(value, present=present, patience=READ_BACK if answered else 0.0):
                return True
            if answered:
                state = "does not serve" if present else "still serves"
                problem = f"took the update of {self.zone} but {state} the TXT at {self.owner}: {quoted(value, 60)}"
                raise UpdateError(f"{self.primary} {problem}; look at its log. {self.signed()}{self.mname()}".rstrip())
        raise self.lost[-1]

    def shows(self, value: str, *, present: bool, patience: float) -> bool:
        """Say whether a value is there, or is not, as it should; wait for it a moment."""
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
        """Yield until somebody breaks off, with pauses.

        :raises UpdateError: where that took too long.
        """
        end, pause = time.monotonic() + CONTENTION, PAUSE
        while time.monotonic() < end:
            yield
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  so that two don't meet again
            pause = min(2 * pause, 1.0)
        problem = f"were changed by others again and again for {CONTENTION:.0f} s, so nothing was written"
        raise UpdateError(f"the TXT records of {self.owner} on {self.primary} {problem}; run again")

    def _check_alias(self, alias: Rrset) -> None:
        """Let pass a CNAME that only a wildcard answers with: no record is at the name (RFC 4592 §2.2.1).

        :raises InTheWayError: where it is the name's own.
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
    """Refuse a second record of a kind that may be there once: somebody was faster than the guard could see."""
    others = rivals(_values(found), value, old)
    if others:
        what = f"{owner} has {' and '.join(map(quoted, others))}, which this stack did not publish"
        cure = "run pulumi up --refresh, which prints what to do"
        raise UpdateError(f"{what}; {quoted(value, 60)} next to it would make both invalid; {cure}")


def _values(found: Rrset | None) -> list[bytes]:
    return [join(rdata.strings) for rdata in found or ()]


def _matching(found: dns.rrset.RRset | None, value: str) -> list[Txt]:
    """Return the records of a value: as declared, or as :func:`current_value` shows what somebody made of it."""
    return [rdata for rdata in found or () if same_value(join(rdata.strings), value)]


def _rdata(value: str) -> Txt:
    return Txt(dns.rdataclass.IN, dns.rdatatype.TXT, cut(value.encode("ascii")))


def _ttl(configured: int | None, found: dns.rrset.RRset | None) -> int:
    if configured is not None:
        return configured
    return DEFAULT_TTL if found is None else found.ttl
