"""One query to one resolver over TLS (RFC 7858) or HTTPS (RFC 8484): dnspython's own, errors as everywhere here."""

import asyncio
import socket
import ssl
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import dns.asyncbackend
import dns.asyncquery
import dns.exception
import dns.inet
import dns.message
import dns.query

from elastx_mrs import limits
from elastx_mrs.extras import NotInstalledError
from elastx_mrs.lookup.aside import Shared
from elastx_mrs.lookup.transport import body, certificate
from elastx_mrs.lookup.transport.wire import UnusableError

if TYPE_CHECKING:
    import httpx2

SETTLE = 3.0
"""Times the patience of plain DNS: the handshakes take two or three exchanges more."""

_ADDRESSES = Shared()
"""What the system's resolver says of a host's name."""


def check_https() -> None:
    """Check that HTTPS can be used; raises :class:`NotInstalledError`."""
    if not dns.query.have_doh or find_spec("httpx2") is None:
        raise NotInstalledError("httpx2", "doh")


async def exchange(url: str, host: str, port: int, query: dns.message.Message, patience: float) -> dns.message.Message:
    """Return the answer to ``query``; the certificate has to be good, and for that host.

    :param url: ``tls://…`` or ``https://…``, the latter only after :func:`check_https`.
    :param host: an address or a name.
    :param patience: seconds that plain DNS would have.
    :raises UnusableError: where what came is no answer to it, or the certificate is not good.
    :raises TimeoutError: where none came.
    :raises OSError: where the server cannot be reached.
    """
    try:
        async with asyncio.timeout(SETTLE * patience):
            if url.startswith("https:"):
                return await _https(url, host, query)
            found = await _ADDRESSES.get((host, port), lambda: socket.getaddrinfo(host, port))
            return await dns.asyncquery.tls(query, str(found[0][4][0]), port=port, server_hostname=host)
    except (TimeoutError, dns.exception.Timeout):
        raise TimeoutError from None
    except ssl.SSLCertVerificationError as error:
        problem = f"has a certificate that is not good for {host}: {error.verify_message}"
        raise UnusableError(f"{problem}; {certificate.cure(error.verify_code)}") from None
    except (dns.exception.DNSException, EOFError) as error:
        raise UnusableError(f"sent an answer that cannot be read ({type(error).__name__})") from None


async def _https(url: str, host: str, query: dns.message.Message) -> dns.message.Message:
    """Return the answer; a certificate that is refused raises as over TLS."""
    import httpx2

    async def bounded(response: "httpx2.Response") -> None:
        if response.is_success:
            problem = f"sent more than a DNS message of {limits.HTTPS_ANSWER.text}, or a compressed one"
            body.bounded(httpx2.AsyncByteStream, response, limits.HTTPS_ANSWER.most, UnusableError(problem))
            return
        raise UnusableError(f"did not answer as DNS over HTTPS: HTTP status {response.status_code}")

    headers = {"accept-encoding": "identity"}
    try:
        client = httpx2.AsyncClient(transport=_transport(host), headers=headers, event_hooks={"response": [bounded]})
        async with client:
            return await dns.asyncquery.https(query, url, client=client)
    except httpx2.HTTPError as error:
        refused = certificate.refusal(error)
        if refused is not None:
            raise refused from None
        raise UnusableError(f"cannot be reached over HTTPS: {error or type(error).__name__}") from None
    except ValueError as error:
        raise UnusableError(f"did not answer as DNS over HTTPS ({type(error).__name__})") from None


def _transport(host: str) -> Any:
    """Return dnspython's own transport, which asks this machine's resolvers for the host."""
    address = host if dns.inet.is_address(host) else None
    backend: Any = dns.asyncbackend.get_default_backend()
    return backend.get_transport_class()(http2=True, bootstrap_address=address)
