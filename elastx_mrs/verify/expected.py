"""What the DNS should say of one sender domain: the records, and what is known of those that others publish."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from elastx_mrs.records import TxtRecord
from elastx_mrs.service import ELASTX, Service


@dataclass(frozen=True)
class Expected:
    """What one sender domain should have.

    :param records: the declared ones. SPF, DKIM and DMARC are judged where they are not among them too: mail needs
        them, whoever publishes them.
    :param selector: the DKIM selector; empty for the service's own.
    :param accounts_known: whether the challenges are all among the records; without, any will do.
    :param known_challenges: challenges of other stacks, which may stand beside ours.
    :param resolvers_must_agree: whether a resolver that still has an old answer fails the domain.
    :param left_out: records that exist only in the config yet, by the name of their resource: not judged.
    :param left_out_kinds: their kinds, such as ``spf``: not to be taken for somebody else's.
    :param service: the relay service that the domain sends through.
    """

    domain: str
    records: tuple[TxtRecord, ...] = ()
    selector: str = ""
    accounts_known: bool = True
    known_challenges: frozenset[str] = field(default_factory=frozenset)
    resolvers_must_agree: bool = False
    left_out: tuple[str, ...] = ()
    left_out_kinds: frozenset[str] = field(default_factory=frozenset)
    service: Service = ELASTX

    def of_kind(self, kind: str) -> TxtRecord | None:
        """Return the first declared record of a kind; None where it is somebody else's, or left out."""
        return next((record for record in self.records if record.kind == kind), None)

    @property
    def key_name(self) -> str:
        """The owner name of the DKIM key; below a long domain it may be more than DNS has room for."""
        declared = self.of_kind("dkim")
        if declared is not None:
            return declared.name
        return f"{self.selector or self.service.dkim_selector}._domainkey.{self.domain}"

    @property
    def policy_name(self) -> str:
        """The owner name of the DMARC record; it may be too long, as that of the key."""
        return f"_dmarc.{self.domain}"

    @property
    def names(self) -> list[str]:
        """Every owner name with TXT records that matter."""
        return list(
            dict.fromkeys([self.domain, self.key_name, self.policy_name, *(record.name for record in self.records)])
        )


def by_domain(records: Iterable[TxtRecord]) -> dict[str, tuple[TxtRecord, ...]]:
    """Return records by sender domain, in their order."""
    found: dict[str, list[TxtRecord]] = {}
    for record in records:
        found.setdefault(record.domain, []).append(record)
    return {domain: tuple(own) for domain, own in found.items()}


def from_records(
    records: Iterable[TxtRecord], known_challenges: Iterable[str] = (), service: Service = ELASTX
) -> list[Expected]:
    """Return what records ask for, domain by domain, in their order."""
    known = frozenset(known_challenges)
    return [
        Expected(domain, found, known_challenges=known, service=service) for domain, found in by_domain(records).items()
    ]


def from_domains(
    domains: Sequence[str], known_challenges: Iterable[str] = (), service: Service = ELASTX
) -> list[Expected]:
    """Return what can be asked of domains alone, whose accounts and key nobody named."""
    known = frozenset(known_challenges)
    return [
        Expected(domain, accounts_known=False, known_challenges=known, service=service)
        for domain in dict.fromkeys(domains)
    ]
