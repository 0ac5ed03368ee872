"""DKIM key records (RFC 6376 §3.6.1): the public key that receivers check the relay's signatures with.

The value is over 255 octets, so people paste it in many forms. It is read from all of them, checked to be a whole
public key that receivers accept (:mod:`elastx_mrs.records.dkim_key`), and kept as one string;
:mod:`elastx_mrs.records.text` cuts it on the way out.
"""

import hashlib
import re

from elastx_mrs.display import describe_character, quoted, visible
from elastx_mrs.records import dkim_key
from elastx_mrs.records.dkim_rsa import PRIVATE
from elastx_mrs.records.names import owner_name
from elastx_mrs.records.record import RecordError, Remark, TxtRecord
from elastx_mrs.records.text import check_printable, join, parse
from elastx_mrs.service import ELASTX, Service

_LINE = re.compile(
    r"(?:(?P<owner>\S+)\s+)?(?:\d+\s+)?(?:IN\s+)?(?:\d+\s+)?(?P<type>[A-Z][A-Z0-9]*)\s+(?=\S)",
)
_TYPES = {"A", "AAAA", "CAA", "CNAME", "DNAME", "HINFO", "MX", "NS", "PTR", "SOA", "SPF", "SRV", "TXT"}
_PIECE = re.compile(r'(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<outside>[^\s();"]+)|[\s()]+|;[^\n]*', re.DOTALL)
"""What stands in a zone file after the type (RFC 1035 §5.1); no match only where a quote is never closed."""
_OTHERS = ("v=spf1", "v=DMARC1", "v=BIMI1", "v=STSv1", "v=TLSRPTv1")


def dkim(domain: str, selector: str, value: str, ttl: int | None = None) -> TxtRecord:
    """Return the key record, a TXT at ``<selector>._domainkey`` below the domain (RFC 6376 §3.6.2.1)."""
    return TxtRecord(domain, "dkim", owner_name(f"{selector}._domainkey", domain), value, ttl)


def from_paste(text: str, selector: str = "", service: Service = ELASTX) -> str:
    """Return the value of a DKIM record in whatever form it was pasted, as one string.

    Read are a bare value, one or several quoted strings, either wrapped over lines, a zone file's brackets and
    comment, and the whole line of a zone file or of ``dig``'s answer.

    :param selector: the one that it is for; empty for the service's own.
    :raises RecordError: where it is not one whole public key that receivers accept: empty, cut off, a private key,
        another record's, revoked, too short, known to be weak (RFC 6376 §3.6.1, RFC 8301 §3, RFC 8463 §4).
    """
    if not text.strip():
        raise RecordError(f"is empty; write the value that {service.name} provides, v=DKIM1; p=…")
    if "PRIVATE KEY" in text:
        raise RecordError(PRIVATE)
    if "-----BEGIN" in text:
        raise RecordError("is a PEM file; write the record's value, v=DKIM1; p=<the lines between BEGIN and END>")
    value = _unwrap(_joined(_rdata(text.strip(), selector or service.dkim_selector)))
    for other in (*_OTHERS, service.challenge_prefix):
        if value.lower().startswith(other.lower()):
            raise RecordError(f"is for another record: it begins with {other}; a DKIM value begins with v=DKIM1;")
    problems = list(dkim_key.problems(dkim_key.parse(check_printable(value))))
    if problems:
        raise RecordError(*problems)
    return value


def remarks(value: str) -> list[Remark]:
    """Return what to know of a value that :func:`from_paste` returned.

    :raises RecordError: where receivers could not read it, as :func:`elastx_mrs.records.dkim_key.parse`.
    """
    return list(dkim_key.remarks(dkim_key.parse(value)))


def fingerprint(value: bytes | str) -> str:
    """Return the SHA-256 of a record's public key, the decoded ``p=``, as 64 hex digits: the same for the same key.

    :raises RecordError: where receivers could not read it, as :func:`elastx_mrs.records.dkim_key.parse`.
    """
    return hashlib.sha256(dkim_key.parse(value).public_key).hexdigest()


def _rdata(text: str, selector: str) -> str:
    """Return what follows owner, TTL, class and type, where they were pasted too."""
    line = _LINE.match(text)
    if line is None or line["type"] not in _TYPES:
        return text
    if line["type"] != "TXT":
        raise RecordError(f"is a {line['type']} record; the DKIM key is a TXT record")
    labels = (line["owner"] or "").lower().partition("._domainkey")
    if labels[1] and labels[0] != selector:
        pasted = visible(labels[0][:63])
        raise RecordError(
            f"is the line of selector {pasted}, not {quoted(selector, 20)}; set selector: {pasted} beside it"
        )
    return text[line.end() :]


def _joined(text: str) -> str:
    """Return the strings joined, brackets and a zone file's comment left out."""
    if '"' not in text:
        bare = text[1:].strip().removesuffix(")") if text.startswith("(") else text
        return bare.replace("\\;", ";").strip()
    strings: list[bytes] = []
    position = 0
    while position < len(text):
        piece = _PIECE.match(text, position)
        if piece is None:
            raise RecordError("has a quote that is never closed: the end of the value is missing; paste it whole")
        if piece["outside"]:
            if "TXT" in text[position:]:
                raise RecordError("is several records; write one, as receivers take one key only (RFC 6376 §3.6.2.2)")
            raise RecordError(f"has {quoted(piece['outside'], 20)} outside its quotes; quote all of it or none")
        if piece["quoted"]:
            strings += parse(_ascii(piece["quoted"]))
        position = piece.end()
    return join(strings).decode("utf-8", errors="surrogateescape")


def _ascii(text: str) -> str:
    for character in text:
        if character > "\x7f":
            raise RecordError(f"has {describe_character(character)} in it; only printable ASCII can be published")
    return text


def _unwrap(value: str) -> str:
    """Return the value with line ends undone, and no white space at all inside ``p=`` (RFC 6376 §3.6.1: FWS)."""
    specs = []
    for wrapped in value.split(";"):
        spec = re.sub(r"[ \t\r\n]+", _space, wrapped)
        name, equals, content = spec.partition("=")
        is_key = equals and name.strip() == "p"
        specs.append(name + equals + "".join(content.split()) if is_key else spec)
    return ";".join(specs).strip()


def _space(run: re.Match[str]) -> str:
    """Return spaces as they are, and as one space what has a tab or a line end in it."""
    return " " if run[0].strip(" ") else run[0]
