"""What DNS should contain for one sender domain: its records, and what is known about those that others publish."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from elastx_mrs.records import TxtRecord
from elastx_mrs.records.dkim_state import State
from elastx_mrs.service import ELASTX, Service


@dataclass(frozen=True)
class Key:
    """A DKIM key of a domain, whoever publishes it.

    :param check: the name of its check: ``dkim``, or ``dkim-s1`` at another selector than the service's.
    :param state: by the config.
    :param said: the state in words.
    """

    selector: str
    check: str = "dkim"
    state: State = "active"
    said: str = "active"


@dataclass(frozen=True)
class Expected:
    """The expected state of one sender domain.

    :param records: the declared ones. SPF, DKIM and DMARC are checked even if they are not declared, because mail needs
        them, whoever publishes them.
    :param keys: the DKIM keys, also those that somebody else publishes; if there are none, one at the service's
        selector, unless a key is among the records.
    :param accounts_known: whether the records contain all challenges; otherwise, any challenge will do.
    :param known_challenges: challenges of other stacks at the same names.
    :param resolvers_must_agree: whether a resolver that still has an old answer fails the domain.
    :param left_out: names of resources that were not created, so their records are not checked.
    :param left_out_kinds: their kinds, such as ``spf``, and for a DKIM key its check; a record of such a kind is not
        somebody else's.
    :param service: the relay service that the domain sends through.
    """

    domain: str
    records: tuple[TxtRecord, ...] = ()
    keys: tuple[Key, ...] = ()
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
    def others_keys(self) -> list[Key]:
        """The DKIM keys that somebody else publishes."""
        declared = {record.name for record in self.records if record.kind == "dkim"}
        keys = self.keys or (() if declared else (Key(self.service.dkim_selector),))
        return [key for key in keys if self.key_name(key) not in declared and key.check not in self.left_out_kinds]

    @property
    def signing_names(self) -> list[str]:
        """The owner names of the DKIM keys with which mail is signed, whoever publishes them."""
        if self.keys:
            return [self.key_name(key) for key in self.keys if key.state == "active"]
        declared = [record.name for record in self.records if record.kind == "dkim"]
        return declared or [self.key_name(key) for key in self.others_keys]

    def key_at(self, name: str) -> Key | None:
        """Return the DKIM key with an owner name; None if the config is not known, or has none there."""
        return next((key for key in self.keys if self.key_name(key) == name), None)

    def key_name(self, key: Key) -> str:
        """Return the owner name of a DKIM key; below a long domain it may be too long for DNS."""
        return f"{key.selector}._domainkey.{self.domain}"

    @property
    def policy_name(self) -> str:
        """The owner name of the DMARC record; it may be too long for DNS, too."""
        return f"_dmarc.{self.domain}"

    @property
    def names(self) -> list[str]:
        """Every owner name that is checked."""
        of_keys = [record.name for record in self.records if record.kind == "dkim"]
        of_keys += [self.key_name(key) for key in self.others_keys]
        return list(dict.fromkeys([self.domain, *of_keys, self.policy_name, *(record.name for record in self.records)]))


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
