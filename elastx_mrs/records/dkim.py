"""DKIM key records (RFC 6376 §3.6.1): the public key that receivers check Elastx's signatures with.

The value is over 255 octets, so people paste it in many forms. It is read from all of them, checked to be a whole
public key, and kept as one string; :mod:`elastx_mrs.records.text` cuts it on the way out.
"""

import base64
import binascii
import re

from elastx_mrs.records.names import owner_name
from elastx_mrs.records.record import RecordError, TxtRecord
from elastx_mrs.records.text import check_printable, join, parse

DEFAULT_SELECTOR = "elastx"

_LINE = re.compile(
    r"(?:(?P<owner>\S+)\s+)?(?:\d+\s+)?(?:IN\s+)?(?:\d+\s+)?(?P<type>[A-Z][A-Z0-9]*)\s+(?=\S)",
)
_TYPES = {"A", "AAAA", "CAA", "CNAME", "DNAME", "HINFO", "MX", "NS", "PTR", "SOA", "SPF", "SRV", "TXT"}
_OTHER = re.compile(r"\s*\"?\s*(v=spf1|v=DMARC1|v=BIMI1|v=STSv1|v=TLSRPTv1|elastx-mrs=)", re.IGNORECASE)
_ED25519_OCTETS = 32


def dkim(domain: str, selector: str, value: str, ttl: int | None = None) -> TxtRecord:
    """Return the key record, a TXT at ``<selector>._domainkey`` below the domain (RFC 6376 §3.6.2.1)."""
    return TxtRecord(domain, "dkim", owner_name(f"{selector}._domainkey", domain), value, ttl)


def from_paste(text: str, selector: str = DEFAULT_SELECTOR) -> str:
    """Return the value of a DKIM record in whatever form it was pasted, as one string.

    Read are a bare value, one or several quoted strings, either wrapped over lines, a zone file's brackets and
    comment, and the whole line of a zone file or of ``dig``'s answer.

    :raises RecordError: where it is not a whole public key: empty, cut off, a private key, another record's.
    """
    if not text.strip():
        raise RecordError("is empty; write the value that Elastx provides, v=DKIM1; p=…")
    if "PRIVATE KEY" in text:
        raise RecordError("is a private key, which must never be published; write the public one that Elastx provides")
    if "-----BEGIN" in text:
        raise RecordError("is a PEM file; write the record's value, v=DKIM1; p=<the lines between BEGIN and END>")
    value = _unwrap(_joined(_rdata(text.strip(), selector)))
    _check(value)
    return value


def _rdata(text: str, selector: str) -> str:
    """Return what follows owner, TTL, class and type, where they were pasted too."""
    line = _LINE.match(text)
    if line is None or line["type"] not in _TYPES:
        return text
    if line["type"] != "TXT":
        raise RecordError(f"is a {line['type']} record; the DKIM key is a TXT record")
    labels = (line["owner"] or "").lower().partition("._domainkey")
    if labels[1] and labels[0] != selector:
        raise RecordError(
            f"is the line of selector {labels[0]!r}, not {selector!r}; set selector: {labels[0]} beside it"
        )
    return text[line.end() :]


def _joined(text: str) -> str:
    """Return the strings joined, brackets and a zone file's comment left out."""
    if '"' not in text:
        bare = text[1:].strip().removesuffix(")") if text.startswith("(") else text
        return bare.replace("\\;", ";").strip()
    outside = re.sub(r'"(?:[^"\\]|\\.)*"', lambda match: " " * len(match[0]), text, flags=re.DOTALL)
    for comment in list(re.finditer(r";[^\n]*", outside)):
        blank = " " * len(comment[0])
        text = text[: comment.start()] + blank + text[comment.end() :]
        outside = outside[: comment.start()] + blank + outside[comment.end() :]
    rest = re.sub(r"[\s()]", "", outside)
    if '"' in rest:
        raise RecordError("has a quote that is never closed: the end of the value is missing")
    if rest:
        raise RecordError(f"has {rest[:20]!r} outside its quotes; quote all of it or none")
    spaced = "".join(" " if outside[i] in "()" else character for i, character in enumerate(text))
    return join(parse(spaced)).decode("utf-8", errors="replace")


