"""SPF (RFC 7208): the servers that may send as the domain. A name has one record, which includes the relay service.

This module has the rules for a record that we publish. The grammar is in :mod:`elastx_mrs.records.spf_terms`.
"""

import difflib
from collections.abc import Iterator, Sequence

from elastx_mrs import limits, notices
from elastx_mrs.display import quoted
from elastx_mrs.records.paste import Pasted, unpasted
from elastx_mrs.records.record import RecordError, Remark, TxtRecord
from elastx_mrs.records.spf_macro import letters
from elastx_mrs.records.spf_slips import slips, target
from elastx_mrs.records.spf_terms import (
    LOOKUPS,
    VERSION,
    Mechanism,
    Modifier,
    Record,
    Term,
    domain_spec_problem,
    is_spf,
    parse,
)
from elastx_mrs.records.text import check_printable
from elastx_mrs.service import ELASTX, Service

ALL = {"fail": "-all", "softfail": "~all", "neutral": "?all"}
"""The results for mail from other servers. ``+all`` is missing, because it lets every server in the world send."""

MAX_LOOKUPS = 10
"""Terms that need a DNS lookup, including nested ones (RFC 7208 §4.6.4)."""

LONG = 450
"""Octets from which a record may not fit an answer over UDP (RFC 7208 §3.4)."""

_BROAD = {4: 8, 6: 16}
"""Prefix lengths below which a network is too large to be one's own; by IP version."""


def spf(domain: str, value: str, ttl: int | None = None) -> TxtRecord:
    """Return the SPF record: a TXT directly under the domain's name (RFC 7208 §3)."""
    return TxtRecord(domain, "spf", domain, value, ttl)


def from_terms(
    include: Sequence[str] = (),
    ip4: Sequence[str] = (),
    ip6: Sequence[str] = (),
    a: Sequence[str] = (),
    mx: Sequence[str] = (),
    all_: str = "fail",
    service: Service = ELASTX,
) -> str:
    """Return the record with the service's include first, then the given terms, then ``all``.

    The terms are in the form that the functions below return. Without terms, it is the service's basic value.

    :raises RecordError: if the terms together are not a record to publish.
    """
    terms = [service.include]
    terms += [f"ip4:{network}" for network in ip4]
    terms += [f"ip6:{network}" for network in ip6]
    terms += [_host_term("a", host) for host in a]
    terms += [_host_term("mx", host) for host in mx]
    terms += [f"include:{target}" for target in include if _name(target) != service.spf_host]
    return whole_record(" ".join([VERSION, *terms, ALL[all_]]), service)


def include_target(text: str) -> str:
    """Return the name of an ``include`` (RFC 7208 §5.2).

    :raises RecordError: if it is not a name, or is a whole term.
    """
    return _domain_spec(target(text))


def ip4_network(text: str) -> str:
    """Return an ``ip4`` network (RFC 7208 §5.6).

    :raises RecordError: if it is not an IPv4 address or network.
    """
    return _network(text, "ip4", "IPv4", "192.0.2.0/24")


def ip6_network(text: str) -> str:
    """Return an ``ip6`` network (RFC 7208 §5.6).

    :raises RecordError: if it is not an IPv6 address or network.
    """
    return _network(text, "ip6", "IPv6", "2001:db8::/32")


def host(text: str) -> str:
    """Return the argument of an ``a`` or ``mx`` term: ``@`` (the domain itself) or a name, optionally with ``/24//64``.

    :raises RecordError: if the name or a prefix length is wrong (RFC 7208 §5.3, §5.4).
    """
    name, slash, lengths = (text, "", "") if "://" in text else text.partition("/")
    if not text.startswith("@"):
        text = f"{target(name)}{slash}{lengths}"
    try:
        (term,) = parse(f"{VERSION} {_host_term('a', check_printable(text))}").mechanisms
    except (RecordError, ValueError):
        term = None
    if term is None or (text[:1] == "@") != (term.domain is None) or (term.domain and name_problem(term.domain)):
        raise RecordError(
            f"{quoted(text)} is not a host; write @ for the domain itself, or a name such as mail.example.com. "
            "A prefix length may follow: /0 to /32 for IPv4, //0 to //128 for IPv6 (RFC 7208 §5.3)"
        )
    return text


def from_paste(text: str, service: Service = ELASTX) -> Pasted:
    """Return a record that the user pasted, as :func:`whole_record` returns it.

    :raises RecordError: as that, and as :func:`elastx_mrs.records.paste.unpasted`.
    """
    pasted = unpasted(text, "SPF", is_spf)
    return Pasted(whole_record(pasted, service), pasted.owner, pasted.extra)


