"""From a config to what is verified: each domain's records, whom to ask, and how long."""

from collections.abc import Container, Iterable, Mapping, Sequence

from elastx_mrs.arguments import Arguments, Verification
from elastx_mrs.lookup.asking import configured, servers_at
from elastx_mrs.lookup.network import Server
from elastx_mrs.lookup.resolver import system_resolvers
from elastx_mrs.records import RecordError, TxtRecord
from elastx_mrs.records.names import resolver_address, server_address
from elastx_mrs.verify.asked import Who
from elastx_mrs.verify.expected import Expected, by_domain
from elastx_mrs.verify.wait import Job


def settings(arguments: Arguments) -> dict[str, Verification]:
    """Return the settings by domain: its own over the stack's."""
    stack = arguments.verification
    return {
        domain.name: domain.verification.over(stack) if domain.verification is not None else stack
        for domain in arguments.domains
    }


def who(verification: Verification, environment: Mapping[str, str]) -> Who:
    """Return whom to ask; ``ELASTX_MRS_NAMESERVERS`` overrides the configured name servers for one run.

    :raises RecordError: naming the address there that is none.
    """
    nameservers = configured(verification.nameservers or (), environment)
    if verification.resolvers is not None:
        asked = resolvers(verification.resolvers)
    else:
        asked = () if nameservers else tuple(system_resolvers())
    if verification.via == "resolvers" and not asked:
        raise RecordError("via: resolvers, and there is none; name one in verification.resolvers")
    return Who(
        nameservers=() if verification.via == "resolvers" else nameservers,
        root_hints=servers_at(verification.root_hints or ()),
        primary=None if verification.primary is None else Server(*server_address(verification.primary)),
        resolvers=asked,
        must_agree=verification.resolvers_must_agree,
        via=verification.via,
    )


def resolvers(texts: Iterable[str]) -> tuple[Server, ...]:
    """Return resolvers by address or URL.

    :raises RecordError: for what is neither.
    :raises NotInstalledError: for a URL of HTTPS without the extra ``doh``.
    """
    found = [resolver_address(text) for text in texts]
    if any(url.startswith("https:") for _, _, url in found):
        from elastx_mrs.lookup.secure import check_https

        check_https()
    return tuple(Server(host, port, url=url) for host, port, url in found)


def expectations(arguments: Arguments, records: Sequence[TxtRecord]) -> list[Expected]:
    """Return what each domain should have.

    :param records: those that are declared, or were: under ``--target`` not what the arguments say.
    """
    found = by_domain(records)
    settings_ = settings(arguments)
    return [
        Expected(
            domain.name,
            found.get(domain.name, ()),
            (domain.dkim or arguments.dkim).selector,
            known_challenges=frozenset(settings_[domain.name].known_challenges),
        )
        for domain in arguments.domains
    ]


def jobs(
    arguments: Arguments, records: Sequence[TxtRecord], environment: Mapping[str, str], domains: Container[str]
) -> list[Job]:
    """Return what to verify of some domains.

    :param records: as for :func:`expectations`.
    :raises RecordError: as :func:`who`.
    """
    found = settings(arguments)
    whom: dict[str, Who] = {}
    made = []
    for expected in expectations(arguments, records):
        if expected.domain not in domains:
            continue
        verification = found[expected.domain]
        key = verification.model_dump_json(exclude={"mode", "timeout", "known_challenges"})
        if key not in whom:
            whom[key] = who(verification, environment)
        made.append(Job(expected, whom[key], verification.timeout))
    return made
