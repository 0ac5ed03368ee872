"""Between a client and a name server, over TCP: counts connections and updates, and cuts where it is told."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

from tests.servers import NameServer

Cut = Literal["before", "in", "after", "slow"]
"""The update is not passed on; half of its answer, or none of it, is; or nothing is said and nothing is closed.

What comes after a ``slow`` update is passed on once the server has worked on that, as it would see the server itself.
"""

UPDATE = 5
"""The opcode (RFC 2136 §1.3)."""


@dataclass
class Proxy:
    """What passed, and what is to be cut.

    :param cuts: for the next updates, one each.
    :param then: is called before a ``slow`` update is passed on.
    :param before: is called with the number of each update that is passed on, before that.
    :param after: is called with it once the server has answered, before the client has the answer.
    """

    server: NameServer
    cuts: list[Cut] = field(default_factory=list)
    then: Callable[[], None] = lambda: None
    before: Callable[[int], None] = lambda _number: None
    after: Callable[[int], None] = lambda _number: None
    connections: int = 0
    updates: int = 0
    _clients: list[socket.socket] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _working: threading.Lock = field(default_factory=threading.Lock)

    def hang_up(self) -> None:
        """End every connection, as a server does with idle ones."""
        for client in self._clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

    def serve(self, client: socket.socket) -> None:
        self.connections += 1
        self._clients.append(client)
        with client, contextlib.suppress(OSError, EOFError), self._upstream() as upstream:
            while True:
                message = _framed(client)
                number, cut = self._cut(message)
                if cut == "before":
                    return
                if cut == "slow":
                    with self._working:
                        self.then()
                        upstream.sendall(message)
                        _framed(upstream)
                    threading.Event().wait(30)
                    return
                with self._working:
                    pass
                if number:
                    self.before(number)
                upstream.sendall(message)
                answer = _framed(upstream)
                if number:
                    self.after(number)
                if cut is not None:
                    client.sendall(answer[: len(answer) // 2] if cut == "in" else b"")
                    return
                client.sendall(answer)

    def _upstream(self) -> socket.socket:
        return socket.create_connection((self.server.host, self.server.port), 10)

    def _cut(self, message: bytes) -> tuple[int, Cut | None]:
        """Return an update's number, and whether it is to be cut; 0 for what is no update."""
        if (message[4] >> 3) & 0xF != UPDATE:
            return 0, None
        with self._lock:
            self.updates += 1
            return self.updates, self.cuts.pop(0) if self.cuts else None


@contextmanager
def proxy(server: NameServer) -> Iterator[tuple[NameServer, Proxy]]:
    """The server as it is reached through a proxy, and the proxy."""
    made = Proxy(server)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listening.accept()
                    threading.Thread(target=made.serve, args=(client,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield replace(server, port=listening.getsockname()[1]), made
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


def _framed(connection: socket.socket) -> bytes:
    """A message with the length before it."""
    length = _read(connection, 2)
    return length + _read(connection, int.from_bytes(length, "big"))


def _read(connection: socket.socket, length: int) -> bytes:
    received = b""
    while len(received) < length:
        piece = connection.recv(length - len(received))
        if not piece:
            raise EOFError
        received += piece
    return received
