"""Report authorisation (RFC 9990 §4): a domain declares that it accepts DMARC reports about another domain."""

from collections.abc import Container, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from urllib.parse import unquote

from elastx_mrs.display import quoted
from elastx_mrs.records.dmarc_policy import addresses, is_mailto, report_uri, tags
from elastx_mrs.records.names import owner_name, to_ascii, with_a_labels
from elastx_mrs.records.record import RecordError, TxtRecord

VALUE = "v=DMARC1;"

MAILTO = "mailto: and a mailbox, such as mailto:dmarc@example.com (RFC 9990, RFC 9991)"


def report(sender: str, policy: str, destinations: Mapping[str, int | None]) -> list[TxtRecord]:
    """Return the records with which managed domains accept reports about ``sender``.

    If one name ends in the other, both are in one organisation and no record is needed.

    :param policy: the sender's DMARC value.
    :param destinations: the configured TTL (or None) by managed domain.
    :raises RecordError: if a name is too long for DNS.
    """
    return [
        TxtRecord(host, "report", owner_name(f"{sender}._report._dmarc", host), VALUE, destinations[host])
        for host in managed(policy, destinations)
        if not f".{host}".endswith(f".{sender}") and not f".{sender}".endswith(f".{host}")
    ]


def managed(policy: str, destinations: Container[str]) -> list[str]:
    """Return the ``destinations`` that receive reports by a policy, each once."""
    return [host for host in dict.fromkeys(hosts(policy)) if host in destinations]


def destination(text: str) -> str:
    """Return a report address as a ``mailto:`` URI with A-labels.

    :raises RecordError: for anything else, because receivers send reports only by mail (RFC 9990, RFC 9991).
    """
    if is_mailto(text) and not text.isascii():
        scheme, _, rest = text.partition(":")
        address, question, more = rest.partition("?")
        local, at, host = address.rpartition("@")
        if not local.isascii():
            raise RecordError(f"{quoted(text)} has a mailbox that is not ASCII; write one that is, before the @")
        text = f"{scheme}:{local}{at}{with_a_labels(host)}{question}{more}"
    report_uri(text)
    if not is_mailto(text):
        raise RecordError(f"{quoted(text)} gets no reports, because receivers send them only by mail; write {MAILTO}")
    return text


def hosts(policy: str) -> Iterator[str]:
    """Yield the domains that receive reports of a policy by mail, as A-labels (RFC 9989 §4.7, rua and ruf)."""
    return (host for _, host in _addressed(policy) if host)


def unreached(policy: str) -> list[str]:
    """Return the addresses of a policy that get no reports, because they name no mailbox (RFC 9990, RFC 9991)."""
    return list(dict.fromkeys(uri for uri, host in _addressed(policy) if not host))


@lru_cache(maxsize=256)  # thousands of domains share the default
def _addressed(policy: str) -> tuple[tuple[str, str], ...]:
    """Return each address of ``rua`` and ``ruf`` with the domain of its mailbox; empty if it has no mailbox."""
    return tuple(_each(policy))


def _each(policy: str) -> Iterator[tuple[str, str]]:
    found = tags(policy)
    for uri in (uri for name in ("rua", "ruf") for uri in addresses(found.get(name, ""))):
        host = ""
        if is_mailto(uri):
            address = unquote(uri[7:].partition("?")[0].partition("!")[0])
            with suppress(RecordError):
                host = to_ascii(address.rpartition("@")[2]).removesuffix(".")
        yield uri, host
