"""``elastx-mrs verify``: checks that every name server serves the records, and that mail will pass."""

import asyncio
import gc
import math
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from elastx_mrs import limits
from elastx_mrs.cli.exits import exit_code
from elastx_mrs.cli.inputs import BadInput, json_file, source_name
from elastx_mrs.cli.options import format_option, stack_options
from elastx_mrs.cli.vantage import run_of, who_options
from elastx_mrs.cli.views.progress import shown
from elastx_mrs.cli.views.verify import FORMATS
from elastx_mrs.display import quoted, visible
from elastx_mrs.lookup.question import Server
from elastx_mrs.lookup.vantage import Run, Who, servers_at
from elastx_mrs.reading import BeyondError, read_octets
from elastx_mrs.records import RecordError, TxtRecord, names
from elastx_mrs.records.challenge import challenge, known_challenge
from elastx_mrs.records.record import Kind
from elastx_mrs.service import ELASTX
from elastx_mrs.verify import report
from elastx_mrs.verify.expected import from_domains, from_records
from elastx_mrs.verify.wait import Job, wait

if TYPE_CHECKING:
    from elastx_mrs.config.model import Arguments

_INCLUDES = re.compile(r"^[ \t]*\$(?:INCLUDE|GENERATE)", re.IGNORECASE | re.MULTILINE)
"""Directives that read other files, or that generate millions of records."""

_KINDS = get_args(Kind)


@click.command("verify")
@click.argument("domains", nargs=-1, metavar="[DOMAIN]...")
@stack_options
@click.option(
    "--records", metavar="FILE", help="File with the output of elastx-mrs records --format json; - is standard input."
)
@who_options
@click.option(
    "--root-hints", metavar="FILE", help="File with the root servers to start from, such as IANA's named.root."
)
@click.option("--primary", metavar="ADDRESS", help="A hidden primary to query in addition to the delegated servers.")
@click.option(
    "--via",
    type=click.Choice(["delegation", "resolvers"]),
    help="Query the delegated servers, or resolvers only (if port 53 is blocked).",
)
@click.option(
    "--known-challenge",
    "known",
    multiple=True,
    metavar="STRING",
    help=f"An {ELASTX.challenge_prefix} challenge that another stack publishes; may be repeated.",
)
@click.option(
    "--timeout",
    "-t",
    type=float,
    default=0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait until everything passes; 0 checks once.",
)
@click.option(
    "--deadline",
    type=float,
    metavar="SECONDS",
    help="Time limit of the whole run; by default, --timeout plus a minute for each 100 domains.",
)
@format_option(FORMATS)
def command(domains: Sequence[str], format_: str, timeout: float, deadline: float | None, **options: Any) -> None:
    """Check on every name server that receivers and Elastx Mail Relay will accept mail from these domains.

    \b
    elastx-mrs verify --stack-config stacks/Pulumi.prod.yaml
    elastx-mrs records --stack-config stacks/Pulumi.prod.yaml --format json | elastx-mrs verify --records -
    elastx-mrs verify example.com
    elastx-mrs verify --stack-config stacks/Pulumi.prod.yaml --timeout 600 --format github

    With DOMAINs and a config or records, the command verifies only these domains. With DOMAINs alone, it knows neither
    the accounts nor the DKIM key, and skips the checks that need them.

    The command checks the delegation first, then every authoritative server at each of its addresses. If these agree,
    it evaluates the records like a mail receiver. SPF must pass for all of Elastx's addresses, and the DMARC record
    must be found. Receivers of DMARC reports must accept them, and DNSSEC must validate. It queries resolvers last.

    Each domain gets two verdicts: for receivers, and for the relay. The relay looks for the account's challenge, for
    DKIM, and for its include in SPF. Elastx does not document how strictly the relay checks the include, so a missing
    include is a warning.

    The run always ends at the deadline. Checks that did not finish by then are reported as unreachable.

    The exit code is 1 if a record is wrong or absent. Three verdicts do not change it: a warning, an old record in a
    resolver's cache (cached), and a check that could not run (unchecked).
    """
    if not (math.isfinite(timeout) and timeout >= 0):
        raise BadInput(f"--timeout: is {timeout:g}; write seconds from 0, which checks once")
    if deadline is not None and not (math.isfinite(deadline) and deadline > 0):
        raise BadInput(f"--deadline: is {deadline:g}; write seconds, more than 0")
    jobs, given = _jobs([_domain(text) for text in domains], timeout, options)
    # Thousands of answers stay in memory: collecting garbage among them takes a quarter of a large run's time.
    gc.set_threshold(10_000, 20, 20)
    source = report.Source(_accounts(given), _locations(options["stack_config"]) if format_ == "github" else {})
    asyncio.run(shown(jobs, partial(wait, deadline=deadline), deadline, source))
    click.echo(FORMATS[format_](jobs, source), nl=False)
    open_ = [outcome.verdict for job in jobs for outcome in job.open()]
    sys.exit(exit_code(wrong=any(v != "unreachable" for v in open_), unasked="unreachable" in open_))


