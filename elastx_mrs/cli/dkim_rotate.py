"""``elastx-mrs dkim rotate``: says which step of a rotation comes next, and writes it into the stack file."""

import asyncio
import codecs
import difflib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from elastx_mrs.cli import exits
from elastx_mrs.cli.inputs import BadInput, source_name
from elastx_mrs.cli.terminal import note, quiet
from elastx_mrs.cli.vantage import run_of, who_options
from elastx_mrs.display import quoted, visible
from elastx_mrs.reading import STANDARD_INPUT
from elastx_mrs.records import RecordError, dkim, names
from elastx_mrs.secrecy import masked

if TYPE_CHECKING:
    from elastx_mrs.config.model import Arguments
    from elastx_mrs.dkim.edit import Change
    from elastx_mrs.dkim.rotation import Facts, Step


@click.command("rotate")
@click.option("--stack-config", "-s", metavar="FILE", help="The stack file, such as stacks/Pulumi.prod.yaml.")
@click.option("--of", "of_domain", metavar="DOMAIN", help="Rotate the keys of this domain's own list.")
@click.option("--new", metavar="SELECTOR", help="Begin: add a new key at this selector; needs --record.")
@click.option("--record", metavar="VALUE", help="The public key of --new or --swap, such as v=DKIM1; p=….")
@click.option("--by-relay", is_flag=True, help="With --new: the relay will sign with the key, not your mail server.")
@click.option("--signs", metavar="SELECTOR", help="Mail is signed with this key now: retire the key that it replaces.")
@click.option("--replaces", metavar="SELECTOR", help="With --signs: the key that it replaces, if there are several.")
@click.option(
    "--keep",
    type=click.IntRange(7, 3650),
    default=7,
    show_default=True,
    metavar="DAYS",
    help="With --signs: the days for which the old key stays; at least 7.",
)
@click.option("--swap", metavar="SELECTOR", help="Swap the value at this selector: take the next step.")
@click.option("--revoke", metavar="SELECTOR", help="After a compromise: revoke this retired key.")
@click.option("--write", is_flag=True, help="Write the step into the stack file.")
@who_options
def rotate(stack_config: str | None, **options: Any) -> None:
    """Take the DKIM keys of a stack through a rotation, one step at a time.

    \b
    elastx-mrs dkim rotate --stack-config stacks/Pulumi.prod.yaml
    elastx-mrs dkim rotate -s stacks/Pulumi.prod.yaml --new s2027 --record 'v=DKIM1; p=…' --write
    elastx-mrs dkim rotate -s stacks/Pulumi.prod.yaml --signs s2027 --write
    elastx-mrs dkim rotate -s stacks/Pulumi.prod.yaml --swap elastx --write

    The command queries every name server and prints the state of each key. Then it prints what is true now, what to do
    next and when, and which mail fails until then. With --write, it writes the step into the stack file. It stores
    nothing else, so you can stop at any step and continue later. It never changes DNS: pulumi up does that.

    Without an option for a step, the command finds the next step from the config and DNS. To rotate a key, add a new
    one with --new, and run pulumi up. When every resolver can find the new key, let your mail server sign with it, and
    use --signs. The old key stays for at least 7 days. Then this command removes it from the file, and pulumi up from
    DNS.

    A new value at the same selector, such as elastx, is a swap. Mail in transit then fails DKIM. The command first
    lowers the TTL, to shorten the time in which new mail fails. docs/dkim.md describes both.

    The exit code is 1 if a step comes too early or would break mail, or if --write cannot edit the file.
    """
    from elastx_mrs.dkim import rotation

    if not stack_config or stack_config == STANDARD_INPUT:
        raise click.UsageError("name the stack file, which this command edits: --stack-config FILE")
    _check(options)
    rotating = _Rotating(stack_config, options)
    facts = rotating.facts()
    _show_keys(facts)
    try:
        steps = _steps(facts, options)
    except rotation.RefusedError as error:
        _refuse(str(error))
    for step in steps:
        _show(step)
    unwritten = [step for step in steps if step.changes and not rotating.change(step.changes, write=options["write"])]
    unasked = [text for seen in facts.seen.values() for text in seen.unasked]
    sys.exit(exits.exit_code(wrong=bool(unwritten), unasked=bool(unasked)))


