"""The connection to a server: its addresses, a socket to one of them, and a description of its certificate."""

import socket
from concurrent import futures
from functools import partial
from typing import TYPE_CHECKING

from elastx_mrs import limits
from elastx_mrs.descriptors import ShortageError, waiting
from elastx_mrs.display import visible
from elastx_mrs.lookup.aside import aside
from elastx_mrs.smtp.clock import Clock, CouldNotAsk

if TYPE_CHECKING:
    from cryptography import x509


def connected(host: str, port: int, clock: Clock) -> tuple[socket.socket, str]:
    """Return a connection to the first reachable address of a host, and that address.

    :param clock: the time for the name and for each of its addresses.
    :raises CouldNotAsk: with the problem of each address.
    """
    problems = []
    for family, address in _addresses(host, port, clock.wait())[: limits.SMTP_ADDRESSES.most]:
        wait = clock.wait()
        try:
            return waiting(partial(_to, family, address, wait), address[:2]), address[0]
        except ShortageError as error:
            raise CouldNotAsk(f"no connection to port {port} of {host}: {error}", error.cure) from None
        except OSError as error:
            why = f"no answer in {wait:.3g} s" if isinstance(error, TimeoutError) else error.strerror or str(error)
            problems.append(f"{address[0]}: {why}")
    raise CouldNotAsk(
        f"no connection to port {port} of {host} ({'; '.join(problems[:4])})",
        "check host and port, and that this network allows connections to that port",
    )


def _to(family: int, address: tuple[str, int], timeout: float) -> socket.socket:
    connecting = socket.socket(family, socket.SOCK_STREAM)
    try:
        connecting.settimeout(timeout)
        connecting.connect(address)
    except BaseException:
        connecting.close()
        raise
    return connecting


def _addresses(host: str, port: int, timeout: float) -> list[tuple[int, tuple[str, int]]]:
    """Return a host's addresses. A thread asks for them, because the system's resolver ignores time-outs and Ctrl-C."""
    found = aside(lambda: waiting(lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
    cure = "check the host name, and this machine's resolvers"
    done, _ = futures.wait([found], timeout)
    if not done:
        raise CouldNotAsk(f"no address for {host} in {timeout:g} s", cure)
    try:
        return [(family, sockaddr) for family, _, _, _, sockaddr in found.result()]  # type: ignore[misc]
    except ShortageError as error:
        raise CouldNotAsk(f"no address for {host}: {error}", error.cure) from None
    except OSError as error:
        raise CouldNotAsk(f"no address for {host}: {error.strerror or error}", cure) from None


def described(der: bytes) -> str:
    """Return a certificate's names, issuer and validity in words."""
    from cryptography import x509

    try:
        certificate = x509.load_der_x509_certificate(der)
        names = _names(certificate)
        begin, end = (moment.date() for moment in (certificate.not_valid_before_utc, certificate.not_valid_after_utc))
        issuer = certificate.issuer.rfc4514_string()[:80] or "nobody"
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return "a certificate that cannot be read"
    text = f"for {', '.join(names[:5]) or 'no name'}, by {issuer}, valid from {begin} to {end}"
    return visible(text)


def _names(certificate: "x509.Certificate") -> list[str]:
    from cryptography import x509

    try:
        listed = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [*listed.get_values_for_type(x509.DNSName), *map(str, listed.get_values_for_type(x509.IPAddress))]
