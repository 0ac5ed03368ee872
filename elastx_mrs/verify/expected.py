"""What DNS should contain for one sender domain: its records, and what is known about those that others publish."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from elastx_mrs.records import TxtRecord
from elastx_mrs.service import ELASTX, Service


@dataclass(frozen=True)
class Expected:
    """The expected state of one sender domain.

    :param records: the declared ones. SPF, DKIM and DMARC are checked even if they are not declared, because mail needs
        them, whoever publishes them.
    :param selector: the DKIM selector; empty for the service's own.
    :param accounts_known: whether the records contain all challenges; otherwise, any challenge will do.
    :param known_challenges: challenges of other stacks at the same names.
    :param resolvers_must_agree: whether a resolver that still has an old answer fails the domain.
    :param left_out: names of resources that were not created, so their records are not checked.
    :param left_out_kinds: their kinds, such as ``spf``; a record of such a kind is not somebody else's.
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
        """Return the first declared record of a kind; None if somebody else publishes it, or if it is left out."""
        return next((record for record in self.records if record.kind == kind), None)

    @property
    def key_name(self) -> str:
        """The owner name of the DKIM key; below a long domain it may be too long for DNS."""
        declared = self.of_kind("dkim")
        if declared is not None:
            return declared.name
        return f"{self.selector or self.service.dkim_selector}._domainkey.{self.domain}"

    @property
    def policy_name(self) -> str:
        """The owner name of the DMARC record; it may be too long for DNS, too."""
        return f"_dmarc.{self.domain}"

    @property
    def names(self) -> list[str]:
        """Every owner name that is checked."""
        return list(
            dict.fromkeys([self.domain, self.key_name, self.policy_name, *(record.name for record in self.records)])
        )


def by_domain(records: Iterable[TxtRecord]) -> dict[str, tuple[TxtRecord, ...]]:
    """Return records by sender domain, in order."""
    found: dict[str, list[TxtRecord]] = {}
    for record in records:
        found.setdefault(record.domain, []).append(record)
    return {domain: tuple(own) for domain, own in found.items()}


def from_records(
    records: Iterable[TxtRecord], known_challenges: Iterable[str] = (), service: Service = ELASTX
) -> list[Expected]:
    """Return what the records require, for each domain."""
    known = frozenset(known_challenges)
    return [
        Expected(domain, found, known_challenges=known, service=service) for domain, found in by_domain(records).items()
    ]


def from_domains(
    domains: Sequence[str], known_challenges: Iterable[str] = (), service: Service = ELASTX
) -> list[Expected]:
    """Return what can be required if only the domains are known, not their accounts and keys."""
    known = frozenset(known_challenges)
    return [
        Expected(domain, accounts_known=False, known_challenges=known, service=service)
        for domain in dict.fromkeys(domains)
    ]
