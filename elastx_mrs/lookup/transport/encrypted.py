"""One query to one resolver over TLS (RFC 7858) or HTTPS (RFC 8484), with dnspython and this package's errors."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

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

ANEW = 1.5
"""Seconds until another connection is tried at the same time; each next pause is twice as long.

Once a packet is lost the kernel waits ever longer before it sends it again, from a second on for the first of a
connection. A new connection does not wait for that.
"""

GIVEN_UP = 1.5
"""Seconds after which a failed connection counts as timed out: dnspython waits 2 for HTTPS, without a reason."""

_TRUSTED: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, ssl.SSLContext]] = WeakKeyDictionary()

Once = Callable[[], Awaitable[dns.message.Message]]
Connected = Callable[[Once], Awaitable[dns.message.Message]]
"""Waits for room for a connection, as :meth:`elastx_mrs.lookup.transport.pool.Sockets.connected`."""

_ADDRESSES = Shared()
"""The addresses of hosts, from the system's resolver."""


def check_https() -> None:
    """Check that HTTPS can be used; raises :class:`NotInstalledError`."""
    if not dns.query.have_doh or find_spec("httpx2") is None:
        raise NotInstalledError("httpx2", "doh")


async def exchange(
    connected: Connected, url: str, host: str, port: int, query: dns.message.Message, patience: float
) -> dns.message.Message:
    """Return the answer to ``query``; the certificate must be valid for that host.

    :param connected: called for each connection.
    :param url: ``tls://…`` or ``https://…``, the latter only after :func:`check_https`.
    :param host: an address or a name.
    :param patience: the seconds of plain DNS.
    :raises UnusableError: if the answer or the certificate is not valid.
    :raises TimeoutError: if no answer came.
    :raises ShortageError: if this machine has no room for a connection.
    :raises OSError: if the server cannot be reached.
    """

    async def once() -> dns.message.Message:
        return await (_https(url, host, query) if url.startswith("https:") else _tls(host, port, query))

    try:
        async with asyncio.timeout(limits.ENCRYPTED_TIMES.most * patience):
            return await _first(lambda: connected(once))
    except (TimeoutError, dns.exception.Timeout):
        raise TimeoutError from None
    except ssl.SSLCertVerificationError as error:
        problem = f"has a certificate that is not valid for {host}: {error.verify_message}"
        raise UnusableError(f"{problem}; {certificate.cure(error.verify_code)}") from None
    except (dns.exception.DNSException, EOFError) as error:
        raise UnusableError(f"sent an answer that cannot be read ({type(error).__name__})") from None


async def _first(once: Once) -> dns.message.Message:
    """Return the first answer, or the first error if no other connection is running.

    A connection that timed out is replaced at once.
    """
    running: set[asyncio.Future[dns.message.Message]] = set()
    pause = ANEW
    try:
        while True:
            running.add(asyncio.ensure_future(once()))
            end = asyncio.get_running_loop().time() + pause
            pause *= 2
            while (left := end - asyncio.get_running_loop().time()) > 0:
                done, running = await asyncio.wait(running, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                good = [one for one in done if one.exception() is None]
                if good or (done and not running):
                    ended = (good or list(done))[0]
                    if isinstance(ended.exception(), TimeoutError):
                        break
                    return ended.result()
    finally:
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _tls(host: str, port: int, query: dns.message.Message) -> dns.message.Message:
    found = await _ADDRESSES.get((host, port), lambda: socket.getaddrinfo(host, port))
    trust = _trust("tls", lambda: dns.query.make_ssl_context(True, True, ["dot"]))
    return await dns.asyncquery.tls(query, str(found[0][4][0]), port=port, ssl_context=trust, server_hostname=host)


def _trust(scheme: str, make: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """Return the trusted authorities; reading them takes 50 ms, so they are read once for each event loop."""
    here = _TRUSTED.setdefault(asyncio.get_running_loop(), {})
    if scheme not in here:
        here[scheme] = make()
    return here[scheme]


async def _https(url: str, host: str, query: dns.message.Message) -> dns.message.Message:
    """Return the answer; a refused certificate raises as over TLS."""
    import httpx2

    async def bounded(response: "httpx2.Response") -> None:
        if response.is_success:
            problem = f"sent more than a DNS message of {limits.HTTPS_ANSWER.text}, or a compressed one"
            body.bounded(httpx2.AsyncByteStream, response, limits.HTTPS_ANSWER.most, UnusableError(problem))
            return
        raise UnusableError(f"did not answer as DNS over HTTPS: HTTP status {response.status_code}")

    opened, began = _Opened(), asyncio.get_running_loop().time()
    hooks: dict[str, list[Callable[..., Any]]] = {"request": [opened.watch], "response": [bounded]}
    headers = {"accept-encoding": "identity"}
    try:
        async with opened, httpx2.AsyncClient(transport=_transport(host), headers=headers, event_hooks=hooks) as client:
            return await dns.asyncquery.https(query, url, client=client)
    except httpx2.HTTPError as error:
        refused = certificate.refusal(error)
        if refused is not None:
            raise refused from None
        if isinstance(error, httpx2.ConnectError) and asyncio.get_running_loop().time() >= began + GIVEN_UP:
            raise TimeoutError from None
        raise UnusableError(f"cannot be reached over HTTPS: {str(error) or type(error).__name__}") from None
    except ValueError as error:
        raise UnusableError(f"did not answer as DNS over HTTPS ({type(error).__name__})") from None


class _Opened:
    """Closes a client's connections: httpcore leaves one open that is abandoned during the TLS handshake."""

    def __init__(self) -> None:
        self._streams: list[Any] = []

    async def watch(self, request: "httpx2.Request") -> None:
        request.extensions["trace"] = self._note

    async def _note(self, event: str, info: dict[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            self._streams.append(info["return_value"])

    async def __aenter__(self) -> None:
        """Nothing is open yet."""

    async def __aexit__(self, *_: object) -> None:
        for stream in self._streams:
            await stream.aclose()


def _transport(host: str) -> Any:
    """Return dnspython's transport, which looks the host up with this machine's resolvers."""
    import httpx2

    address = host if dns.inet.is_address(host) else None
    backend: Any = dns.asyncbackend.get_default_backend()
    return backend.get_transport_class()(
        http2=True, verify=_trust("https", httpx2.create_ssl_context), bootstrap_address=address
    )
