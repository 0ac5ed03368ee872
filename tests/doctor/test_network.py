"""What doctor says of the way to name servers and resolvers: servers on loopback, which answer in part or not."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rrset
import pytest

from elastx_mrs import limits
from elastx_mrs.check import Check
from elastx_mrs.doctor import network
from elastx_mrs.limits import Limit
from elastx_mrs.lookup.question import Server
from elastx_mrs.lookup.vantage import Who
from tests.doctor.patient import verdicts
from tests.servers import free_port

Respond = Callable[[dns.message.Message], dns.message.Message | None]


@contextmanager
def serving(respond: Respond, *transports: str, host: str = "127.0.0.1") -> Iterator[Server]:
    """A server over some transports; over the others the port is closed, so nothing has to be waited for."""
    port = free_port()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as udp, socket.socket(family, socket.SOCK_STREAM) as tcp:
        udp.bind((host, port))
        tcp.bind((host, port))
        if "udp" not in transports:
            udp.connect((host, 1))  # what comes from elsewhere is then answered as at a closed port
        if "tcp" in transports:
            tcp.listen()

        def answer_udp() -> None:
            with suppress(OSError):
                while True:
                    wire, peer = udp.recvfrom(4096)
                    if not wire:  # it was shut down
                        return
                    answer = respond(dns.message.from_wire(wire)) if "udp" in transports else None
                    if answer is not None:
                        udp.sendto(answer.to_wire(), peer)

        def answer_tcp() -> None:
            with suppress(OSError):
                while True:
                    peer, _ = tcp.accept()
                    with peer, suppress(OSError, EOFError):
                        asked, _ = dns.query.receive_tcp(peer)
                        answer = respond(asked) if "tcp" in transports else None
                        if answer is not None:
                            dns.query.send_tcp(peer, answer)

        for work in (answer_udp, answer_tcp):
            threading.Thread(target=work, daemon=True).start()
        yield Server(host, port)
        for one, kind in ((udp, socket.SHUT_RDWR), (tcp, socket.SHUT_RDWR)):
            with suppress(OSError):
                one.shutdown(kind)


def authority(asked: dns.message.Message) -> dns.message.Message:
    made = dns.message.make_response(asked)
    made.flags |= dns.flags.AA
    made.answer.append(dns.rrset.from_text(asked.question[0].name, 60, "IN", "NS", "a.root.example."))
    return made


def resolver(asked: dns.message.Message) -> dns.message.Message:
    made = dns.message.make_response(asked)
    made.flags |= dns.flags.RA
    made.answer.append(dns.rrset.from_text(asked.question[0].name, 60, "IN", "NS", "a.root.example."))
    return made


def refusing(asked: dns.message.Message) -> dns.message.Message:
    made = dns.message.make_response(asked)
    made.set_rcode(dns.rcode.REFUSED)
    return made


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy this machine is, what answers is waited for."""
    monkeypatch.setattr(limits, "QUESTION_SECONDS", Limit("", "", 60, "seconds", ""))


def given(*servers: Server) -> list[Check]:
    return list(network.examine(Who(nameservers=servers, resolvers=()), "example.com"))


BOTH = ("udp", "tcp")


@pytest.mark.parametrize("respond", [authority, refusing])
def test_a_server_that_answers_is_reached(respond: Respond) -> None:
    """Whatever it answers."""
    with serving(respond, *BOTH) as server:
        found = given(server)
    assert verdicts(found) == [("port-53-udp", "pass"), ("port-53-tcp", "pass"), ("ipv6", "unchecked")]
    assert found[0].seen == f"{server} answers"


@pytest.mark.parametrize(
    ("transports", "udp", "tcp"),
    [(("udp",), "pass", "unreachable"), (("tcp",), "unreachable", "pass"), ((), "unreachable", "unreachable")],
)
def test_each_transport_by_itself(transports: tuple[str, ...], udp: str, tcp: str) -> None:
    with serving(authority, *transports) as server:
        found = given(server)
    assert verdicts(found)[:2] == [("port-53-udp", udp), ("port-53-tcp", tcp)]
    for check in found[:2]:
        assert bool(check.cure) == (check.verdict == "unreachable")


