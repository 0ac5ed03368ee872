"""DMARC (RFC 9989): what receivers do with mail that fails SPF and DKIM, and where they send reports.

RFC 9989 replaced RFC 7489 in May 2026, and both kinds of receivers exist. The remarks name what they read differently.
"""

import difflib
import re
from collections import Counter
from collections.abc import Iterator, Mapping

from elastx_mrs import limits, notices
from elastx_mrs.display import quoted
from elastx_mrs.records.dmarc_policy import TAGS, VERSION, addresses, is_dmarc, is_mailto, segments, tag_value, tags
from elastx_mrs.records.names import owner_name
from elastx_mrs.records.paste import Pasted, unpasted
from elastx_mrs.records.record import RecordError, Remark, TxtRecord
from elastx_mrs.records.text import check_printable

_DROPPED: Mapping[str, str] = {
    "pct": "write t=y to have a policy tested, and leave pct out otherwise",
    "rf": "leave it out: failure reports have one format (RFC 9991)",
    "ri": "leave it out: aggregate reports come at least daily (RFC 9990)",
}


def dmarc(domain: str, value: str, ttl: int | None = None) -> TxtRecord:
    """Return the DMARC record, a TXT at ``_dmarc`` below the domain (RFC 9989 §4.4)."""
    return TxtRecord(domain, "dmarc", owner_name("_dmarc", domain), value, ttl)


def from_tags(given: Mapping[str, str]) -> str:
    """Return the record of the given tags (RFC 9989 §4.7), ``v`` and ``p`` first.

    ``p`` is ``none`` by default, so mail flows as before. The relay service accepts any policy.

    :raises RecordError: if it is longer than a record can be.
    """
    policy = {"p": "none", **given}
    text = "; ".join([f"v={VERSION}; p={policy.pop('p')}", *(f"{tag}={value}" for tag, value in policy.items())]) + ";"
    if len(text) > limits.PASTED.most:
        most = f"at most {limits.PASTED.text} are allowed"
        raise RecordError(f"has {len(text):,} octets, and {most}; write fewer addresses")
    return text


def from_paste(text: str) -> Pasted:
    """Return a record that the user pasted.

    :raises RecordError: as :func:`whole_record`, and as :func:`elastx_mrs.records.paste.unpasted`.
    """
    pasted = unpasted(text, "DMARC", is_dmarc)
    return Pasted(whole_record(pasted), pasted.owner, pasted.extra)


def whole_record(text: str) -> str:
    """Return a record that the user wrote, unchanged.

    :raises RecordError: with everything that some receiver would not read as intended (RFC 9989 §4.7, RFC 6376 §3.2).
    """
    if not is_dmarc(check_printable(text)):
        raise RecordError(f"is not a DMARC record: it must begin with 'v={VERSION};' (RFC 9989 §4.8)")
    found = segments(text)
    problems = []
    for segment in found:
        if not segment.name:
            what = quoted(segment.text, 40) if segment.text else "an empty part, between two semicolons,"
            raise RecordError(f"has {what} where a tag=value is expected (RFC 9989 §4.8)")
    names = [segment.name for segment in found]
    if len(names) < 2 or names[1] != "p":
        problems.append("must have p= right after v=DMARC1, for older receivers; write 'v=DMARC1; p=none;' or stricter")
    for name in (name for name, count in Counter(names).items() if count > 1):
        problems.append(f"has the tag {quoted(name)} twice, which makes the whole record invalid (RFC 6376 §3.2)")
    for name, value, _ in found:
        try:
            tag_value(name, value)
        except RecordError as error:
            problems += [f"has the tag {name}, which {problem}" for problem in error.problems]
    if problems:
        raise RecordError(*problems)
    return text


def remarks(value: str) -> list[Remark]:
    """Return remarks on parts of a record that are probably not meant, or that older receivers read differently.

    :param value: as :func:`whole_record` or :func:`from_tags` returned it.
    """
    found = tags(value)
    return [*_of_tags(found), *_of_readers(found), *_of_policy(found)]


def _of_tags(found: Mapping[str, str]) -> Iterator[Remark]:
    for name in found:
        if name in _DROPPED:
            yield Remark(f"has {name}=, which RFC 9989 dropped and newer receivers ignore; {_DROPPED[name]}")
        elif name not in TAGS:
            close = difflib.get_close_matches(name, TAGS, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]}=?" if close else "remove it"
            yield Remark(f"has the unknown tag {name}=, which receivers ignore (RFC 9989 §4.7); {hint}")
    for name in ("rua", "ruf"):
        for uri in addresses(found.get(name, "")):
            if not is_mailto(uri):
                text = f"has {name}={uri}, which gets no reports, because receivers send them only by mail"
                yield Remark(f"{text}; write mailto:… (RFC 9990, RFC 9991)")
            if re.search(r"![0-9]+[kmgt]?$", uri, re.IGNORECASE):
                text = f"has a size limit on {uri}, which is obsolete (RFC 9990); remove it, from the '!' on"
                yield Remark(text)


def _of_readers(found: Mapping[str, str]) -> Iterator[Remark]:
    if found.get("t", "").lower() == "y":
        policy = f"p={found.get('p', 'none')}"
        text = f"has t=y: receivers of RFC 9989 apply a weaker policy than {policy}, but those of RFC 7489 ignore t and"
        yield Remark(f"{text} apply {policy}; to test, write a weaker p instead")
    if "np" in found:
        yield Remark(
            "has np=, which receivers of RFC 7489 ignore: they apply sp or p to names that do not exist", notices.NP
        )
    if (psd := found.get("psd", "u").lower()) != "u":
        what = "is for operators of public suffixes" if psd == "y" else "ends the search for a policy at this domain"
        text = f"has psd={psd}, which {what} (RFC 9989 §4.10), and which receivers of RFC 7489 ignore"
        yield Remark(f"{text}; remove it unless you mean that")


def _of_policy(found: Mapping[str, str]) -> Iterator[Remark]:
    policy = found.get("p", "none").lower()
    if policy == "none":
        cure = "set p=quarantine, and later p=reject, once reports show for some weeks that your own mail passes"
        if "rua" not in found:
            cure = "set rua=mailto:… to get reports. When the reports show for some weeks that your own mail passes, "
            cure += "set p=quarantine, and later p=reject"
        yield Remark(f"says p=none: receivers do not act on mail that fails DMARC; {cure}", notices.P_NONE)
    elif "rua" not in found:
        text = f"says p={policy} without rua: you get no reports about mail that fails; write rua=mailto:… (RFC 9990)"
        yield Remark(text, notices.NO_RUA)
    if "fo" in found and "ruf" not in found:
        yield Remark("has fo= without ruf=, so fo= does nothing (RFC 9989 §4.7)", notices.FO_ALONE)
