"""``elastx-mrs smtp``: checks that the relay accepts mail safely."""

import getpass
import ipaddress
import json
import math
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from elastx_mrs import __version__
from elastx_mrs.check import Check
from elastx_mrs.cli.exits import exit_code
from elastx_mrs.cli.inputs import BadInput
from elastx_mrs.cli.options import format_option
from elastx_mrs.cli.terminal import quiet
from elastx_mrs.cli.vantage import answered, run_of, who_options
from elastx_mrs.cli.views.check import entry, lines
from elastx_mrs.config.environment import SMTP_PASSWORD
from elastx_mrs.display import quoted, visible
from elastx_mrs.records import RecordError, names
from elastx_mrs.records.challenge import account_address
from elastx_mrs.service import ELASTX
from elastx_mrs.smtp.probe import Errand, probe
from elastx_mrs.smtp.refusal import Refused
from elastx_mrs.smtp.session import Session
from elastx_mrs.smtp.test_message import compose

if TYPE_CHECKING:
    from elastx_mrs.lookup.vantage import Run

_HOST_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


@click.command("smtp")
@click.option(
    "--host",
    default=ELASTX.smtp_host,
    show_default=True,
    metavar="NAME",
    help="The server; its certificate must have this name.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=ELASTX.smtp_port,
    show_default=True,
    metavar="PORT",
    help="Port of the server.",
)
@click.option(
    "--login", "account", metavar="ACCOUNT", help=f"Log in as this user account, with the password in ${SMTP_PASSWORD}."
)
@click.option("--from", "sender", metavar="ADDRESS", help="Send a test message from this address; needs --to.")
@click.option("--to", "recipient", metavar="ADDRESS", help="Recipient of the test message.")
@click.option(
    "--answer-timeout",
    "timeout",
    type=float,
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for each answer of the server.",
)
@who_options
@format_option(("text", "json"))
def command(
    host: str,
    port: int,
    account: str | None,
    sender: str | None,
    recipient: str | None,
    timeout: float,
    nameservers: Sequence[str],
    resolvers: Sequence[str],
    format_: str,
) -> None:
    """Check that the relay, or another server, accepts mail, and that no password can leak there.

    \b
    elastx-mrs smtp
    elastx-mrs smtp --login smtp-prod@acme.example
    elastx-mrs smtp --login smtp-prod@acme.example --from news@example.com --to me@receiver.example

    The command checks STARTTLS, the certificate and its name, and whether the server offers AUTH only after STARTTLS.
    With --login, it tries to log in once. With --from and --to, it sends one message, marked as a test.

    If the relay refuses the message, the command shows the relay's answer. Then it checks the records that the relay
    needs: the challenge of this account, the DKIM key, and SPF. It queries the same servers as elastx-mrs verify. To
    query others, use --nameserver and --resolver.

    The command reads the password from ELASTX_MRS_SMTP_PASSWORD, or prompts for it on a terminal. It never takes the
    password as an argument, never shows it, and sends it only over verified TLS. If this machine does not trust the
    server's certificate authority, set SSL_CERT_FILE to a file with that authority.

    The exit code is 1 if something is wrong or absent, and 3 if the server could not be reached.
    """
    asked = _read(host, port, account, sender, recipient, timeout, run_of(nameservers, resolvers))
    checks = probe(*asked)
    done = list(_as_text(asked[0], checks) if format_ == "text" else _as_json(asked[0], checks))
    verdicts = {check.verdict for check in done}
    sys.exit(exit_code(wrong=bool(verdicts & {"wrong", "absent"}), unasked="unreachable" in verdicts))


def _read(
    host: str,
    port: int,
    account: str | None,
    sender: str | None,
    recipient: str | None,
    timeout: float,
    run: "Run",
) -> tuple[Session, Errand]:
    """Return the session and its task. All options are checked before the first connection."""
    name = _host(host)
    relay = name == ELASTX.smtp_host
    if not (math.isfinite(timeout) and 0.1 <= timeout <= 600):
        raise BadInput(f"--answer-timeout {timeout:g}: is not 0.1 to 600; write the seconds to wait for each answer")
    if account is not None:
        _account(account, relay=relay)
    letter = None
    if (sender is None) != (recipient is None):
        given, missing = ("--from", "--to") if recipient is None else ("--to", "--from")
        raise BadInput(f"{given}: needs {missing}, too; a test message has a sender and a recipient")
    if sender is not None and recipient is not None:
        if account is None and relay:
            raise BadInput(f"--from: {name} accepts mail only after a login; add --login with a user account")
        server = f"{name}:{port}"
        letter = compose(_address("--from", sender), _address("--to", recipient), server, account, __version__)
    session = Session(name, port, timeout, _password(account) if account is not None else "")
    if not relay:
        return session, Errand(account, letter, relay=None)
    if letter is None or account is None:
        return session, Errand(account, letter, relay=ELASTX)
    return session, Errand(account, letter, ELASTX, partial(_look, letter.domain, account, run), _tell)


