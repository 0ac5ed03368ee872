"""What HashiCorp Vault's transit engine is to Pulumi: the keeper of a stack's key, without a passphrase.

Deriving a key from a passphrase is a million rounds of SHA-256, a quarter of a CPU second in each start of Pulumi and a
tenth of a test run. Tests of the passphrase itself have stacks of their own.
"""

import json
import sys
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

PROVIDER = "hashivault://tests"
_SEALED = "vault:v1:"


class _Transit(BaseHTTPRequestHandler):
    """``encrypt`` and ``decrypt`` of the HTTP API (Vault's page "Transit secrets engine (API)")."""

    def do_PUT(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.startswith("/v1/transit/encrypt/"):
            data = {"ciphertext": _SEALED + asked["plaintext"]}
        else:
            data = {"plaintext": asked["ciphertext"].removeprefix(_SEALED)}
        answer = json.dumps({"data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_PUT  # noqa: N815  the name that http.server calls

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@cache
def environment() -> dict[str, str]:
    """Return the variables by which Pulumi finds it; it runs as long as this process."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Transit)
    Thread(target=server.serve_forever, daemon=True).start()
    return {"VAULT_SERVER_URL": f"http://127.0.0.1:{server.server_port}", "VAULT_SERVER_TOKEN": "test"}


if __name__ == "__main__":  # in a network namespace, whose loopback is its own
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), _Transit).serve_forever()
