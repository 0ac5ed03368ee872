"""One string in a name's TXT record set: how it is added, changed and removed, and the others are kept."""

from elastx_mrs.display import quoted
from elastx_mrs.publish.adoption import taken
from elastx_mrs.publish.rrset.names import Names
from elastx_mrs.publish.rrset.record_sets import RecordSet, RecordSetError, RecordSets
from elastx_mrs.records import DEFAULT_TTL
from elastx_mrs.records.kinds import current_value, rivals, same_value


class Strings:
    """The strings of one provider. Each method raises :class:`RecordSetError` where it cannot do its work.

    :param sets: the provider's API.
    """

    def __init__(self, sets: RecordSets) -> None:
        self._sets = sets
        self._names = Names(sets)

    def add(self, zone: str, owner: str, value: str, ttl: int | None, *, adopt: bool, only: bool = True) -> str:
        """Publish a value beside whatever else the name has; return the id of the change.

        :param ttl: seconds, which the whole set then has (RFC 2181 §5.2); None for the set's, else 1800.
        :param adopt: True where what is there already may be taken over: the value itself, or the one record of its
            kind (SPF, DKIM, DMARC), which the value then replaces.
        :param only: False where another record of its kind may be beside it, as where the guard is off.
        """

        def added(found: RecordSet | None, lost: bool) -> RecordSet | None:
            there = values(self._sets, found)
            old = current_value(there, value) if adopt else None
            if not (adopt or lost) and any(same_value(one, value) for one in there):
                raise RecordSetError(taken(owner, value))
            if only and old is None:
                self._refuse_rivals(found, owner, value)
            return with_value(self._sets, found, owner, value, ttl, instead=old)

        return self._names.change(zone, owner, added, writes=True)

    def replace(self, zone: str, owner: str, old: str, new: str, ttl: int | None, *, only: bool = True) -> str:
        """Put ``new`` in the place of ``old`` in one swap; parameters as of :meth:`add`."""

        def replaced(found: RecordSet | None, lost: bool) -> RecordSet | None:
            if only:
                self._refuse_rivals(found, owner, new, old)
            return with_value(self._sets, found, owner, new, ttl, instead=old)

        return self._names.change(zone, owner, replaced, writes=True)

    def remove(self, zone: str, owner: str, value: str) -> None:
        """Withdraw a value, and the set with the last one. A value that is gone already is no error."""
        self._names.change(zone, owner, lambda found, lost: without_value(self._sets, found, value), writes=False)

    def read(self, zone: str, owner: str, value: str) -> tuple[str, int | None] | None:
        """Return what stands today where a value was put, and the set's TTL if nobody shares it; None for nothing."""
        found = self._names.read(zone, owner)
        now = current_value(values(self._sets, found), value)
        if found is None or now is None:
            return None
        return now, found.ttl if len(found.values) == 1 else None

    def _refuse_rivals(self, found: RecordSet | None, owner: str, value: str, old: str = "") -> None:
        """Refuse a second record of a kind that may be there once: somebody was faster than the guard could see."""
        others = rivals(values(self._sets, found), value, old)
        if others:
            what = f"{owner} has {' and '.join(map(quoted, others))}, which this stack did not publish"
            cure = "run pulumi up --refresh, which says what to do about it"
            raise RecordSetError(f"{what}; with {quoted(value, 60)} too, both would be void; {cure}")


def values(sets: RecordSets, found: RecordSet | None) -> list[bytes]:
    """Return the values of a TXT set, each one's character-strings joined."""
    return [sets.octets(value) for value in found.values] if found is not None else []


def with_value(
    sets: RecordSets, found: RecordSet | None, owner: str, value: str, ttl: int | None, instead: str | None = None
) -> RecordSet:
    """Return a TXT set with a value, in the place of ``instead`` or at its end.

    The others stay exactly as they are. So does the value, if the set has it already, however it is cut and escaped.
    """
    kept: list[str] = []
    place, text = None, sets.written(value)
    for one in found.values if found is not None else ():
        there = sets.octets(one)
        if same_value(there, value) or (instead is not None and same_value(there, instead)):
            place = len(kept) if place is None else place
            text = one if there == value.encode("ascii") else text
        else:
            kept.append(one)
    kept.insert(len(kept) if place is None else place, text)
    before = DEFAULT_TTL if found is None or found.ttl is None else found.ttl
    return RecordSet(owner, "TXT", tuple(kept), before if ttl is None else ttl)


def without_value(sets: RecordSets, found: RecordSet | None, value: str) -> RecordSet | None:
    """Return a TXT set without a value; None where it was the last."""
    if found is None:
        return None
    kept = tuple(one for one in found.values if not same_value(sets.octets(one), value))
    return RecordSet(found.name, found.type, kept, found.ttl) if kept else None