def test_one_that_is_silent_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "QUESTION_SECONDS", Limit("", "", 1, "second", ""))
    with serving(lambda asked: None, "udp") as server:
        found = given(server)
    assert verdicts(found)[:2] == [("port-53-udp", "unreachable"), ("port-53-tcp", "unreachable")]
    assert found[0].seen == f"{server} did not answer in 1 second"


def test_one_server_that_answers_is_enough() -> None:
    with serving(authority) as silent, serving(authority, *BOTH) as server:
        found = given(silent, server)
    assert verdicts(found)[:2] == [("port-53-udp", "pass"), ("port-53-tcp", "pass")]


def rooted(server: Server, via_resolver: Server) -> list[Check]:
    return list(network.examine(Who(root_hints=(server,), resolvers=(via_resolver,)), "example.com"))


def test_the_root_servers_and_the_resolvers() -> None:
    with serving(authority, *BOTH) as root, serving(resolver, *BOTH) as own:
        found = rooted(root, own)
    assert verdicts(found) == [
        ("port-53-udp", "pass"),
        ("port-53-tcp", "pass"),
        ("ipv6", "unchecked"),
        ("resolvers", "pass"),
    ]


def test_a_blocked_port_says_how_to_ask_resolvers_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ENTRANCE_SECONDS", Limit("", "", 1, "second", ""))
    with serving(authority) as root, serving(resolver) as own:
        found = rooted(root, own)
    assert [check.verdict for check in found] == ["unreachable", "unreachable", "unchecked", "unreachable"]
    assert "verification.via: resolvers" in found[0].cure
    assert "RFC 7766" in found[1].cure
    assert "resolver" in found[3].seen
    assert found[3].cure


def test_a_firewall_that_redirects_port_53_to_a_resolver_is_wrong() -> None:
    with serving(resolver, *BOTH) as redirected:
        found = rooted(redirected, redirected)
    assert verdicts(found)[:2] == [("port-53-udp", "wrong"), ("port-53-tcp", "wrong")]
    assert "something on the way answers" in found[0].seen


def test_resolvers_alone_and_over_tls_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ENTRANCE_SECONDS", Limit("", "", 1, "second", ""))
    with serving(resolver, *BOTH) as own:
        found = list(network.examine(Who(resolvers=(own,), via="resolvers"), "example.com"))
        assert [check.verdict for check in found] == ["pass", "pass", "unchecked", "pass"]
    with serving(resolver) as silent:
        found = list(network.examine(Who(resolvers=(silent,), via="resolvers"), "example.com"))
        assert [check.verdict for check in found] == ["unreachable", "unreachable", "unchecked", "unreachable"]
        assert found[0].cure == "allow UDP to port 53 out of this machine"
    tls = Server("127.0.0.1", 9, url="tls://127.0.0.1:9")
    found = list(network.examine(Who(resolvers=(tls,), via="resolvers"), "example.com"))
    assert [check.verdict for check in found] == ["unchecked", "unchecked", "unchecked", "unreachable"]


def test_ipv6() -> None:
    with serving(authority, *BOTH) as v4, ExitStack() as stack:
        try:
            v6 = stack.enter_context(serving(authority, *BOTH, host="::1"))
        except OSError:
            pytest.skip("this machine has no IPv6 on loopback")
        assert verdicts(given(v4, v6))[2] == ("ipv6", "pass")
    with serving(authority, *BOTH) as v4, serving(authority, host="::1") as silent:
        found = given(v4, silent)[2]
    assert found.verdict == "unreachable"
    assert "IPv6" in found.cure


def test_a_machine_without_ipv6_is_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    """As connect(2) says where there is no route."""
    connect = socket.socket.connect

    def unrouted(self: socket.socket, address: object) -> None:
        if self.family == socket.AF_INET6:
            raise OSError(101, "Network is unreachable")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", unrouted)
    with serving(authority, *BOTH) as v4:
        found = given(v4, Server("2001:db8::53"))[2]
    assert found.verdict == "unchecked"
    assert "has no IPv6" in found.seen
