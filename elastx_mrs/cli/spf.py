"""``elastx-mrs spf``: shows a domain's SPF as receivers see it, its lookups, and those of a planned change."""

import asyncio
import ipaddress
import re
import sys
from collections.abc import Sequence

import click

from elastx_mrs.cli.inputs import BadInput
from elastx_mrs.cli.options import format_option
from elastx_mrs.cli.vantage import answered, check_answered, vantage_of, who_options
from elastx_mrs.cli.views.spf import Checked, Seen, as_json, as_text
from elastx_mrs.display import quoted
from elastx_mrs.lookup import budget
from elastx_mrs.lookup.answer import Ask
from elastx_mrs.receiver.spf import check_host
from elastx_mrs.receiver.spf_tree import Tree, expand
from elastx_mrs.records import RecordError, names, spf, spf_terms
from elastx_mrs.service import ELASTX

_POSITION = re.compile(r"has a syntax error at position [0-9]+: ")


@click.command("spf")
@click.argument("domain")
@click.option(
    "--add", multiple=True, metavar="TERM", help="Show how many lookups this term would add; may be repeated."
)
@click.option(
    "--ip",
    "addresses",
    multiple=True,
    metavar="ADDRESS",
    help="Show the SPF result for mail from this address; may be repeated.",
)
@who_options
@format_option(("text", "json"))
def command(
    domain: str,
    add: Sequence[str],
    addresses: Sequence[str],
    nameservers: Sequence[str],
    resolvers: Sequence[str],
    format_: str,
) -> None:
    """Show a domain's SPF record as mail receivers see it, and how many of its 10 lookups are left.

    \b
    elastx-mrs spf example.com
    elastx-mrs spf example.com --add include:elastx.email
    elastx-mrs spf example.com --ip 192.0.2.25 --nameserver 192.0.2.53

    The command prints a line for each term that needs DNS lookups, such as an include. The line shows how many lookups
    the term costs, including those in the records it includes. With more than 10 lookups, receivers refuse the
    whole record (permerror), so no mail passes SPF. With more than 2 lookups that find nothing, many receivers refuse
    it, too (RFC 7208 §4.6.4). With --add, the command inserts the terms before the all term, and shows the number
    of lookups with and without them. Nothing is written to DNS.

    The last line answers two questions: is the record valid for receivers, and does Elastx Mail Relay find its include?
    A warning means that the relay may refuse the mail. It does not change the exit code.

    The exit code is 1 if the record (with --add, the planned record) is wrong or missing.
    """
    name = _domain(domain)
    terms = [_term(text) for text in add]
    clients = [_address(text) for text in addresses]
    vantage = vantage_of(nameservers, resolvers)
    seen = answered(_look(vantage.ask, name, terms, clients), vantage)
    check_answered(vantage)
    click.echo(as_json(seen) if format_ == "json" else as_text(seen), nl=False)
    sys.exit(seen.exit_code)


async def _look(ask: Ask, domain: str, terms: Sequence[str], clients: Sequence[str]) -> Seen:
    with budget.of_domain(f"querying the SPF of {domain}"):
        now = await expand(ask, domain)
        record = planned_record(now, terms) if terms else None
        planned = await expand(ask, domain, record) if record is not None else None
        checks = [check_host(ask, client, domain, record=record) for client in clients]
        results = await asyncio.gather(*checks)
    checked = tuple(Checked(client, result) for client, result in zip(clients, results, strict=True))
    return Seen(now, tuple(terms), record, planned, checked)


def planned_record(now: Tree, terms: Sequence[str]) -> str | None:
    """Return the published record with terms added before its ``all``, or after its last mechanism.

    A domain without a record gets one that ends in ``-all``. The result is None if the published record is unusable.
    """
    if now.found.result == "none":
        return " ".join([spf_terms.VERSION, *terms, spf.ALL["fail"]])
    record = now.found.record
    if record is None:
        return None
    words = [word for word, _ in now.found.words()]
    place = 0
    for number, term in enumerate(record.terms):
        if isinstance(term, spf_terms.Mechanism):
            if term.name == "all":
                place = number
                break
            place = number + 1
    added = [term for term in dict.fromkeys(terms) if term not in map(str, record.terms[:place])]
    return " ".join([spf_terms.VERSION, *words[:place], *added, *words[place:]])


def _domain(text: str) -> str:
    """Return a name that can have SPF: a sender domain, or a name such as ``_spf.example.com`` that others include."""
    try:
        names.sender_domain(text.replace("_", "x"))
        return names.to_ascii(text.removesuffix("."))
    except RecordError as error:
        raise BadInput(f"DOMAIN {quoted(text)}: {error}") from None


def _term(text: str) -> str:
    place = f"--add {quoted(text)}"
    example = f"write one such as {ELASTX.include}"
    try:
        (term,) = spf_terms.parse(f"{spf_terms.VERSION} {text}").terms
    except RecordError as error:
        raise BadInput(f"{place}: {_moved(error)}") from None
    except ValueError:
        raise BadInput(f"{place}: is not one term; {example}, and repeat --add") from None
    if not isinstance(term, spf_terms.Mechanism) or term.name == "all":
        raise BadInput(f"{place}: is not a term that can come before all; {example} (RFC 7208 §5)")
    return str(term)


def _moved(error: RecordError) -> str:
    """Return the problem with a term, without its position in the record."""
    return "; ".join(_POSITION.sub("", problem) for problem in error.problems)


def _address(text: str) -> str:
    """Return an address as receivers use it: an IPv4-mapped one as IPv4 (RFC 7208 §5)."""
    try:
        address = ipaddress.ip_address("" if "%" in text else text)  # SPF has no scopes
    except ValueError:
        raise BadInput(
            f"--ip {quoted(text)}: is not an IP address; write one such as 192.0.2.25 or 2001:db8::25"
        ) from None
    return str(getattr(address, "ipv4_mapped", None) or address)
