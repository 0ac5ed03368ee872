"""Responses to invalid TSIG signatures (RFC 8945 §5.2), which dnspython leaves to the server."""

import io
import struct
import time
from collections.abc import Mapping

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rrset
import dns.tsig


def tsig_error(
    wire: bytes, error: dns.exception.DNSException, keyring: Mapping[dns.name.Name, dns.tsig.Key]
) -> bytes | None:
    """Return NOTAUTH with the reason in a TSIG record, or None if the message is also malformed.

    Only BADTIME is signed, with the client's time, so the client can check it (§5.2.3). In the other cases, no key is
    known to both sides.
    """
    try:
        request = dns.message.from_wire(wire, keyring=False)
        (signed,) = [request.tsig] if request.tsig is not None else []
    except (dns.exception.DNSException, ValueError, struct.error):
        return None
    reason = _reason(error)
    response = dns.message.Message(id=request.id)
    response.flags = dns.flags.Flag(dns.flags.QR | dns.opcode.to_flags(request.opcode()))
    response.set_rcode(dns.rcode.NOTAUTH)
    response.sections[0] = request.sections[0]
    plain = response.to_wire()
    theirs = signed[0]
    server_time = struct.pack("!HI", 0, int(time.time())) if reason == dns.rcode.BADTIME else b""
    ours = theirs.replace(error=reason, mac=b"", other=server_time, original_id=request.id)
    if reason == dns.rcode.BADTIME:
        key = keyring[signed.name]
        ours, _ = dns.tsig.sign(  # type: ignore[no-untyped-call]  # dnspython has no types for it
            plain, key, ours, theirs.time_signed, request_mac=theirs.mac
        )
    record = io.BytesIO()
    dns.rrset.from_rdata(signed.name, 0, ours).to_wire(record)
    return plain[:10] + struct.pack("!H", 1) + plain[12:] + record.getvalue()


def _reason(error: dns.exception.DNSException) -> dns.rcode.Rcode:
    """Return the error code; an algorithm that does not fit the key counts as an unknown key (§5.2.1)."""
    if isinstance(error, dns.message.UnknownTSIGKey | dns.tsig.BadAlgorithm):
        return dns.rcode.BADKEY
    return dns.rcode.BADTIME if isinstance(error, dns.tsig.BadTime) else dns.rcode.BADSIG
