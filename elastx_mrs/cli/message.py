"""``elastx-mrs message``: checks SPF, DKIM and DMARC of a received message."""

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import click

from elastx_mrs import limits
from elastx_mrs.cli.exits import exit_code
from elastx_mrs.cli.inputs import BadInput, source_name
from elastx_mrs.cli.options import format_option
from elastx_mrs.cli.terminal import quiet
from elastx_mrs.cli.vantage import answered, vantage_of, who_options
from elastx_mrs.cli.views.check import COLOURS, WIDTH, entry, lines
from elastx_mrs.display import visible
from elastx_mrs.message.chain import Chain, judge, told
from elastx_mrs.message.parse import SAVE, Message, NotAMessage, read
from elastx_mrs.reading import BeyondError, read_octets


@click.command("message")
@click.argument("file")
@who_options
@format_option(("text", "json"))
def command(file: str, nameservers: Sequence[str], resolvers: Sequence[str], format_: str) -> None:
    """Check SPF, DKIM and DMARC of a received message, such as a test message of elastx-mrs smtp.

    \b
    elastx-mrs message received.eml
    elastx-mrs message - < received.eml

    FILE is the message as it was received, with its whole header. The SPF result comes from the receiver: the command
    reads it from the topmost Authentication-Results or Received-SPF field. Anybody can write such a field, so check
    that the name shown is the receiver's. The command verifies DKIM signatures itself, with the keys that DNS serves
    now; this needs the extra elastx-mrs[message]. DMARC follows from the results of SPF and DKIM.

    The exit code is 1 if SPF, DKIM or DMARC failed, and 3 if a name server could not be queried.
    """
    message = _message(file)
    vantage = vantage_of(nameservers, resolvers)
    chain = answered(judge(vantage.ask, message), vantage)
    for line in [_as_json(chain)] if format_ == "json" else _as_text(chain):
        click.echo(line)
    verdicts = {finding.verdict for finding in chain.findings}
    sys.exit(exit_code(wrong=bool(verdicts & {"wrong", "absent"}), unasked="unreachable" in verdicts))


def _message(path: str) -> Message:
    try:
        return read(read_octets(path, limits.MESSAGE))
    except OSError as error:
        raise BadInput(
            f"{visible(path)}: {error.strerror}; name the file of a message, or - for standard input"
        ) from None
    except BeyondError as error:
        raise BadInput(f"{source_name(path)}: {error}; {SAVE}, and nothing else") from None
    except NotAMessage as error:
        raise BadInput(f"{source_name(path)}: {error}") from None


def _as_text(chain: Chain) -> Iterator[str]:
    if not quiet():
        yield from _head(chain)
    for finding in chain.findings:
        yield from lines(finding)
        if finding.name == "DKIM" and not quiet():
            yield from _signatures(chain)
    if not quiet():
        yield _conclusion(chain)


def _head(chain: Chain) -> Iterator[str]:
    path = "none" if chain.return_path is None else f"<{chain.return_path}>"
    yield visible(f"From {chain.sender}, Return-Path {path}")
    if chain.said is not None:
        said = ", ".join(f"{one.method}={one.result}" for one in chain.said.results) or "nothing"
        yield visible(f"{chain.said.by or 'a receiver without a name'} says: {said[:300]}")


def _signatures(chain: Chain) -> Iterator[str]:
    indent = " " * WIDTH
    for signature, _ in chain.signatures if len(chain.signatures) > 1 else ():
        yield f"{indent}{click.style(signature.verdict, fg=COLOURS[signature.verdict])}: {visible(told(signature))}"
    for signature, _ in chain.signatures:
        for note in signature.notes:
            yield visible(f"{indent}notice: d={signature.domain}: {note}")


def _conclusion(chain: Chain) -> str:
    broken = [finding.name for finding in chain.findings if finding.verdict not in ("pass", "unchecked")]
    unknown = [finding.name for finding in chain.findings if finding.verdict == "unchecked"]
    if broken:
        return f"failed, or could not be checked: {', '.join(broken)}"
    if unknown:
        return f"everything that could be checked passed; not checked: {', '.join(unknown)}"
    return "SPF, DKIM and DMARC pass"


def _as_json(chain: Chain) -> str:
    signatures = [
        {
            "domain": one.domain,
            "selector": one.selector,
            "verdict": one.verdict,
            "aligned": {"same": True, "below": True, "no": False, "unknown": None}[fit],
            "seen": one.seen,
            "fix": one.cure,
            "headers": list(one.headers),
            "notices": list(one.notes),
        }
        for one, fit in chain.signatures
    ]
    said: dict[str, Any] | None = None
    if chain.said is not None:
        results = [{"method": one.method, "result": one.result, **one.properties} for one in chain.said.results]
        said = {"by": chain.said.by, "results": results}
    content = {
        "from": chain.sender,
        "return_path": chain.return_path,
        "claimed": said,
        "checks": [entry(finding) for finding in chain.findings],
        "signatures": signatures,
    }
    return json.dumps(content, indent=2)