def _tell(answer: str) -> None:
    """Print the relay's answer, so an interrupt of the lookups does not lose it."""
    click.echo(visible(f"{answer}; looking up what {ELASTX.name} needs in DNS …"), err=True)


def _look(domain: str, account: str, run: "Run") -> list[Check]:
    """Return the checks of what the relay needs in DNS."""
    from elastx_mrs.lookup.vantage import Who
    from elastx_mrs.smtp.admission import admission

    return answered(admission(domain, account, Who().in_run(run)))


def _host(text: str) -> str:
    """Return a host name as A-labels, or an address. A single label is allowed, for hosts in the local network."""
    try:
        return str(ipaddress.ip_address("" if "%" in text else text.removeprefix("[").removesuffix("]")))
    except ValueError:
        pass
    try:
        name = names.check_length(names.to_ascii(text.removesuffix(".")))
    except RecordError as error:
        raise BadInput(f"--host {quoted(text)}: {error}") from None
    if not all(_HOST_LABEL.fullmatch(label) for label in name.split(".")):
        hint = "; the port is --port" if re.fullmatch(r"[^:/]+:[0-9]+", text) else ""
        raise BadInput(f"--host {quoted(text)}: is not a host name; write one such as {ELASTX.smtp_host}{hint}")
    return name


def _account(text: str, *, relay: bool) -> None:
    """Refuse an invalid account: the relay's are addresses, other servers accept any printable text."""
    if relay:
        try:
            account_address(text)
        except RecordError as error:
            raise BadInput(f"--login: {error}") from None
    elif not text or not text.isprintable():
        raise BadInput(f"--login {quoted(text)}: is not an account name; write the name that the server knows")


def _address(option: str, text: str) -> str:
    """Return an address with its domain as A-labels. Only ASCII may stand before the @: few servers have SMTPUTF8."""
    local, at, domain = text.rpartition("@")
    shown = f"{option} {quoted(text)}"
    if not at or not local:
        raise BadInput(f"{shown}: is not an address; write one such as news@example.com")
    if not _LOCAL_PART.fullmatch(local) or len(local) > 64:
        raise BadInput(
            f"{shown}: has {quoted(local, 70)} before the @; write 1 to 64 ASCII letters, digits, and any of "
            "!#$%&'*+-/=?^_`{|}~, with single dots between (RFC 5321 §4.1.2)"
        )
    try:
        return f"{local}@{names.sender_domain(domain)}"
    except RecordError as error:
        raise BadInput(f"{shown}: its domain {error}") from None


def _password(account: str) -> str:
    """Return the password from the environment, or from a prompt without echo.

    No message shows the password or its length.
    """
    text = os.environ.get(SMTP_PASSWORD.name, "")
    source = f"${SMTP_PASSWORD}"
    if not text:
        if not sys.stdin.isatty():
            raise BadInput(
                f"--login: the password is missing; set {SMTP_PASSWORD}, or run this on a terminal to type it"
            )
        source = "the password"
        try:
            text = getpass.getpass(f"Password of {account}: ")
        except EOFError:
            text = ""
    if not text:
        raise BadInput(f"{source}: is empty; give the account's password")
    if any(character in text for character in "\0\r\n"):
        raise BadInput(f"{source}: has a line break or a NUL in it; give the password alone (RFC 4616 §2)")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadInput(f"{source}: is not UTF-8 (RFC 4616 §2)") from None
    return text


def _as_text(session: Session, checks: Iterable[Check]) -> Iterator[Check]:
    """Print each check as soon as it is done."""
    if not quiet():
        click.echo(f"{session.host}:{session.port}")
    for check in checks:
        for line in lines(check):
            click.echo(line)
        yield check


def _as_json(session: Session, checks: Iterable[Check]) -> Iterator[Check]:
    """Print all checks as one JSON object."""
    done = list(checks)
    content = {"host": session.host, "port": session.port, "checks": [_entry(check) for check in done]}
    click.echo(json.dumps(content, indent=2))
    yield from done


def _entry(check: Check) -> dict[str, Any]:
    """Return the object of a check; that of a refused message has the refusal, too."""
    if not isinstance(check, Refused):
        return entry(check)
    refusal = {"stage": check.stage, "code": check.reply.code, "text": check.reply.text}
    return {**entry(check), "refusal": refusal}
