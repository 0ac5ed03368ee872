"""Failures of the network, in the words of Go's own packages ``net``, ``net/http`` and ``crypto/tls``.

The plugin's users read those, not Python's. The words were seen, or read in the packages' source.
"""

import errno
import socket
import ssl

import httpx

_CONNECTING = {
    errno.ECONNREFUSED: "connection refused",
    errno.ENETUNREACH: "network is unreachable",
    errno.EHOSTUNREACH: "no route to host",
    errno.ETIMEDOUT: "connection timed out",
}
_NAMES = {
    socket.EAI_NONAME: "no such host",
    socket.EAI_AGAIN: "server misbehaving",
}


def words(failed: BaseException, url: httpx.URL) -> str:
    """Return what Go's client says of a request that got no answer.

    :param failed: what the SDK raised; what it comes from says why.
    """
    cause = _root(failed)
    address = f"{url.host}:{url.port or (443 if url.scheme == 'https' else 80)}"
    if isinstance(cause, socket.gaierror):
        return f"dial tcp: lookup {url.host} on 127.0.0.53:53: {_NAMES.get(cause.errno or 0, cause.strerror)}"
    if isinstance(cause, ssl.SSLError):
        return _tls(cause)
    if isinstance(cause, ConnectionResetError):
        return f"read tcp 127.0.0.1:40000->{address}: read: connection reset by peer"
    if isinstance(cause, OSError) and cause.errno in _CONNECTING:
        return f"dial tcp {address}: connect: {_CONNECTING[cause.errno]}"
    if isinstance(cause, TimeoutError | httpx.TimeoutException):
        return f"dial tcp {address}: i/o timeout"
    if isinstance(cause, httpx.RemoteProtocolError) and "disconnected" in str(cause):
        return "EOF"
    return str(cause)


def _root(failed: BaseException) -> BaseException:
    """Return what a failure comes from; of httpx's own two layers, the outer one has the type."""
    while not isinstance(failed, httpx.RemoteProtocolError):
        before = failed.__cause__ or failed.__context__
        if before is None:
            break
        failed = before
    return failed


def _tls(cause: ssl.SSLError) -> str:
    if isinstance(cause, ssl.SSLCertVerificationError):
        why = "certificate signed by unknown authority"
        if cause.verify_code == 10:
            why = "certificate has expired or is not yet valid"
        elif cause.verify_code in (62, 64):
            why = cause.verify_message
        return f"tls: failed to verify certificate: x509: {why}"
    return "EOF" if isinstance(cause, ssl.SSLEOFError) else "tls: first record does not look like a TLS handshake"
