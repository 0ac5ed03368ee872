"""Checks and normalises the names in a config: sender domains, owner names, servers and TSIG algorithms."""

import ipaddress
import re
from collections.abc import Callable, Container
from urllib.parse import urlsplit

from elastx_mrs.display import describe_character, quoted
from elastx_mrs.records import lookalikes
from elastx_mrs.records.record import RecordError
from elastx_mrs.secrecy import masked

MAX_NAME = 253
"""Octets in a name as text: 255 on the wire (RFC 1035 §3.1) less the first length and the root label."""

MAX_ADDRESS = 320
"""Octets in an e-mail address: 64, the @, and 255 of the domain (RFC 5321 §4.5.3.1)."""

_MAX_UNICODE = 4 * MAX_NAME
"""Characters of a name that is not ASCII. Composed marks, and characters that map to nothing, make it shorter."""

_URL_PORTS = {"tls": 853, "https": 443}

TSIG_ALGORITHMS = (
    "hmac-sha256", "hmac-sha224", "hmac-sha384", "hmac-sha512", "hmac-sha256-128", "hmac-sha384-192", "hmac-sha512-256",
)  # fmt: skip
"""The SHA-2 family of RFC 8945 §6; SHA-1 is "not recommended" there, and MD5 is not even mandatory."""

_KEY_LENGTH = 40
"""From this length on, a text that looks like a key is a key and not a name: 30 octets in base64."""

_DOTS = re.compile("[.\u3002\uff0e\uff61]")
"""The characters between labels (RFC 3490 §3.1, UTS 46 §2.3)."""
_NAME_ENDS = " :=@/,;\t\"'"

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_OWNER_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")


def sender_domain(text: str) -> str:
    """Return a sender domain as lower-case A-labels (RFC 5890 §2.3.2.1) without a final dot.

    :raises RecordError: if it cannot be a sender domain: a URL, an address, a wildcard, a single label, a name that
        is too long, a label that a host name cannot have (RFC 1123 §2.1).
    """
    if not text.strip():
        raise RecordError("is empty; write a domain name such as example.com")
    if text != text.strip():
        raise RecordError(f"has white space around it; write {text.strip()[:MAX_NAME]}")
    if problem := lookalikes.hidden(text, joiners=True):
        raise RecordError(problem)
    _refuse_other_things(text)
    name = to_ascii(text.removesuffix("."))
    labels = name.split(".")
    for label in labels:
        if not _LABEL.fullmatch(label):
            raise RecordError(_label_problem(label))
    if len(labels) < 2:
        raise RecordError("is a single label; write the whole name, such as example.com")
    if labels[-1].isdigit():
        raise RecordError("ends in a number, so it is not a domain name; write one such as example.com")
    return check_length(name)


def mail_domain(text: str) -> str:
    """Return the domain of an address in somebody's message, in the form of :func:`sender_domain`.

    A label may have underscores in it: RFC 5322 §3.4.1 allows them, DNS can hold them, and receivers judge such mail.

    :raises RecordError: as :func:`sender_domain` does.
    """
    sender_domain(text.replace("_", "x"))
    return to_ascii(text.removesuffix("."))


def is_service_name(name: str) -> bool:
    """Return whether a name is at or below a label that begins with ``_``: no host has such a name (RFC 8552 §1.1)."""
    return any(label.startswith("_") for label in name.split("."))


def to_ascii(name: str) -> str:
    """Return a name as lower-case A-labels; ASCII only becomes lower case.

    :raises RecordError: if IDNA 2008 (RFC 5891, mapped as in UTS 46) does not allow it.
    """
    if name.isascii():
        return name.lower()
    if len(name) > _MAX_UNICODE:  # IDNA takes more than linear time
        raise RecordError(f"has {len(name)} characters; DNS allows names of {MAX_NAME} octets (RFC 1035 §3.1)")
    import idna  # its tables cost 10 ms, and few names need them

    try:
        return idna.encode(name, uts46=True, std3_rules=True).decode("ascii")
    except idna.IDNAError as error:
        raise RecordError(f"is not a valid internationalised name: {str(error)[:200]}") from error