def _refuse(why: str) -> NoReturn:
    """End the command: the step would break mail, or comes too early."""
    click.echo(visible(f"not now: {why}"), err=True)
    sys.exit(exits.WRONG)


def _check(options: dict[str, Any]) -> None:
    """Refuse options that exclude each other."""
    chosen = [name for name in ("new", "signs", "swap", "revoke") if options[name]]
    if len(chosen) > 1:
        raise click.UsageError(f"take one step at a time: --{chosen[0]} or --{chosen[1]}")
    if options["new"] and not options["record"]:
        raise click.UsageError("--new needs --record, the public key that elastx-mrs dkim generate prints")
    if options["record"] and not (options["new"] or options["swap"]):
        raise click.UsageError("--record works only with --new or --swap")
    if options["by_relay"] and not options["new"]:
        raise click.UsageError("--by-relay works only with --new")
    if options["replaces"] and not options["signs"]:
        raise click.UsageError("--replaces works only with --signs")
    for name in ("new", "signs", "replaces", "swap", "revoke"):
        if options[name]:
            options[name] = _checked(f"--{name}", options[name], names.selector)
    if options["record"]:
        selector = options["new"] or options["swap"]
        try:
            options["record"] = str(dkim.from_paste(options["record"], selector))
        except RecordError as error:
            raise BadInput(f"--record: {error}") from None
    if options["of_domain"]:
        options["of_domain"] = _checked("--of", options["of_domain"], names.sender_domain)


def _checked(name: str, text: str, check: Any) -> str:
    try:
        return str(check(text))
    except RecordError as error:
        raise BadInput(f"{name} {quoted(masked(text), 63)}: {error}") from None


def _steps(facts: "Facts", options: dict[str, Any]) -> "list[Step]":
    from elastx_mrs.dkim import rotation

    if options["new"]:
        return [rotation.begin(facts, options["new"], options["record"], own=not options["by_relay"])]
    if options["signs"]:
        return [rotation.signs(facts, options["signs"], options["replaces"] or "", options["keep"])]
    if options["swap"]:
        return [rotation.swap(facts, options["swap"], options["record"])]
    if options["revoke"]:
        return [rotation.revoke(facts, options["revoke"])]
    return rotation.following(facts)


def _show_keys(facts: "Facts") -> None:
    if quiet():
        return
    width = max(len(key.selector_of(facts.service)) for key in facts.keys)
    for key in facts.keys:
        selector = key.selector_of(facts.service)
        whose = "your key" if key.own else f"{facts.service.name}'s key"
        click.echo(visible(f"{selector:<{width}}  {whose}, {key.described(facts.now.date())}"))
    click.echo()


def _show(step: "Step") -> None:
    for label, text in (("now", step.now), ("next", step.then), ("fails until then", step.fails)):
        if text:
            click.echo(visible(f"{label}: {text}"))


