"""Judges what is about to be printed as verification will judge it after the ``up``: one promise, one judge."""

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

    :param record: takes the place of all TXT at its name; None for the DNS as it is.
    """

    def __init__(self, ask: Ask, record: TxtRecord | None) -> None:
        super().__init__(Who(), Network())
        self._ask = ask
        self._record = record

    async def ask(self, name: str, rdtype: str) -> Answer:
        """Ask; what is planned is answered as if it were there."""
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
        """Add it to what is known of the domain."""
        for lines, texts in (
            (adopted.faults, self.wrong),
            (adopted.unasked, self.unasked),
            (adopted.changes, self.notices),
        ):
            lines += [text if text.startswith(name) else f"{name}: {text}" for text in texts]


async def judged_spf(ask: Ask, domain: str, record: TxtRecord, service: Service) -> Judgement:
    """Say what verification will make of a domain's SPF record."""
    found = await spf.spf(Asked(Planned(ask, record)), Expected(domain, (record,), service=service))
    # A record that is broken for everybody fails the relay's mail too: the second message would say so again.
    tree, policy = (next(one for one in found if one.check == check) for check in (spf.TREE, spf.POLICY))
    return _judgement([tree] if tree.details else [policy, tree])


async def judged_dmarc(ask: Ask, domain: str, record: TxtRecord | None, service: Service) -> Judgement:
    """Say what verification will make of a domain's DMARC; without a record, of what applies to it today."""
    expected = Expected(domain, (record,) if record is not None else (), service=service)
    return _judgement(await dmarc.dmarc(Asked(Planned(ask, record)), expected))


def _judgement(outcomes: Sequence[Outcome]) -> Judgement:
    details = list(dict.fromkeys(detail for outcome in outcomes for detail in outcome.details))
    return Judgement(
        tuple(_told(detail for detail in details if detail.verdict in ("wrong", "absent"))),
        tuple(_told(detail for detail in details if detail.verdict == "unreachable")),
        tuple(notice for outcome in outcomes for notice in outcome.notices),
    )


def _told(details: Iterable[Detail]) -> list[str]:
    texts = (f"{detail.seen}; {detail.cure}" if detail.cure else detail.seen for detail in details)
    return list(dict.fromkeys(texts))