def with_a_labels(text: str) -> str:
    """Return a DNS name, such as ``_spf.bücher.example``, with A-labels instead of labels that are not ASCII.

    The other labels stay unchanged.

    :raises RecordError: as :func:`to_ascii`, and for an invisible character.
    """
    if text.isascii():
        return text
    if problem := lookalikes.hidden(text, joiners=True):
        raise RecordError(problem)
    return ".".join(to_ascii(label) for label in _DOTS.split(text))


def to_unicode(name: str) -> str:
    """Return a name with its A-labels as people read them; unchanged if one of them is invalid."""
    if "xn--" not in name or len(name) > _MAX_UNICODE:
        return name
    import idna

    try:
        return ".".join(idna.decode(label) if label.startswith("xn--") else label for label in name.split("."))
    except idna.IDNAError:
        return name


def ascii_form(text: str, at: int) -> str | None:
    """Return the ASCII form of the name around a character of a text; None if there is no such name.

    For a name with look-alikes it returns None, because that is hardly the intended name.
    """
    start = max((text.rfind(end, 0, at) for end in _NAME_ENDS), default=-1) + 1
    found = re.match(r"[\w.-]+", text[start:])
    if found is None or "." not in found[0] or lookalikes.mixed(found[0]) or start + found.end() <= at:
        return None
    try:
        return f"{with_a_labels(found[0])} for {quoted(found[0], 60)}"
    except RecordError:
        return None


def owner_name(prefix: str, domain: str) -> str:
    """Return ``prefix`` (such as ``_dmarc``) below ``domain``.

    :raises RecordError: if the name is too long for DNS.
    """
    return check_length(f"{prefix}.{domain}")


def fits(name: str) -> bool:
    """Return whether a name is short enough for DNS; its labels are."""
    return len(name) <= MAX_NAME


def check_length(name: str) -> str:
    """Return ``name`` if DNS can hold it.

    :raises RecordError: if it has more than 253 octets.
    """
    if not fits(name):
        raise RecordError(f"makes the name {name[:40]}… of {len(name)} octets; DNS allows {MAX_NAME} (RFC 1035 §3.1)")
    return name


def longest_zone(domain: str, zones: Container[str]) -> str | None:
    """Return the longest of ``zones`` that contains ``domain``; None if there is none."""
    name = domain
    while name and name not in zones:
        name = name.partition(".")[2]
    return name or None


def server_address(text: str) -> tuple[str, int]:
    """Return address and port of ``192.0.2.1``, ``192.0.2.1:53``, ``2001:db8::1`` or ``[2001:db8::1]:53``.

    :raises RecordError: for anything else, such as a name.
    """
    host, port = text, "53"
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        port = "53" if closed and not rest else rest[1:] if rest[:1] == ":" else ""
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    try:
        address = ipaddress.ip_address(host)
        if "%" in host or not _is_port(port):
            raise ValueError
    except ValueError:
        form = _without_scheme(text, server_address) or "192.0.2.1, 192.0.2.1:53 or [2001:db8::1]:53"
        raise RecordError(f"{quoted(masked(text), 60)} is not a server's address; write {form}") from None
    return str(address), int(port)


def primary_address(text: str) -> tuple[str, int]:
    """Return host and port of a primary: as :func:`server_address`, or a name, with a port if need be.

    :raises RecordError: for anything else, such as a URL.
    """
    host, colon, port = text.partition(":")
    if text.startswith("[") or text.count(":") > 1 or re.fullmatch(r"[0-9.]+", host):
        try:
            return server_address(text)
        except RecordError:
            host = ""  # not a name either
    name = to_ascii(host) if host.isascii() else with_a_labels(host)
    labels = name.removesuffix(".").split(".")
    if not all(map(_OWNER_LABEL.fullmatch, labels)) or not fits(name) or (colon and not _is_port(port)):
        form = _without_scheme(text, primary_address) or "192.0.2.1, [2001:db8::1]:53 or ns1.example.com"
        raise RecordError(f"{quoted(masked(text), 60)} is not an address; write {form}")
    return host if host.isascii() else name, int(port) if colon else 53


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) < 65536


def _without_scheme(text: str, check: Callable[[str], object]) -> str | None:
    """Return what to write instead of a URL, such as ``dns://127.0.0.1:53``; None if that is unclear."""
    _, scheme, rest = text.partition("://")
    host = rest.partition("/")[0].rpartition("@")[2]
    if not scheme or "://" in host:
        return None
    try:
        check(host)
    except RecordError:
        return None
    return f"{host} alone"


