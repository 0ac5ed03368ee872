from pathlib import Path

import dns.query
import dns.rcode
import dns.tsigkeyring
import dns.update
import pytest

from tests.servers import KINDS, NameServer, start
from tests.servers.zones import FOREIGN


@pytest.mark.parametrize("kind", KINDS)
def test_each_server_serves_the_zones_and_takes_only_signed_updates(kind: str, tmp_path: Path) -> None:
    with start(kind, tmp_path) as server:
        assert {name: server.txt(name) for name in FOREIGN} == FOREIGN
        assert send(server, dns.update.UpdateMessage("example.com")) in (dns.rcode.REFUSED, dns.rcode.NOTAUTH)
        assert server.txt("new.example.com") == {}
        keyring = dns.tsigkeyring.from_text({server.key_name: server.key})
        signed = dns.update.UpdateMessage("example.com", keyring=keyring, keyalgorithm="hmac-sha256")
        assert send(server, signed) == dns.rcode.NOERROR
        assert server.txt("new.example.com") == {b"x": 300}


def send(server: NameServer, update: dns.update.UpdateMessage) -> dns.rcode.Rcode:
    update.add("new", 300, "TXT", "x")
    return dns.query.tcp(update, server.host, timeout=5, port=server.port).rcode()
