"""Judge the printed config with the same checks that verification makes after the ``up``."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from elastx_mrs.adopt.adopted import Adopted
from elastx_mrs.lookup.answer import Answer, Ask, answer_of
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.vantage import Vantage, Who
from elastx_mrs.records import TxtRecord
from elastx_mrs.service import Service
from elastx_mrs.verify.checks import dmarc, spf
from elastx_mrs.verify.expected import Expected
from elastx_mrs.verify.result import Detail, Outcome
from elastx_mrs.verify.sources import Asked


class Planned(Vantage):
    """The DNS as it will be once some records are published.

    :param record: replaces all TXT records at its name; None for the DNS as it is.
    """

    def __init__(self, ask: Ask, record: TxtRecord | None) -> None:
        super().__init__(Who(), Network())
        self._ask = ask
        self._record = record

    async def ask(self, name: str, rdtype: str) -> Answer:
        """Look up a name. The planned record is answered as if it existed."""
        if rdtype == "TXT" and self._record is not None and name == self._record.name:
            return answer_of(name, [self._record.value.encode("ascii")])
        return await self._ask(name, rdtype)

    async def ask_uncached(self, name: str, rdtype: str) -> Answer:
        """Ask, as :meth:`ask`."""
        return await self.ask(name, rdtype)


@dataclass(frozen=True)
class Judgement:
    """The expected verdict of verification.

    :param wrong: the failures with their fixes; of several with one cause, only the cause.
    :param unasked: the failed look-ups.
    :param notices: remarks.
    """

    wrong: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    def tell(self, adopted: Adopted, name: str) -> None:
        """Add it to the domain's result."""
        for lines, texts in (
            (adopted.faults, self.wrong),
            (adopted.unasked, self.unasked),
            (adopted.changes, self.notices),
        ):
            lines += [text if text.startswith(name) else f"{name}: {text}" for text in texts]


async def judged_spf(ask: Ask, domain: str, record: TxtRecord, service: Service) -> Judgement:
    """Judge a domain's SPF record as verification will."""
    found = await spf.spf(Asked(Planned(ask, record)), Expected(domain, (record,), service=service))
    # A record that is broken for all mail also fails the relay's mail. One message is enough.
    tree, policy, relay = (
        next(one for one in found if one.check == check) for check in (spf.TREE, spf.POLICY, spf.RELAY)
    )
    return _judgement([*([tree] if tree.details else [policy, tree]), relay])


async def judged_dmarc(ask: Ask, domain: str, record: TxtRecord | None, service: Service) -> Judgement:
    """Judge a domain's DMARC as verification will; without a record, the policy that applies today."""
    expected = Expected(domain, (record,) if record is not None else (), service=service)
    return _judgement(await dmarc.dmarc(Asked(Planned(ask, record)), expected))


def _judgement(outcomes: Sequence[Outcome]) -> Judgement:
    details = list(dict.fromkeys(detail for outcome in outcomes for detail in outcome.details))
    return Judgement(
        tuple(_told(detail for detail in details if detail.verdict in ("wrong", "absent"))),
        tuple(_told(detail for detail in details if detail.verdict == "unreachable")),
        (
            *_told(detail for detail in details if detail.verdict == "warning"),
            *(notice for outcome in outcomes for notice in outcome.notices),
        ),
    )


def _told(details: Iterable[Detail]) -> list[str]:
    texts = (f"{detail.seen}; {detail.cure}" if detail.cure else detail.seen for detail in details)
    return list(dict.fromkeys(texts))
