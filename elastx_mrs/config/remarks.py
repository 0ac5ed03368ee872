"""Warnings and notices about a valid config, each with its place in the config."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from elastx_mrs import notices
from elastx_mrs.config.dkim import Dkim, placed
from elastx_mrs.config.model import Arguments, Dmarc, Domain, Spf
from elastx_mrs.config.today import today
from elastx_mrs.display import counted, some, visible
from elastx_mrs.records import Remark, dkim, dkim_state, dmarc, dmarc_policy, lookalikes, names, paste, spf
from elastx_mrs.service import Service

TICKET = "elastx-mrs records --format ticket"
"""The command that prints the records that somebody else publishes."""


class Said(NamedTuple):
    """One remark.

    :param path: its place in the user's config.
    :param domains: the domains that it is about; none if it is about the whole config.
    """

    path: str
    remark: Remark
    domains: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.path}: {self.remark.named}"


def remarks(arguments: Arguments) -> list[Said]:
    """Return the remarks on a config, in its order. A remark on a default appears once for all domains.

    Notices that the config acknowledges are left out.
    """
    return _split(arguments)[0]


def acknowledged(arguments: Arguments) -> dict[str, str]:
    """Return the places of the notices that the config acknowledges, by name."""
    places: dict[str, list[str]] = defaultdict(list)
    for path, remark, _ in _split(arguments)[1]:
        if remark.notice is not None:
            places[remark.notice.name].append(path)
    return {name: some(paths, 3) for name, paths in places.items()}


def _split(arguments: Arguments) -> tuple[list[Said], list[Said]]:
    """Return the remarks, and the notices that the stack or each domain of the notice acknowledges."""
    by_domain = arguments.acknowledged_by_domain
    left: list[Said] = []
    known: list[Said] = []
    for said in _all(arguments):
        notice = said.remark.notice
        is_known = notice is not None and (
            notice.name in arguments.acknowledged
            or (bool(said.domains) and all(notice.name in by_domain[domain] for domain in said.domains))
        )
        (known if is_known else left).append(said)
    return left, known


def _all(arguments: Arguments) -> list[Said]:
    found = [
        *_alike_accounts(arguments.accounts),
        *_mixed_names(arguments),
        *_pasted(arguments),
        *(
            Said(one.path, remark, tuple(one.domains))
            for one in _used(arguments)
            for remark in _of_policy(one.policy, arguments.service)
        ),
        *_ignored_sp(arguments),
        *_aged_keys(arguments),
        *_shared_keys(arguments),
        *_by_hand(arguments),
        *_unused_publishers(arguments),
    ]
    return list(dict.fromkeys(found))


def _alike_accounts(accounts: Sequence[str]) -> Iterator[Said]:
    """Yield remarks on look-alike accounts. No address is quoted, because it may be a secret."""
    seen: dict[str, int] = {}
    own = "each spelling has its own token, and the relay knows only one of them"
    for index, account in enumerate(accounts):
        path = f"accounts[{index}]"
        if (odd := lookalikes.mixed(account)) is not None:
            yield Said(path, Remark(f"has {odd}; {own}; type it again unless you mean that"))
        if account != (composed := lookalikes.composed(account)):
            at = lookalikes.first_difference(account, composed)
            text = f"has a letter and its accent as two characters at position {at} (not Unicode's NFC)"
            yield Said(path, Remark(f"{text}; {own}; type it again unless you mean that"))
        other = seen.setdefault(lookalikes.same_to_people(account), index)
        if other != index:
            at = lookalikes.first_difference(account, accounts[other])
            text = f"looks like accounts[{other}], and differs at position {at} in case or in how it is encoded"
            yield Said(path, Remark(f"{text}; {own}; keep that one"))


def _mixed_names(arguments: Arguments) -> Iterator[Said]:
    """Yield remarks on look-alike names in domains and in records."""
    for index, domain in enumerate(arguments.domains):
        yield from _of_names(f"domains[{index}]", domain.name)
    for path, _, policy, _ in _used(arguments):
        if not policy.external and not isinstance(policy, Dkim):
            value = policy.value(arguments.service) if isinstance(policy, Spf) else policy.value()
            yield from _of_names(path, value)


def _of_names(path: str, text: str) -> Iterator[Said]:
    for name in re.findall(r"[\w.-]*xn--[\w.-]*", text) if "xn--" in text else ():
        read = names.to_unicode(name)
        if (odd := lookalikes.mixed(read)) is not None:
            shown = f"{name} ({visible(read)})" if text != name else visible(read)
            yield Said(path, Remark(f"has a look-alike in the name {shown}: {odd}; check that you mean it"))


class _Used(NamedTuple):
    """A policy that is published for some domains.

    :param path: its place in the config.
    :param domains: the domains that use it.
    """

    path: str
    key: str
    policy: Spf | Dkim | Dmarc
    domains: Sequence[str]


def _used(arguments: Arguments) -> Iterator[_Used]:
    """Yield every policy that some domain uses, with its place."""
    for key in ("spf", "dkim", "dmarc"):
        without = [domain.name for domain in arguments.domains if getattr(domain, key) is None]
        if without:
            yield from (_Used(path, key, policy, without) for path, policy in _each(key, getattr(arguments, key)))
    for index, domain in enumerate(arguments.domains):
        for key in ("spf", "dkim", "dmarc"):
            if (given := getattr(domain, key)) is not None:
                of_key = _each(f"domains[{index}].{key}", given)
                yield from (_Used(path, key, policy, [domain.name]) for path, policy in of_key)


def _each(path: str, given: Spf | Dmarc | list[Dkim]) -> Iterator[tuple[str, Spf | Dkim | Dmarc]]:
    return placed(path, given) if isinstance(given, list) else iter([(path, given)])


def _pasted(arguments: Arguments) -> Iterator[Said]:
    """Yield remarks on the unused parts of a pasted text: another domain's name, a TTL, other records."""
    for path, key, policy, domains in _used(arguments):
        record = None if policy.external else policy.record
        if not isinstance(record, paste.Pasted):
            continue
        prefix = {"dmarc": "_dmarc", "spf": ""}.get(key, f"{_selector(policy, arguments.service)}._domainkey")
        if not any(paste.is_of(record.owner, prefix, name) for name in domains):
            ours = f"{prefix}.{domains[0]}" if prefix else domains[0]
            more = f" and {len(domains) - 1} more" if len(domains) > 1 else ""
            text = f"was pasted as the record of {record.owner[: names.MAX_NAME]}, but is published at {ours}{more}"
            yield Said(path, Remark(f"{text}; paste the record of the right domain, or only the value"))
        if record.extra:
            cure = "; set ttl if it matters" if "its TTL" in record.extra else ""
            text = f"was pasted with {' and '.join(record.extra)}, and only the value is used{cure}"
            yield Said(path, Remark(text, notices.PASTED_TOO), tuple(domains))


