"""The API keeps as many connections as the limit allows."""

import socket
from contextlib import ExitStack
from http.client import HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from elastx_mrs import limits
from elastx_mrs.lab.session import open_lab

ZONE = "$TTL 60\n@ SOA ns1 hostmaster 1 3600 900 604800 300\n@ NS ns1\nns1 A 127.0.0.1\n"


@pytest.mark.parametrize("over", [0, 1])
def test_connections_are_bounded_and_the_longest_unused_is_closed(
    over: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LAB_CONNECTIONS", limits.LAB_CONNECTIONS._replace(most=3))

    def answered(tcp: socket.socket) -> bool:
        try:
            tcp.sendall(b"GET /client/v4/zones HTTP/1.1\r\nHost: lab\r\n\r\n")
            response = HTTPResponse(tcp)
            response.begin()
            response.read()
        except (OSError, EOFError):
            return False
        return True

    with open_lab(tmp_path, {"example.com": ZONE}) as lab, ExitStack() as stack:
        at = urlsplit(lab.cloudflare.url)

        def opened() -> socket.socket:
            return stack.enter_context(socket.create_connection((str(at.hostname), at.port or 0), timeout=5))

        three = [opened() for _ in range(3)]
        assert all(answered(tcp) for tcp in (three[1], three[2], three[0]))
        assert all(answered(opened()) for _ in range(over))
        assert [answered(tcp) for tcp in three] == [True, over == 0, True]
