"""Between a client and an HTTP API: counts the requests that change something, and says before and after each."""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler

from tests.kill.draw import When
from tests.publish.route53.api import QuietServer


def _ignore(_number: int, _when: When) -> None:
    """Nothing happens."""


@dataclass
class HttpProxy:
    """What passed.

    :ivar event: is called around the server's work on each change, with its number.
    """

    port: int = 0
    changes: int = 0
    event: Callable[[int, When], None] = _ignore


@contextmanager
def http_proxy(server: int) -> Iterator[HttpProxy]:
    """Pass requests on to the API at a port of this machine; if it does not answer, neither does the proxy."""
    passed = HttpProxy()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            self._pass_on()

        def do_PATCH(self) -> None:
            passed.changes += 1
            number = passed.changes
            passed.event(number, "before")
            self._pass_on(lambda: passed.event(number, "after"))

        def _pass_on(self, after: Callable[[], None] = lambda: None) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            upstream = http.client.HTTPConnection("127.0.0.1", server, timeout=30)
            try:
                upstream.request(self.command, self.path, body, dict(self.headers))
                answer = upstream.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException):
                self.close_connection = True
                return
            finally:
                upstream.close()
            after()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    proxy = QuietServer(("127.0.0.1", 0), Handler)
    proxy.daemon_threads = True
    passed.port = proxy.server_port
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield passed
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()
