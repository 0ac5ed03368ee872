"""Explain a primary's response codes, with their fixes (RFC 1035 §4.1.1, RFC 2136 §2.2)."""

import dns.message
import dns.rcode
import dns.update

_UPDATE = {
    dns.rcode.FORMERR: "it could not read the message; does something between here and there change DNS messages?",
    dns.rcode.SERVFAIL: (
        "it failed: check its log. {signed}Perhaps it cannot write the zone's file or its journal. Or the name has too "
        "many TXT records: BIND allows 100, unless max-records-per-type is set"
    ),
    dns.rcode.NXDOMAIN: "a name that must exist does not; run again",
    dns.rcode.NOTIMP: "it does not accept dynamic updates; name the zone's primary as {server}",
    dns.rcode.REFUSED: (
        "allow the key {key} to update these names (elastx-mrs rfc2136 policy prints the rules), or name the zone's "
        "primary as {server}. {primary}"
    ),
    dns.rcode.YXDOMAIN: "a name exists that must not; run again",
    dns.rcode.YXRRSET: "a record exists that must not; run again",
    dns.rcode.NXRRSET: "records that must exist do not; run again",
    dns.rcode.NOTAUTH: "it is not the primary of {zone}; name the primary as {server}, or correct {zones}. {primary}",
    dns.rcode.NOTZONE: "the name is not in {zone}; correct {zones}",
}

_QUERY = {
    dns.rcode.FORMERR: "it could not read the message; does something between here and there change DNS messages?",
    dns.rcode.SERVFAIL: "it failed: check its log; perhaps it has not loaded the zone",
    dns.rcode.NOTIMP: "it does not answer queries; correct {server}",
    dns.rcode.REFUSED: "it does not serve {zone}, or refuses queries from this machine; correct {server} or {zones}",
    dns.rcode.NOTAUTH: (
        "it does not accept the signature of the key {key}, and does not say why. Check the key's name, its secret, "
        "its algorithm, and both clocks"
    ),
}


def refusal(message: dns.message.Message, rcode: dns.rcode.Rcode, **words: str) -> str:
    """Return the meaning of a response code, and the fix.

    :param words: the values of the placeholders: ``key``; ``zone``; ``server`` and ``zones`` as the config calls them;
        ``primary`` and ``signed`` with further facts, or empty.
    """
    cures = _UPDATE if isinstance(message, dns.update.UpdateMessage) else _QUERY
    text = cures.get(rcode, "this is not a valid answer; check its log")
    return text.format_map(words).rstrip().removesuffix(".")
