"""What a primary's response code means for who sent the message, and what to do: RFC 1035 §4.1.1, RFC 2136 §2.2."""

import dns.message
import dns.rcode
import dns.update

_UPDATE = {
    dns.rcode.FORMERR: "it could not read the message; does something between here and there change DNS messages?",
    dns.rcode.SERVFAIL: (
        "it failed: see its log. {signed}It may also be unable to write the zone's file or its journal; or the name "
        "has as many TXT records as it takes (BIND: 100, unless max-records-per-type says otherwise)"
    ),
    dns.rcode.NXDOMAIN: "a name that had to be there is not; run again",
    dns.rcode.NOTIMP: "it takes no dynamic updates at all; name the zone's primary as {server}",
    dns.rcode.REFUSED: (
        "it may not: let the key {key} update these names there (elastx-mrs rfc2136 policy prints the rules), or "
        "name the zone's primary as {server}. {primary}"
    ),
    dns.rcode.YXDOMAIN: "a name is there that must not be; run again",
    dns.rcode.YXRRSET: "a record is there that must not be; run again",
    dns.rcode.NXRRSET: "records that had to be there are not; run again",
    dns.rcode.NOTAUTH: "it is not the primary of {zone}; name that as {server}, or mend {zones}. {primary}",
    dns.rcode.NOTZONE: "the name is not in {zone}; mend {zones}",
}

_QUERY = {
    dns.rcode.FORMERR: "it could not read the message; does something between here and there change DNS messages?",
    dns.rcode.SERVFAIL: "it failed: see its log; it may not have loaded the zone",
    dns.rcode.NOTIMP: "it is no name server that can be asked; mend {server}",
    dns.rcode.REFUSED: "it does not serve {zone}, or does not let this machine ask; mend {server} or {zones}",
    dns.rcode.NOTAUTH: (
        "it does not take the signature of the key {key}, and does not say why: it does not know the key, the secret "
        "or the algorithm is another, or the clocks are too far apart"
    ),
}


def refusal(message: dns.message.Message, rcode: dns.rcode.Rcode, **words: str) -> str:
    """Return what a response code means and what to do.

    :param words: what is filled in: ``key``, ``zone``; ``server`` and ``zones`` as they are called in the config;
        ``primary`` and ``signed`` with what else is known, or empty.
    """
    cures = _UPDATE if isinstance(message, dns.update.UpdateMessage) else _QUERY
    text = cures.get(rcode, "that is no answer to this; see its log")
    return text.format_map(words).rstrip().removesuffix(".")