def _selector(policy: Spf | Dkim | Dmarc, service: Service) -> str:
    return policy.selector_of(service) if isinstance(policy, Dkim) else ""


def _of_policy(policy: Spf | Dkim | Dmarc, service: Service) -> list[Remark]:
    if policy.external:
        return []
    if isinstance(policy, Spf):
        return spf.remarks(policy.value(service), service)
    if isinstance(policy, Dmarc):
        return dmarc.remarks(policy.value())
    return dkim.remarks(policy.record) if policy.record is not None else []


def _ignored_sp(arguments: Arguments) -> Iterator[Said]:
    listed = {domain.name for domain in arguments.domains}
    tags = cache(dmarc_policy.tags)  # thousands of domains share the default
    for index, domain in enumerate(arguments.domains):
        policy = domain.dmarc or arguments.dmarc
        if policy.external:
            continue
        if "sp" not in tags(policy.value()):
            continue
        above = names.longest_zone(domain.name.partition(".")[2], listed)
        if above is not None:
            path = f"domains[{index}].dmarc" if domain.dmarc is not None else "dmarc"
            text = f"has sp=, which receivers ignore on {domain.name}: it counts only at the organisational domain, "
            yield Said(path, Remark(f"{text}here {above} or above (RFC 9989 §4.10.1); write sp= there"))