def _unwrap(value: str) -> str:
    """Return the value with line ends undone, and no white space at all inside ``p=`` (RFC 6376 §3.6.1: FWS)."""
    specs = []
    for wrapped in value.split(";"):
        spec = re.sub(r"[ \t]*[\r\n]\s*", " ", wrapped)
        name, equals, content = spec.partition("=")
        is_key = equals and name.strip() == "p"
        specs.append(name + equals + re.sub(r"\s+", "", content) if is_key else spec)
    return ";".join(specs).strip()


def _check(value: str) -> None:
    if other := _OTHER.match(value):
        raise RecordError(f"is for another record: it begins with {other[1]}; a DKIM value begins with v=DKIM1;")
    check_printable(value)
    tags = _tags(value)
    if "v" in tags and (next(iter(tags)) != "v" or tags["v"] != "DKIM1"):
        raise RecordError("must have v=DKIM1 as its first tag (RFC 6376 §3.6.1)")
    if "p" not in tags:
        raise RecordError("has no p= tag, which holds the key; write the value that Elastx provides, v=DKIM1; p=…")
    if not tags["p"]:
        raise RecordError("has an empty p=, which means that the key is revoked (RFC 6376 §3.6.1)")
    algorithm = tags.get("k", "rsa")
    octets = _decode(tags["p"])
    if algorithm == "ed25519":
        if len(octets) != _ED25519_OCTETS:
            raise RecordError(f"has an Ed25519 key of {len(octets)} octets, not {_ED25519_OCTETS} (RFC 8463 §4.2)")
    elif algorithm == "rsa":
        _check_rsa(octets)
    else:
        raise RecordError(f"has k={algorithm}; only rsa and ed25519 are known (RFC 8301, RFC 8463)")


def _tags(value: str) -> dict[str, str]:
    tags: dict[str, str] = {}
    specs = value.split(";")
    for number, spec in enumerate(specs):
        if not spec.strip() and number == len(specs) - 1:
            continue
        name, equals, content = (part.strip() for part in spec.partition("="))
        if not equals or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
            raise RecordError(f"has {spec.strip()[:20]!r} where a tag such as v=DKIM1 or p=… is expected")
        if name in tags:
            raise RecordError(f"has the tag {name!r} twice; are these two keys? (RFC 6376 §3.2)")
        tags[name] = content
    return tags


def _decode(text: str) -> bytes:
    wrong = re.search(r"[^A-Za-z0-9+/=]", text)
    if wrong:
        raise RecordError(f"has {wrong[0]!r} in p=, which is not base64; paste the value again, whole")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise RecordError(
            f"has a p= of {len(text)} characters that is cut off or damaged; paste it again, whole"
        ) from None


def _check_rsa(der: bytes) -> None:
    expected = _der_length(der)
    if expected is not None and expected > len(der):
        raise RecordError(f"is cut off: the key has at least {expected} octets, {len(der)} are there; paste it whole")
    if expected is not None and expected < len(der):
        raise RecordError(f"has {len(der) - expected} octets after the key's end; paste it again")
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

    try:
        key = load_der_public_key(der)
    except Exception:  # cryptography raises several kinds for bytes that are no key
        try:
            load_der_private_key(der, None)
        except Exception:
            raise RecordError("has a p= that is base64 but no RSA public key; paste it again, whole") from None
        raise RecordError(
            "is a private key, which must never be published; write the public one that Elastx provides"
        ) from None
    if not isinstance(key, RSAPublicKey):
        raise RecordError("holds a key that is not RSA; write k=ed25519 and the 32 octets for Ed25519 (RFC 8463)")
    if key.key_size < 1024:
        raise RecordError(f"is an RSA key of {key.key_size} bits; receivers ignore those under 1024 (RFC 8301 §3.2)")


def _der_length(der: bytes) -> int | None:
    """Return how many octets the outermost DER SEQUENCE says it has, header included (X.690 §8.1.3).

    None where it is no SEQUENCE; at least what its header takes where even that is cut off.
    """
    if der[:1] != b"\x30":
        return None
    first = der[1] if len(der) > 1 else 0
    width = first & 0x7F if first >= 0x80 else 0
    return 2 + width + (int.from_bytes(der[2 : 2 + width], "big") if width else first)