def whole_record(text: str, service: Service = ELASTX) -> str:
    """Return a record that the user wrote. If the service's include is missing, it becomes the first term.

    An earlier term could otherwise match, and fail, before the include is reached (RFC 7208 §4.6.2).

    :raises RecordError: with everything that is wrong: each syntax error with its position, a term that lets everybody
        send, or the service's include in a form that does not pass mail.
    """
    if len(text) > limits.PASTED.most:
        raise RecordError(f"has {len(text):,} octets, and at most {limits.PASTED.text} are allowed; write fewer terms")
    check_printable(text)
    if text.lower().count(f"{VERSION} ") + text.lower().endswith(f" {VERSION}") > 1:
        raise RecordError("holds two SPF records; a domain has exactly one, so merge their terms (RFC 7208 §3.2)")
    if is_spf(text) and (found := list(slips(text))):
        raise RecordError(*found)
    record = parse(text)
    problems = [*_of_include(record, text, service), *_of_everybody(record), *_of_names(record)]
    if not problems:
        if not any(includes_service(term, service) for term in record.mechanisms):
            text = " ".join([VERSION, service.include, *text[len(VERSION) :].split()])
        own = sum(term.name in LOOKUPS for term in parse(text).evaluated())
        if own > MAX_LOOKUPS:
            problems.append(
                f"has {own} terms that need a DNS lookup, and receivers allow {MAX_LOOKUPS} (RFC 7208 §4.6.4); "
                "remove some, or write the addresses as ip4 and ip6"
            )
    if problems:
        raise RecordError(*problems)
    return text


def name_problem(text: str) -> str | None:
    """Return why a domain-spec is not valid in DNS, or None. With macros, only the receiver can tell."""
    name = text.removesuffix(".")
    if "%" not in text and (len(name) > 253 or any(not 0 < len(label) < 64 for label in name.split("."))):
        return f"{quoted(text)} is not valid in DNS: a label has 1 to 63 octets, a name at most 253 (RFC 1035 §2.3.4)"
    return None


def remarks(value: str, service: Service = ELASTX) -> list[Remark]:
    """Return remarks on parts of a record that are allowed, but probably not meant.

    :param value: as :func:`whole_record` or :func:`from_terms` returned it.
    """
    record = parse(value)
    found = [*_of_order(record, service), *_of_meaning(record, service)]
    if len(value) > LONG:
        text = f"has {len(value)} octets; over {LONG}, an answer may not fit UDP (RFC 7208 §3.4)"
        found.append(Remark(f"{text}; move terms into another record, and include it", notices.LONG_SPF))
    return found


def _of_include(record: Record, text: str, service: Service) -> Iterator[str]:
    terms, include = record.mechanisms, service.include
    ours = [number for number, term in enumerate(terms) if includes_service(term, service)]
    end = next((number for number, term in enumerate(terms) if term.name == "all"), len(terms))
    placed = zip(record.terms, record.positions, strict=True)
    if any(text[at - 1] in "+-~?" for term, at in placed if includes_service(term, service)):
        cure = f"write it without one, so mail through {service.name} passes (RFC 7208 §4.6.2)"
        yield f"has a qualifier on {include}; {cure}"
    if len(ours) > 1:
        yield f"has {include} twice, which costs a second lookup; write it once (RFC 7208 §4.6.4)"
    elif ours and ours[0] > end:
        yield f"has {include} after 'all', where receivers ignore it (RFC 7208 §5.1); move it before 'all'"


def _of_everybody(record: Record) -> Iterator[str]:
    for term, position in zip(record.terms, record.positions, strict=True):
        if isinstance(term, Modifier) or not term.everybody:
            continue
        text, cure = ("+all", "write -all or ~all") if term.name == "all" else (str(term), "name your own networks")
        section = "§5.1" if term.name == "all" else "§5.6"
        at = f"at position {position}"
        yield f"has {text} {at}, which lets every server send as the domain; {cure} (RFC 7208 {section})"


def _of_names(record: Record) -> Iterator[str]:
    for term, position in zip(record.terms, record.positions, strict=True):
        domain = (
            term.domain if isinstance(term, Mechanism) else term.value if term.name in ("redirect", "exp") else None
        )
        if domain is not None and (problem := name_problem(domain)):
            yield f"has the term {term.name} at position {position}, whose name {problem}"


