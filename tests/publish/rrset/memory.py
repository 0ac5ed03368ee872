"""A provider with nothing but zones, read and swap, which keeps joined values, and no ``|``: as a contributor adds one.

As with some real APIs, a value is one text without quotes, whatever its length, in the order of the alphabet.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from elastx_mrs.publish.rrset.record_sets import ChangedError, LostError, RecordSet, RecordSets, Zone
from elastx_mrs.records import RecordError


@dataclass
class Memory(RecordSets):
    """Record sets in this process.

    :ivar meanwhile: what others do before a swap is looked at, each once.
    :ivar lost: how many answers get lost: before the work is done, if negative, and after it otherwise.
    """

    title: ClassVar[str] = "Memory"
    there: dict[tuple[str, str], RecordSet] = field(default_factory=dict)
    meanwhile: list[Callable[[], None]] = field(default_factory=list)
    lost: int = 0
    swaps: int = 0

    def zones(self) -> Sequence[Zone]:
        return [Zone("example.com", "1")]

    def read(self, zone: str, owner: str = "") -> Sequence[RecordSet]:
        found = [one for (name, _), one in sorted(self.there.items()) if owner in ("", name)]
        return [replace(one, problem=self._problem(one)) for one in found]

    def swap(self, zone: str, owner: str, old: RecordSet | None, new: RecordSet | None) -> str:
        self.swaps += 1
        if self.meanwhile:
            self.meanwhile.pop(0)()
        if self.lost < 0:
            self.lost += 1
            raise LostError("Memory did not answer; run pulumi up again")
        if self.there.get((owner, "TXT")) != old:
            raise ChangedError("Memory has another set")
        if new is None:
            del self.there[owner, "TXT"]
        else:
            self.there[owner, "TXT"] = replace(new, values=tuple(sorted(new.values)))
        if self.lost > 0:
            self.lost -= 1
            raise LostError("Memory did not answer; run pulumi up again")
        return ""

    def octets(self, value: str) -> bytes:
        return value.encode("latin-1")

    def written(self, value: str) -> str:
        if "|" in value:
            raise RecordError("has a '|', which Memory cannot hold; leave it out")
        return value

    def _problem(self, one: RecordSet) -> str:
        odd = next((value for value in one.values if "|" in value), None)
        return f"has {odd!r}, which Memory cannot hold; change it at Memory first" if odd is not None else ""