class _Rotating:
    """A stack's file, and one list of keys in it."""

    def __init__(self, path: str, options: dict[str, Any]) -> None:
        from elastx_mrs.cli.arguments import whole
        from elastx_mrs.stackfile.document import read

        self._path = path
        self._options = options
        self._given: Arguments = whole(path, None)[0]
        self._document = read(path)
        self._domain = self._index(options["of_domain"])

    def _index(self, domain: str | None) -> int | None:
        """Return the index of the domain whose own list it is; None for the list of all domains.

        :raises BadInput: if the domain has no list of its own, or if every domain has one.
        """
        domains = self._given.domains
        if domain is None:
            if all(one.dkim is not None for one in domains):
                raise BadInput("every domain has a list of its own; name one with --of")
            return None
        for index, one in enumerate(domains):
            if one.name == domain:
                if one.dkim is None:
                    raise BadInput(
                        f"--of {domain}: uses the list of all domains; remove --of, or give it a list of its own"
                    )
                return index
        raise BadInput(f"--of {domain}: is not one of the domains in the config; name one of them")

    def facts(self) -> "Facts":
        """Query the name servers of every domain that has these keys."""
        from elastx_mrs.config.today import now
        from elastx_mrs.dkim.rotation import Facts
        from elastx_mrs.dkim.seen import Sought, look
        from elastx_mrs.lookup.network import Network
        from elastx_mrs.lookup.vantage import Vantages
        from elastx_mrs.verify import plan

        given = self._given
        all_ = (
            [one for one in given.domains if one.dkim is None]
            if self._domain is None
            else [given.domains[self._domain]]
        )
        keys = given.dkim_of(all_[0])
        run = run_of(self._options["nameservers"], self._options["resolvers"])
        vantages, settings = Vantages(Network()), plan.settings(given)
        domains = [(one.name, vantages.of(plan.who(settings[one.name], run))) for one in all_]
        sought = [Sought(key.selector_of(given.service), key.published) for key in keys]
        note(f"querying the name servers of {len(domains)} domain{'s' if len(domains) > 1 else ''} …")
        seen, negative = asyncio.run(look(domains, sought))
        ttls = {given.ttls[one.name] for one in all_}
        ttl = next(iter(ttls)) if len(ttls) == 1 else None
        return Facts(keys, seen, negative, ttl, now(), given.service)

    def change(self, changes: "Sequence[Change]", *, write: bool) -> bool:
        """Show a change of the file. With ``write``, write it; return False if that was impossible."""
        from elastx_mrs.dkim import edit

        octets = Path(self._path).read_bytes()
        text = octets.removeprefix(codecs.BOM_UTF8).decode(errors="replace")
        plain = "\r" not in text and text.encode() == octets.removeprefix(codecs.BOM_UTF8)  # not so in UTF-16
        made = edit.edited(text, self._document, self._domain, changes) if plain else None
        click.echo()
        if made is None:
            click.echo(f"This command cannot edit the list in {source_name(self._path)}. Change it by hand:")
            for line in _by_hand(changes):
                click.echo(f"  {line}")
            return not write
        self._check_whole(made)
        for line in difflib.unified_diff(text.split("\n"), made.split("\n"), self._path, self._path, "", "", 0, ""):
            click.echo(visible(line))
        if not write:
            click.echo("\nTo write this, add --write.")
            return True
        try:
            edit.replace_file(Path(self._path), octets, octets[: len(octets) - len(text.encode())] + made.encode())
        except edit.ChangedError:
            raise BadInput(f"{source_name(self._path)}: has changed in the meantime; run the command again") from None
        except OSError as error:
            raise BadInput(f"{source_name(self._path)}: {error.strerror}; make it writable") from None
        note(f"wrote {visible(self._path)}")
        return True

    def _check_whole(self, text: str) -> None:
        """Refuse a change after which the config has an error."""
        from elastx_mrs.config.parse import ConfigError, parse_stack
        from elastx_mrs.stackfile.document import Document
        from elastx_mrs.stackfile.nodes import parse
        from elastx_mrs.stackfile.stack import stack_of
        from elastx_mrs.stackfile.values import value_of

        root = parse(text).root
        stack = stack_of(Document(self._path, value_of(root), root, ()))
        try:
            parse_stack(stack.values, publisher=False)
        except ConfigError as error:
            _refuse(f"the config would have an error: {error}")


def _by_hand(changes: "Sequence[Change]") -> "list[str]":
    from elastx_mrs.dkim.edit import scalar

    lines = []
    for change in changes:
        put = ", ".join(f"{name}: {scalar(value)}" for name, value in change.put.items())
        if change.add:
            lines.append(f"add to dkim, as a list: {{{put}}}")
        elif change.remove:
            lines.append(f"remove the key at {change.selector} from dkim")
        else:
            parts = [f"write {put}"] if put else []
            parts += [f"remove {', '.join(change.drop)}"] if change.drop else []
            lines.append(f"in the key at {change.selector}: {'; '.join(parts)}")
    return lines