def _of_order(record: Record, service: Service) -> Iterator[Remark]:
    terms = record.mechanisms
    end = next((number for number, term in enumerate(terms) if term.name == "all"), None)
    redirect = record.modifier("redirect")
    if end is not None and terms[end + 1 :]:
        after = " ".join(map(str, terms[end + 1 :]))
        yield Remark(f"has {after} after 'all', where receivers ignore it (RFC 7208 §5.1); move it before 'all'")
    if end is not None and redirect is not None:
        yield Remark(f"has {redirect} and 'all', so receivers ignore the redirect (RFC 7208 §6.1); remove one of them")
    if end is None and redirect is None:
        yield Remark("has no 'all', so other servers get 'neutral' (RFC 7208 §4.7); end the record in ~all or -all")
    for term in terms:
        if includes_service(term, service):
            break
        if term.qualifier != "+":
            text = f"has {term} before {service.include}: mail through {service.name} does not pass where it matches"
            yield Remark(f"{text} (RFC 7208 §4.6.2); move it after {service.include}")


def _of_meaning(record: Record, service: Service) -> Iterator[Remark]:
    seen: set[str] = set()
    for term in record.terms:
        text = str(term)
        if text.lower() in seen:
            yield Remark(
                f"has {text} twice; the second does nothing, and may cost a lookup (RFC 7208 §4.6.2)",
                notices.SPF_TERM_TWICE,
            )
        seen.add(text.lower())
        yield from _of_modifier(term) if isinstance(term, Modifier) else _of_mechanism(term, service)


def _of_modifier(term: Modifier) -> Iterator[Remark]:
    if term.name not in ("redirect", "exp"):
        close = difflib.get_close_matches(term.name, ["redirect", "exp"], n=1)
        hint = f"; did you mean {close[0]}=?" if close else ""
        yield Remark(f"has the unknown modifier {term.name}=, which receivers ignore (RFC 7208 §6){hint}")


def _of_mechanism(term: Mechanism, service: Service) -> Iterator[Remark]:
    if term.name == "ptr":
        yield Remark("has ptr, which is slow and unreliable, and should not be used (RFC 7208 §5.5); write ip4 or a")
    if term.domain is not None and "p" in letters(term.domain):
        yield Remark(f"has the macro %{{p}} in {term}, which should not be used (RFC 7208 §7.2)")
    if term.name == "include" and term.domain is not None and not includes_service(term, service):
        name = _name(term.domain)
        if difflib.SequenceMatcher(None, name, service.spf_host).ratio() > 0.85:
            yield Remark(f"includes {name}, which is not {service.name}'s {service.spf_host}; is it misspelt?")
    network = term.network
    if network is not None and term.qualifier == "+" and network.prefixlen < _BROAD[network.version]:
        count = f"2^{network.max_prefixlen - network.prefixlen}"
        yield Remark(f"has {term}, which lets {count} addresses send; name your own networks (RFC 7208 §5.6)")


def includes_service(term: Term, service: Service = ELASTX) -> bool:
    """Return whether a term is the service's include, with any qualifier."""
    return isinstance(term, Mechanism) and term.name == "include" and _name(term.domain or "") == service.spf_host


def _name(domain_spec: str) -> str:
    return domain_spec.lower().removesuffix(".")


def _host_term(mechanism: str, argument: str) -> str:
    return f"{mechanism}{argument[1:]}" if argument.startswith("@") else f"{mechanism}:{argument}"


def _domain_spec(text: str) -> str:
    found = domain_spec_problem(text) if text else (0, "")
    problem = f"{quoted(text)} is not a domain name, such as _spf.example.com (RFC 7208 §7.1)" if found else None
    if problem := problem or name_problem(text):
        raise RecordError(problem)
    return text


def _network(text: str, mechanism: str, version: str, example: str) -> str:
    if "/" in text and not text.rpartition("/")[2].isdigit():
        raise RecordError(f"{quoted(text)} has a netmask; write a prefix length, such as {example} (RFC 7208 §5.6)")
    if text.lower().startswith(f"{mechanism}:") and not text[4:].startswith(":"):
        raise RecordError(f"is a whole term; write the network alone: {text[4:]}")
    try:
        (term,) = parse(f"{VERSION} {mechanism}:{check_printable(text)}").mechanisms
    except (RecordError, ValueError):
        raise RecordError(
            f"{quoted(text)} is not an {version} address or network, such as {example} (RFC 7208 §5.6)"
        ) from None
    if term.network is not None and term.network.prefixlen == 0:
        raise RecordError(
            f"{quoted(text)} lets every server send as the domain; name your own networks (RFC 7208 §5.6)"
        )
    return text
