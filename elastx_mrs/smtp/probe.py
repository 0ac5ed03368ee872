"""Checks whether a mail server is safe to use: STARTTLS, certificate, AUTH, a login and one test message.

The order is that of a careful mail program: it sends nothing secret before it has verified the certificate. It tries a
password only once, because servers lock accounts after failed logins.
"""

import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from elastx_mrs.check import Check
from elastx_mrs.lookup.transport import certificate
from elastx_mrs.service import ELASTX, Service
from elastx_mrs.smtp.clock import ASK, CouldNotAsk
from elastx_mrs.smtp.refusal import Look, RefusedError, Stage, rate, refused
from elastx_mrs.smtp.session import Reply, Session, TrustError
from elastx_mrs.smtp.test_message import Letter

MECHANISMS = ("PLAIN", "LOGIN")
"""The mechanisms for the login, the preferred first (RFC 4616; old servers offer only LOGIN)."""

_BAD_PASSWORD = 535


@dataclass(frozen=True)
class Errand:
    """What to check at the server.

    :param account: the login; None for no login.
    :param relay: the service that the server belongs to, which requires a login; None for another server.
    :param look: called if the relay refuses the message.
    :param tell: called before ``look``, which takes time, with the relay's answer.
    """

    account: str | None = None
    letter: Letter | None = None
    relay: Service | None = ELASTX
    look: Look = tuple
    tell: Callable[[str], None] = lambda _: None


Step = Callable[[Session, Errand], Check]


def probe(session: Session, errand: Errand) -> Iterator[Check]:
    """Yield each check as soon as it is done. After a failure, the checks that depend on it are ``unchecked``.

    If the relay refuses the message, the checks of the records that it needs come last.

    :param session: with the password, if there is an account.
    """
    steps: list[tuple[str, Step]] = [
        ("connection", _connection),
        ("no AUTH before TLS", _before_tls),
        ("STARTTLS", _starttls),
        ("certificate", _certificate),
        ("AUTH", _auth),
    ]
    steps += [("login", partial(_login, errand.account))] if errand.account is not None else []
    steps += [("test message", partial(_letter, errand.letter))] if errand.letter is not None else []
    blocked = ""
    with closing(session):
        for name, step in steps:
            if blocked:
                yield Check(name, "unchecked", "", f"skipped, because {blocked} did not pass")
                continue
            try:
                check = _taken(name, step, session, errand)
            except RefusedError as refusal:
                session.close()  # lookups take time
                errand.tell(refusal.told)
                found = errand.look()
                yield refused(name, refusal, errand.account, errand.relay, found)
                yield from found
                return
            yield check
            if check.verdict not in ("pass", "unchecked") and step is not _before_tls:
                blocked = name


def _taken(name: str, step: Step, session: Session, errand: Errand) -> Check:
    try:
        return step(session, errand)
    except CouldNotAsk as error:
        return Check(name, "unreachable", "an answer", str(error), error.cure)


def _refused(name: str, expected: str, reply: Reply, cure: str) -> Check:
    """Return the check for a refusal; 4yz is temporary (RFC 5321 §4.2.1), so it is ``unreachable``."""
    if 400 <= reply.code < 500:
        return Check(name, "unreachable", expected, str(reply), "the server reports a temporary error: try again later")
    return Check(name, "wrong", expected, str(reply), cure)


def _connection(session: Session, errand: Errand) -> Check:
    reply = session.connect()
    if reply.code != 220:
        return _refused("connection", "220 (RFC 5321 §3.1)", reply, "check host and port; is it a mail server?")
    return Check("connection", "pass", "220", f"{session.address}: {reply}")


def _before_tls(session: Session, errand: Errand) -> Check:
    name, expected = "no AUTH before TLS", "no AUTH before STARTTLS (RFC 4954 §4, RFC 8314 §3.3)"
    reply = session.ehlo()
    if reply.code != 250:
        return _refused(name, "250 to EHLO", reply, "check host and port; is it an ESMTP server?")
    offered = session.extension("auth")
    if offered is None:
        return Check(name, "pass", expected, "AUTH is not offered")
    cure = "the server must offer AUTH only after STARTTLS: programs without TLS send passwords in clear text"
    return Check(name, "wrong", expected, f"AUTH {offered}".strip(), cure)