def _jobs(domains: Sequence[str], timeout: float, options: dict[str, Any]) -> tuple[list[Job], "Arguments | None"]:
    """Return what to verify, and the stack's arguments if its file was given: others may have secret accounts."""
    run = _run(options)
    given = None
    sources = [name for name in ("stack_config", "config", "records") if options[name]]
    if len(sources) > 1 or not (sources or domains):
        raise click.UsageError("name what to verify in one way: --stack-config, --config or --records FILE, or DOMAINs")
    if sources and sources[0] != "records":
        from elastx_mrs.cli.arguments import arguments  # here, because the config's model is slow to import
        from elastx_mrs.verify import plan

        given = arguments(options["stack_config"], options["config"], {})
        wanted = {name for name, settings in plan.settings(given).items() if settings.mode != "off"}
        jobs = plan.jobs(given, given.required(), run, wanted)
        jobs = [replace(job, timeout=timeout) for job in jobs]
    else:
        known = [_checked("--known-challenge", text, known_challenge) for text in options["known"]]
        expected = from_records(_records(options["records"]), known) if sources else from_domains(domains, known)
        jobs = [Job(one, Who().in_run(run), timeout) for one in expected]
    return _chosen(jobs, domains), given if options["stack_config"] else None


def _accounts(given: "Arguments | None") -> dict[str, str]:
    """Return the account of each challenge, by the name of its check."""
    if given is None:
        return {}
    accounts = [*given.accounts, *(account for domain in given.domains for account in domain.accounts or ())]
    return {challenge("", account, service=given.service).suffix: account for account in accounts}


def _locations(stack_config: str | None) -> dict[str, report.Location]:
    """Return where a stack file has its domains; nothing for a pipe, which can be read only once."""
    if stack_config is None or not Path(stack_config).is_file():
        return {}
    from elastx_mrs.stackfile.stack import read_stack

    stack = read_stack(stack_config)
    domains = stack.own.get("domains")
    found = {}
    for index, domain in enumerate(domains if isinstance(domains, list) else ()):
        name = domain.get("name") if isinstance(domain, dict) else domain
        file, at = stack.at(f"domains[{index}]")
        with suppress(RecordError):
            found[names.sender_domain(str(name))] = report.Location(file, at.line, at.column)
    return found


def _chosen(jobs: list[Job], domains: Sequence[str]) -> list[Job]:
    found = {job.expected.domain: job for job in jobs}
    for domain in domains:
        if domain not in found:
            raise BadInput(f"{domain}: is not one of the domains given, or its verification is off")
    if not jobs:
        raise BadInput("verification is off for every domain, so there is nothing to verify")
    return [found[domain] for domain in dict.fromkeys(domains)] if domains else jobs


