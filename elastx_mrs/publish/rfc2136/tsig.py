"""TSIG keys (RFC 8945), from a secret or from a file of ``tsig-keygen``, and explanations of their errors."""

import re
from base64 import b64decode
from dataclasses import dataclass, field

import dns.exception
import dns.message
import dns.name
import dns.tsig

from elastx_mrs import limits
from elastx_mrs.display import quoted
from elastx_mrs.records import RecordError
from elastx_mrs.records.names import tsig_algorithm
from elastx_mrs.secrecy import masked

ALGORITHM = "hmac-sha256"
"""The default algorithm."""


@dataclass(frozen=True)
class KeyText:
    """The content of a key's text; the secret is in base64."""

    secret: str = field(repr=False)
    name: str | None = None
    algorithm: str | None = None


_FILE = re.compile(r'\s*key\s+"?(?P<name>[^\s"{;]+)"?\s*\{(?P<body>[^}]*)\}\s*;?\s*')
_STATEMENT = re.compile(r'\s*(algorithm|secret)\s+"?([^\s";]+)"?\s*;')
_COMMENT = re.compile(r'("[^"]*")|/\*.*?\*/|(?://|#)[^\n]*', re.DOTALL)
"""A comment, or a quoted string. Slashes of base64 in a string do not begin a comment."""


def read_key(text: str) -> KeyText:
    """Parse a key's text: base64, or ``key "name" { algorithm …; secret "…"; };``.

    :raises RecordError: for anything else; its message never has the secret.
    """
    if len(text) > limits.KEY_FILE.most:
        raise RecordError(f"has more than {limits.KEY_FILE.text}; write one key, as tsig-keygen prints it")
    plain = _COMMENT.sub(lambda found: found[1] or " ", text) if "{" in text else text
    if "{" not in plain:
        return KeyText("".join(plain.split()))
    found = _FILE.fullmatch(plain)
    if found is None:
        raise RecordError("is not a key file; write one key, as tsig-keygen prints it, or its secret alone")
    statements = _STATEMENT.findall(found["body"])
    values = dict(statements)
    if "secret" not in values or len(values) != len(statements) or _STATEMENT.sub("", found["body"]).strip():
        raise RecordError("is not a key file: it needs algorithm and secret, once each, as tsig-keygen prints them")
    return KeyText(values["secret"], found["name"], values.get("algorithm"))


def key_from(name: str, secret: str, algorithm: str = ALGORITHM) -> dns.tsig.Key:
    """Return a TSIG key.

    :param secret: in base64.
    :raises RecordError: if a part is malformed. The message never contains the secret.
    """
    try:
        octets = b64decode("".join(secret.split()), validate=True)
    except ValueError:
        octets = b""
    if not octets:
        raise RecordError("is not base64; write the secret as tsig-keygen prints it")
    try:
        # In lower case, as it is signed (RFC 8945 §4.3.3). PowerDNS finds a key only by this form.
        owner = dns.name.from_text(name).canonicalize()
    except dns.exception.DNSException:
        raise RecordError(
            f"belongs to the key {quoted(masked(name))}, which is not a name; write one such as mail-relay"
        ) from None
    return dns.tsig.Key(owner, octets, dns.name.from_text(tsig_algorithm(algorithm)))


def problem(key: dns.tsig.Key, wire: bytes, error: dns.exception.DNSException) -> str:
    """Explain a bad signature: the answer's, or ours as the server sees it (RFC 8945 §5.2, §5.3)."""
    name = key.name.to_text(omit_final_dot=True)
    algorithm = key.algorithm.to_text(omit_final_dot=True)
    if isinstance(error, dns.tsig.PeerBadKey):
        known = f"it knows no key {name} with the algorithm {algorithm} (BADKEY), or, on Knot, no acl of the zone "
        return f"{known}names it; correct keyName or algorithm, or add the key there"
    if isinstance(error, dns.tsig.PeerBadSignature):
        return f"its key {name} has another secret (BADSIG); correct the secret"
    if isinstance(error, dns.tsig.PeerBadTime):
        return f"{_skew(wire)} (BADTIME); set the clocks, by NTP, and run again"
    if isinstance(error, dns.tsig.PeerBadTruncation):
        return f"it requires a longer signature than {algorithm} has (BADTRUNC); use hmac-sha256"
    return f"its answer is signed wrongly ({error or type(error).__name__}): somebody may have changed it on the way"


def _skew(wire: bytes) -> str:
    """Return how far the server's clock is from ours. The answer contains its time (RFC 8945 §5.2.3)."""
    record = dns.message.from_wire(wire, keyring=False).tsig
    if record is None or len(record[0].other) != 6:
        return "its clock and this machine's are too far apart"
    seconds = int.from_bytes(record[0].other, "big") - int(record[0].time_signed)
    return f"its clock is {_duration(abs(seconds))} {'ahead of' if seconds > 0 else 'behind'} this machine's"


def _duration(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"