def _starttls(session: Session, errand: Errand) -> Check:
    expected = "STARTTLS (RFC 3207)"
    if session.extension("starttls") is None:
        cure = "check host and port; if they are right, something on the way removes STARTTLS, or the server has no TLS"
        return Check("STARTTLS", "absent", expected, "STARTTLS is not offered", cure)
    reply = session.command("STARTTLS")
    if reply.code != 220:
        return _refused("STARTTLS", "220 to STARTTLS (RFC 3207 §4)", reply, "set up TLS on the server")
    return Check("STARTTLS", "pass", expected, str(reply))


def _certificate(session: Session, errand: Errand) -> Check:
    expected = f"a certificate for {session.host} that is valid and trusted"
    try:
        shown = session.encrypt()
    except TrustError as error:
        presented = session.presented()
        seen = f"{error}{f' ({presented})' if presented else ''}"
        return Check("certificate", "wrong", expected, seen, certificate.cure(error.code))
    except ssl.SSLError as error:
        cure = "the server must offer TLS 1.2 or 1.3"
        return Check("certificate", "wrong", expected, f"no TLS: {error.reason or error}", cure)
    return Check("certificate", "pass", expected, shown)


def _auth(session: Session, errand: Errand) -> Check:
    expected = f"AUTH with {' or '.join(MECHANISMS)} after STARTTLS (RFC 4954)"
    reply = session.ehlo()
    if reply.code != 250:
        return _refused("AUTH", "250 to EHLO after STARTTLS", reply, ASK)
    offered = session.extension("auth")
    if offered is None:
        if errand.account is None and errand.relay is None:
            return Check("AUTH", "unchecked", expected, "AUTH is not offered, and no account is given")
        return Check(
            "AUTH",
            "absent",
            expected,
            "AUTH is not offered",
            "check host and port: does this server accept mail from users?",
        )
    if not set(MECHANISMS) & set(offered.upper().split()):
        return Check("AUTH", "wrong", expected, f"AUTH {offered}", "the server must offer PLAIN, which TLS protects")
    return Check("AUTH", "pass", expected, f"AUTH {offered}")


def _login(account: str, session: Session, errand: Errand) -> Check:
    offered = (session.extension("auth") or "").upper().split()
    mechanism = next(known for known in MECHANISMS if known in offered)
    reply = session.login(mechanism, account)
    if reply.code == 235:
        return Check("login", "pass", "235", f"{mechanism}: {reply}")
    expected = "235 (RFC 4954 §6)"
    if reply.code == _BAD_PASSWORD:
        cure = "account or password is wrong: check both"
        if errand.relay is not None:
            cure += f"; {errand.relay.support} ({errand.relay.support_address}) provides and resets both"
        return Check("login", "wrong", expected, f"{mechanism}: {reply}", cure)
    return _refused("login", expected, reply, "ask the server's operator why this account cannot log in")


def _letter(letter: Letter, session: Session, errand: Errand) -> Check:
    commands: tuple[tuple[Stage, str, int], ...] = (
        ("MAIL FROM", f"MAIL FROM:<{letter.sender}>", 250),
        ("RCPT TO", f"RCPT TO:<{letter.recipient}>", 250),
        ("DATA", "DATA", 354),
    )
    for stage, command, code in commands:
        reply = session.command(command)
        if reply.code != code and not (stage == "RCPT TO" and reply.code == 251):  # RFC 5321 §3.4
            raise RefusedError(letter, stage, reply)
    reply = session.content(letter.content)
    if reply.code != 250:
        raise RefusedError(letter, "after DATA", reply)
    next_ = "save the received message, and run: elastx-mrs message FILE"
    notices = (rate(errand.relay),) if errand.relay is not None else ()
    return Check("test message", "pass", "250 to the message (RFC 5321 §3.3)", str(reply), next_, notices)