def _run(options: dict[str, Any]) -> Run:
    """Return the servers that this run's options and environment name."""
    primary = _checked("--primary", [options["primary"]] if options["primary"] else [], servers_at)
    run = replace(
        run_of(options["nameservers"], options["resolvers"]),
        root_hints=_root_hints(options["root_hints"]) if options["root_hints"] else (),
        primary=next(iter(primary), None),
        via=options["via"],
    )
    if run.via == "resolvers" and run.nameservers and not run.resolvers:
        raise BadInput("--via resolvers: the name servers of this run are not resolvers; add --resolver ADDRESS")
    return run


def _checked(option: str, value: Any, read: Any) -> Any:
    try:
        return read(value)
    except RecordError as error:
        raise BadInput(f"{option}: {error}") from None


def _domain(text: str) -> str:
    return str(_checked(f"DOMAIN {quoted(text)}", text, names.sender_domain))


def _root_hints(path: str) -> tuple[Server, ...]:
    """Return the addresses in a file of root hints, a zone file with NS, A and AAAA records (IANA's named.root)."""
    import dns.exception
    import dns.zonefile

    try:
        text = read_octets(path, limits.ROOT_HINTS).decode()
        rrsets = [] if _INCLUDES.search(text) else dns.zonefile.read_rrsets(text, rdclass=None)
    except OSError as error:
        raise BadInput(f"--root-hints {visible(path)}: {error.strerror}") from None
    except BeyondError as error:
        raise BadInput(f"--root-hints {visible(path)}: {error}; name a file such as IANA's named.root") from None
    except (dns.exception.DNSException, UnicodeDecodeError, ValueError) as error:
        raise BadInput(f"--root-hints {visible(path)}: is not a root hints file: {error}") from None
    found = [
        Server(rdata.address, name=rrset.name.to_text(omit_final_dot=True).lower())
        for rrset in rrsets
        for rdata in rrset
        if hasattr(rdata, "address")
    ]
    if not found:
        raise BadInput(f"--root-hints {visible(path)}: has no addresses; write A or AAAA records of the root's servers")
    return tuple(found)


def _records(path: str) -> list[TxtRecord]:
    """Return the records in the output of ``elastx-mrs records --format json``."""
    again = "print them again with elastx-mrs records --format json"
    content, source = json_file(path, again), source_name(path)
    if not isinstance(content, list) or not content:
        raise BadInput(f"{source}: is not a list of records; {again}")
    if len(content) > limits.RECORDS.most:
        raise BadInput(f"{source}: has more than {limits.RECORDS.text}; verify them in several runs")
    return [_record(f"{source}: [{number}]", row, again) for number, row in enumerate(content)]


def _record(place: str, row: object, again: str) -> TxtRecord:
    keys = ("domain", "kind", "name", "value", "ttl")
    if not isinstance(row, dict) or set(row) - {"external"} != set(keys):
        raise BadInput(f"{place}: is not a record with the keys {', '.join(keys)}; {again}")
    texts = [row[key] for key in keys[:4]]
    ttl = row["ttl"]
    if not all(isinstance(text, str) and text.isascii() and text for text in texts) or type(ttl) is not int:
        raise BadInput(f"{place}: has a value that is not text, or a ttl that is not a number; {again}")
    domain, kind, name, value = texts
    if kind not in _KINDS:
        raise BadInput(f"{place}: kind is {quoted(kind)}; this version knows {', '.join(_KINDS)}; {again}")
    _checked(f"{place}: domain", domain, names.sender_domain)
    if name != domain and not name.endswith(f".{domain}"):
        raise BadInput(f"{place}: name {name} is not at or below {domain}; {again}")
    selector = name.partition("._domainkey.")[0] if kind == "dkim" else ""
    return TxtRecord(domain, kind, name, value, ttl, selector="" if selector == ELASTX.dkim_selector else selector)