def resolver_address(text: str) -> tuple[str, int, str]:
    """Return host, port and URL of a resolver: an address, ``tls://…`` (RFC 7858) or ``https://…`` (RFC 8484).

    :return: the URL is empty for an address; a URL's host may be a name.
    :raises RecordError: for anything else.
    """
    if "://" not in text:
        return (*server_address(text), "")
    try:
        url = urlsplit(text)
        host, port = url.hostname, url.port
    except ValueError:
        host, port = None, None
    if host is not None and not host.isascii():
        raise RecordError(f"{quoted(masked(text), 60)} has a name that is not ASCII; write {with_a_labels(host)} in it")
    extra = host is not None and bool(url.username or url.query or url.fragment)
    if host is None or extra or url.scheme not in _URL_PORTS or (url.scheme == "tls" and url.path):
        form = _resolver_form(url.scheme, host) if host is not None and not extra else None
        form = form or "an address, tls://dns.example or https://dns.example/dns-query"
        raise RecordError(f"{quoted(masked(text), 60)} is not a resolver; write {form}")
    return host, port or _URL_PORTS[url.scheme], text


def _resolver_form(scheme: str, host: str) -> str | None:
    """Return the form for a resolver whose URL has another tool's scheme."""
    if scheme in ("dns", "udp", "tcp"):
        return f"{host} alone"
    if scheme == "dot":
        return f"tls://{host}"
    return f"https://{host}/dns-query" if scheme in ("doh", "http", "h3") else None


def selector(text: str) -> str:
    """Return a DKIM selector in lower case (RFC 6376 §3.1: one or more labels).

    :raises RecordError: for anything else, such as the whole owner name.
    """
    if "_domainkey" in text:
        raise RecordError(f"is an owner name; write the selector alone, such as {text.partition('.')[0][:63]}")
    if not all(_OWNER_LABEL.fullmatch(label) for label in text.lower().split(".")):
        raise RecordError("is not a selector; write letters, digits and hyphens, such as s2026")
    return text.lower()


def tsig_algorithm(text: str) -> str:
    """Return the name of a TSIG algorithm in lower case, without a final dot.

    :raises RecordError: if it is not of the SHA-2 family (RFC 8945 §6), such as HMAC-MD5.
    """
    name = text.lower().removesuffix(".")
    if name not in TSIG_ALGORITHMS:
        cure = f"write one of {', '.join(TSIG_ALGORITHMS)}"
        if "md5" in name or "sha1" in name:
            cure = "that is too weak; make a new key with hmac-sha256"
        raise RecordError(f"is {quoted(masked(text))}; {cure} (RFC 8945 §6)")
    return name


def tsig_key_name(text: str) -> str:
    """Return the name of a TSIG key.

    :raises RecordError: for the key itself, because every query contains the name in plain text (RFC 8945 §4.2).
    """
    if masked(text) != text and (re.search("[=+/]", text) or len(text) >= _KEY_LENGTH):
        raise RecordError("is the key itself, not its name; write its name, such as mail-relay, and the key as tsigKey")
    return text


def _refuse_other_things(text: str) -> None:
    if "://" in text or "/" in text:
        host = re.sub(r"^[^:]*://", "", text).split("/")[0].split("@")[-1].split(":")[0]
        raise RecordError(f"is a URL or a path; write the domain alone{f': {host[:MAX_NAME]}' if host else ''}")
    if "@" in text:
        raise RecordError(f"is an e-mail address; write its domain alone: {text.rpartition('@')[2][:MAX_NAME]}")
    if "*" in text:
        raise RecordError("is a wildcard; mail is sent from real names, so list each domain")
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return
    raise RecordError("is an IP address; write a domain name such as example.com")


def _label_problem(label: str) -> str:
    if not label:
        return "has an empty label (two dots together, or a dot in front)"
    if len(label) > 63:
        return f"has a label of {len(label)} octets; DNS allows 63 (RFC 1035 §2.3.4)"
    for character in label:
        if not re.fullmatch(r"[a-z0-9-]", character):
            return f"has {describe_character(character)} in it; labels are letters, digits and hyphens"
    return f"has the label {quoted(label)}, which begins or ends with a hyphen"
