"""``elastx-mrs adopt``: the stack config that keeps what a domain publishes today, with Elastx added."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import click
import yaml
from click.core import ParameterSource

from elastx_mrs.cli.exits import exit_code
from elastx_mrs.cli.inputs import BadInput
from elastx_mrs.cli.vantage import answered, check_answered, vantage_of, who_options
from elastx_mrs.display import comment_line, quoted, show
from elastx_mrs.identity import NAMESPACE
from elastx_mrs.lookup.answer import Answer, Ask
from elastx_mrs.lookup.vantage import Vantage
from elastx_mrs.receiver.spf import MAX_LOOKUPS
from elastx_mrs.receiver.spf_tree import expand, number
from elastx_mrs.records import RecordError, dkim, dmarc, names, spf
from elastx_mrs.records.challenge import is_challenge
from elastx_mrs.records.dmarc_policy import is_dmarc
from elastx_mrs.records.spf_terms import is_spf
from elastx_mrs.records.text import as_text
from elastx_mrs.service import ELASTX, Service


@dataclass
class Adopted:
    """One domain: its place in the config, the names to take over, and what to know, a line each."""

    domain: str
    config: dict[str, Any] = field(default_factory=dict)
    owners: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)


@click.command("adopt")
@click.argument("domains", nargs=-1, metavar="DOMAIN...")
@click.option("--selector", default=ELASTX.dkim_selector, show_default=True, help="Of the DKIM key.")
@who_options
@click.option("--import", "import_", is_flag=True, help="Print the file for pulumi import instead (Cloudflare).")
@click.option("--stack-config", metavar="FILE", help="Of the stack to import into, such as stacks/Pulumi.prod.yaml.")
@click.option("--config", metavar="FILE", help="What pulumi config --show-secrets --json prints; - is standard input.")
@click.option("--component", default="mail", show_default=True, metavar="NAME", help="Of the MailRelay.")
@click.option("--provider", metavar="NAME=URN", help="The component's explicit Cloudflare provider.")
@click.option("--state", metavar="FILE", help="What pulumi stack export prints: what it has is left out; - as above.")
@click.pass_context
def command(ctx: click.Context, /, domains: Sequence[str], import_: bool, **options: Any) -> None:
    """Print the stack config that keeps what a domain publishes today, with Elastx added.

    \b
    elastx-mrs adopt example.com news.example.com
    elastx-mrs adopt --nameserver 192.0.2.53 example.com > adopted.yaml

    SPF terms, the DMARC record and a DKIM key at the selector are kept as they are. What an up will change follows as
    comments. Nothing is written to DNS. Put the lines under config: in the stack's file, beside your accounts and the
    DKIM key; once the up has been through, take elastx-mrs:adopt out again.

    A stack that publishes through Cloudflare needs no elastx-mrs:adopt: what is there is imported, by a file that
    --import prints. With DOMAINs, of these only; records that the stack has created itself are left out with --state.

    \b
    pulumi stack export > state.json
    elastx-mrs adopt --import --stack-config stacks/Pulumi.prod.yaml --state state.json > import.json
    pulumi import --file import.json --protect=false --generate-code=false

    CLOUDFLARE_API_TOKEN is to have Zone > Zone > Read and Zone > DNS > Read. Standard error says what the next up will
    change of what is imported, and what cannot be imported, with what to do.

    The exit code is 1 when something that is published cannot be kept as it is.
    """
    _check_options(ctx, import_)
    if import_:
        from elastx_mrs.cli.adopt_cloudflare import run

        sys.exit(run(domains, options))
    vantage = vantage_of(options["nameservers"], options["resolvers"])
    sys.exit(_from_dns(domains, options["selector"], vantage))


_FOR_IMPORT = ("stack_config", "config", "component", "provider", "state")
_FOR_DNS = {
    "selector": "the stack's config has it",
    "nameservers": "the records are read through Cloudflare's API",
    "resolvers": "the records are read through Cloudflare's API",
}


def _check_options(ctx: click.Context, import_: bool) -> None:
    """Refuse what does not go together; what is read from DNS needs a domain."""
    given = {key for key in ctx.params if ctx.get_parameter_source(key) is ParameterSource.COMMANDLINE}
    for parameter in ctx.command.params:
        key, option = str(parameter.name), parameter.opts[0]
        if key == "domains" and not import_ and not ctx.params[key]:
            raise click.MissingParameter(ctx=ctx, param=parameter)
        if key in given and key in _FOR_IMPORT and not import_:
            raise click.UsageError(f"{option} is for adopt --import")
        if key in given and key in _FOR_DNS and import_:
            raise click.UsageError(f"{option} is not for --import: {_FOR_DNS[key]}")


def _from_dns(domains: Sequence[str], selector: str, vantage: Vantage) -> int:
    wanted = list(dict.fromkeys(_option("DOMAIN", domain, names.sender_domain) for domain in domains))
    chosen = _option("--selector", selector, names.selector)
    found = answered(_read_all(vantage.ask, wanted, chosen), vantage)
    check_answered(vantage)
    click.echo(render(found).encode(), nl=False)  # YAML is UTF-8, whatever the terminal's encoding is
    return exit_code(wrong=any(one.faults for one in found), unasked=any(one.unasked for one in found))


def _option(name: str, text: str, check: Any) -> str:
    try:
        checked: str = check(text)
    except RecordError as error:
        raise BadInput(f"{name} {quoted(text)}: {error}") from None
    return checked


async def _read_all(ask: Ask, domains: Sequence[str], selector: str) -> list[Adopted]:
    import asyncio

    return list(await asyncio.gather(*(read(ask, domain, selector) for domain in domains)))


async def read(ask: Ask, domain: str, selector: str, service: Service = ELASTX) -> Adopted:
    """Read what a domain publishes and return the config that keeps it, with ``service`` added."""
    adopted = Adopted(domain, {"name": domain})
    apex = await ask(domain, "TXT")
    await _spf(ask, adopted, apex, service)
    _dmarc(adopted, await ask(f"_dmarc.{domain}", "TXT"))
    _dkim(adopted, selector, service, await ask(f"{selector}._domainkey.{domain}", "TXT"))
    tokens = [show(value) for value in apex.texts() if is_challenge(value, service)]
    if tokens:
        _own(adopted, domain)
        listed = ", ".join(f"{token[:24]}…" for token in tokens)
        adopted.changes.append(f"{domain} has {listed}: of your accounts', each is taken over; others stay as they are")
    return adopted


async def _spf(ask: Ask, adopted: Adopted, answer: Answer, service: Service) -> None:
    name = adopted.domain
    texts = _texts(adopted, answer, "SPF", is_spf)
    if len(texts) > 1:
        fault = f"{name} has {len(texts)} SPF records, which is permerror (RFC 7208 §4.5): {' and '.join(texts)}"
        adopted.faults.append(f"{fault}; merge them into one, by hand, and run this again")
    if len(texts) != 1:
        return
    try:
        new = spf.whole_record(texts[0], service)
    except RecordError as error:
        adopted.faults += [f"{name}: its SPF record '{texts[0]}' {problem}" for problem in error.problems]
        return
    _own(adopted, name)
    adopted.config["spf"] = {"record": new}
    before, after = await expand(ask, name, texts[0]), await expand(ask, name, new)
    change = "stays as it is" if new == texts[0] else f"'{texts[0]}' becomes '{new}'"
    cost = f"{number(before.lookups)} -> {number(after.lookups)} of {MAX_LOOKUPS}"
    adopted.changes.append(f"{name} SPF {change}; lookups {cost}")
    for problem in after.problems():
        kept = adopted.unasked if problem.kind == "temperror" else adopted.changes
        kept.append(f"{name} SPF: {' > '.join(problem.path)}: {problem.text}")


def _dmarc(adopted: Adopted, answer: Answer) -> None:
    name = f"_dmarc.{adopted.domain}"
    texts = _texts(adopted, answer, "DMARC", is_dmarc)
    if len(texts) > 1:
        fault = f"{name} has {len(texts)} DMARC records, of which receivers take none (RFC 9989 §4.10)"
        adopted.faults.append(f"{fault}: {' and '.join(texts)}; leave one, and run this again")
    if len(texts) != 1:
        return
    _own(adopted, name)
    try:
        adopted.config["dmarc"] = {"record": dmarc.whole_record(texts[0])}
        adopted.changes.append(f"{name} stays as it is")
    except RecordError as error:
        adopted.faults += [f"{name}: its record '{texts[0]}' {problem}" for problem in error.problems]


def _dkim(adopted: Adopted, selector: str, service: Service, answer: Answer) -> None:
    name = f"{selector}._domainkey.{adopted.domain}"
    texts = _texts(adopted, answer, "DKIM", lambda _: True)
    if len(texts) > 1:
        adopted.faults.append(
            f"{name} has {len(texts)} TXT records, and one is allowed (RFC 6376 §3.6.2.2); leave the key"
        )
    if len(texts) != 1:
        return
    _own(adopted, name)
    try:
        adopted.config["dkim"] = {"selector": selector, "record": dkim.from_paste(texts[0], selector, service)}
        adopted.changes.append(f"{name} stays as it is; take it out here if it is the stack's own dkim")
    except RecordError as error:
        adopted.faults += [f"{name}: its record {problem}" for problem in error.problems]


def _texts(adopted: Adopted, answer: Answer, kind: str, wanted: Any) -> list[str]:
    if answer.status == "failed":
        adopted.unasked.append(f"{kind} of {adopted.domain} could not be asked for: {answer.problem}")
    if answer.status == "found" and answer.canonical not in ("", answer.name):
        adopted.faults.append(f"{answer.name} is a CNAME to {answer.canonical}; say external: true, or remove it first")
        return []
    return [as_text(value) for value in answer.texts() if wanted(value)]


def _own(adopted: Adopted, owner: str) -> None:
    if owner not in adopted.owners:
        adopted.owners.append(owner)


def render(found: Sequence[Adopted]) -> str:
    """Return the config as YAML, with what will change, what cannot be kept, and what was not asked as comments."""
    config: dict[str, Any] = {
        f"{NAMESPACE}:domains": [one.config if len(one.config) > 1 else one.domain for one in found]
    }
    owners = [owner for one in found for owner in one.owners]
    if owners:
        config[f"{NAMESPACE}:adopt"] = owners
    return yaml.safe_dump(config, sort_keys=False, width=100_000, allow_unicode=False) + "".join(_comments(found))


def _comments(found: Sequence[Adopted]) -> Iterator[str]:
    for one in found:
        for title, lines in (("", one.changes), ("CANNOT BE KEPT: ", one.faults), ("NOT ASKED: ", one.unasked)):
            for line in lines:
                yield comment_line(title + line)
        if not (one.changes or one.faults or one.unasked):
            yield comment_line(f"{one.domain} has no SPF, DMARC or DKIM record yet; the stack's defaults are added")
