"""From a config to what is verified: each domain's records, which servers to query, and how long."""

from collections.abc import Container, Sequence
from datetime import date

from elastx_mrs.config.dkim import Dkim
from elastx_mrs.config.model import Arguments, Verification
from elastx_mrs.config.today import today
from elastx_mrs.lookup.vantage import Run, Who
from elastx_mrs.records import TxtRecord
from elastx_mrs.service import Service
from elastx_mrs.verify.expected import Expected, Key, by_domain
from elastx_mrs.verify.wait import Job


def settings(arguments: Arguments) -> dict[str, Verification]:
    """Return the settings by domain; its own override the stack's."""
    stack = arguments.verification
    return {
        domain.name: domain.verification.over(stack) if domain.verification is not None else stack
        for domain in arguments.domains
    }


def who(verification: Verification, run: Run) -> Who:
    """Return which servers to query in this run.

    :raises NotInstalledError: for a resolver's HTTPS URL without the extra ``doh``.
    """
    given = verification
    return Who.of(given.nameservers, given.root_hints, given.primary, given.resolvers, given.via).in_run(run)


def expectations(arguments: Arguments, records: Sequence[TxtRecord]) -> list[Expected]:
    """Return what each domain should have.

    :param records: those that exist, or should; under ``--target`` they differ from the arguments.
    """
    found, now = by_domain(records), today()
    settings_ = settings(arguments)
    return [
        Expected(
            domain.name,
            found.get(domain.name, ()),
            tuple(_key(key, arguments.service, now) for key in arguments.dkim_of(domain)),
            known_challenges=frozenset(settings_[domain.name].known_challenges),
            resolvers_must_agree=settings_[domain.name].resolvers_must_agree,
            service=arguments.service,
        )
        for domain in arguments.domains
    ]


def _key(key: Dkim, service: Service, now: date) -> Key:
    selector = key.selector_of(service)
    check = "dkim" if selector == service.dkim_selector else f"dkim-{selector}"
    return Key(selector, check, key.state(now), key.described(now))


def jobs(arguments: Arguments, records: Sequence[TxtRecord], run: Run, domains: Container[str]) -> list[Job]:
    """Return what to verify of some domains.

    :param records: as for :func:`expectations`.
    :raises NotInstalledError: as :func:`who`.
    """
    found = settings(arguments)
    return [
        Job(expected, who(found[expected.domain], run), found[expected.domain].timeout)
        for expected in expectations(arguments, records)
        if expected.domain in domains
    ]