def _shared_keys(arguments: Arguments) -> Iterator[Said]:
    sharing: dict[str, list[str]] = defaultdict(list)
    fingerprint = cache(dkim.fingerprint)
    for domain in arguments.domains:
        for print_ in dict.fromkeys(map(fingerprint, _keys(arguments, domain))):
            sharing[print_].append(domain.name)
    for sharers in sharing.values():
        if len(sharers) > 1:
            text = f"is one key for {len(sharers)} domains ({some(sharers, 3)})"
            why = "whoever steals the private key can sign for all of them (RFC 6376 §8.4)"
            cure = f"ask {arguments.service.name} for one key per domain if that matters"
            yield Said("dkim", Remark(f"{text}: {why}; {cure}", notices.ONE_KEY), tuple(sharers))


def _by_hand(arguments: Arguments) -> Iterator[Said]:
    """Yield that nothing is created for some domains; once for all of them."""
    paths = {
        one.name: "external" if one.external is None else f"domains[{index}].external"
        for index, one in enumerate(arguments.domains)
    }
    published = {one.name for one in arguments.published}
    domains = [name for name in paths if name not in published]
    if domains:
        records = counted(sum(one.external for one in arguments.required()), "record")
        text = f"creates nothing for {counted(len(domains), 'domain')} ({some(domains, 3)})"
        why = f"somebody else publishes their {records} by hand, and every up verifies them"
        yield Said(
            paths[domains[0]], Remark(f"{text}: {why}; to print them, run: {TICKET}", notices.BY_HAND), tuple(domains)
        )


def _aged_keys(arguments: Arguments) -> Iterator[Said]:
    """Yield notices on keys that sign for over a year, on keys that do not sign, and on keys that may be removed."""
    now = today()
    for path, _, key, domains in _used(arguments):
        if not isinstance(key, Dkim):
            continue
        selector = key.selector_of(arguments.service)
        if key.signing and dkim_state.is_old(key.since, now):
            text = f"has signed at the selector {selector} since {key.since}, for over a year; replace it"
            yield Said(path, Remark(f"{text}: elastx-mrs dkim rotate", notices.OLD_KEY), tuple(domains))
        if key.state(now) in ("pending", "retiring"):
            yield Said(path, Remark(f"the key {selector} is {key.described(now)}", notices.IDLE_KEY), tuple(domains))
        if key.state(now) == "retired" and not key.revoked:
            text = f"has been retired at the selector {selector} since {key.retire}; remove it from the list"
            yield Said(path, Remark(text, notices.RETIRED_KEY), tuple(domains))


def _keys(arguments: Arguments, domain: Domain) -> Iterator[str]:
    """Yield the public keys that a domain publishes, without revoked ones."""
    for key in arguments.dkim_of(domain):
        if not key.external and not key.revoked and key.record is not None:
            yield str(key.record)


def _unused_publishers(arguments: Arguments) -> Iterator[Said]:
    """Yield a remark on each publisher that no domain can use. It stays for one ``up``, which deletes its records."""
    published = arguments.published
    used = {name for domain in published for name in domain.publish or ()}
    if any(domain.publish is None for domain in published):
        return  # the publishers' zones decide
    why = "every domain names others in publish" if published else "every domain has external: true"
    cure = "Remove it, once an up has deleted the records that it published"
    for provider, _ in arguments.publishers:
        if provider.name not in used:
            yield Said(provider.name, Remark(f"publishes nothing, because {why}. {cure}"))
