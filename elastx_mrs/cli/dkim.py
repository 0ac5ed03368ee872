"""``elastx-mrs dkim``: makes keys of one's own. :mod:`elastx_mrs.cli.dkim_rotate` rotates them."""

import os
import sys
from pathlib import Path

import click

from elastx_mrs.cli.dkim_rotate import rotate
from elastx_mrs.cli.group import Group
from elastx_mrs.cli.inputs import BadInput, source_name
from elastx_mrs.cli.terminal import is_terminal, note
from elastx_mrs.display import quoted, visible
from elastx_mrs.records import RecordError, names
from elastx_mrs.secrecy import masked
from elastx_mrs.service import ELASTX

OUTPUT = "-"


@click.group("dkim", cls=Group)
def command() -> None:
    """Make DKIM keys of your own, and rotate keys.

    \b
    elastx-mrs dkim generate s2026 --out s2026.pem
    elastx-mrs dkim record s2026 s2026.pem
    elastx-mrs dkim rotate --stack-config stacks/Pulumi.prod.yaml
    """


command.add_command(rotate)


@command.command("generate")
@click.argument("selector")
@click.option(
    "--out",
    required=True,
    metavar="FILE",
    help="The new file for the private key; - is standard output, to pipe the key to a vault.",
)
@click.option(
    "--type",
    "kind",
    type=click.Choice(["rsa", "ed25519"]),
    default="rsa",
    show_default=True,
    help="RSA with 2048 bits, or Ed25519, which not every receiver verifies: use it next to an RSA key.",
)
def generate_(selector: str, out: str, kind: str) -> None:
    """Make a DKIM key of your own. Print its record, and the lines for the stack's config.

    \b
    elastx-mrs dkim generate s2026 --out s2026.pem
    elastx-mrs dkim generate s2026 --out - | vault kv put secret/mail/s2026 key=-

    SELECTOR is the name of the key: the part of the record's name before ._domainkey. The private key goes to a new
    file that only you can read. An existing file is never overwritten. With --out -, it goes to standard output, and
    everything else goes to standard error. The command never shows the private key next to the record.

    Add the key to the stack with elastx-mrs dkim rotate --new. Or put the printed lines into the list elastx-mrs:dkim
    of the stack file: signs: false means that nothing signs with the key yet. After pulumi up has published the record
    everywhere, let your mail server sign with the key, and remove signs. If the list has no key yet, add the key that
    Elastx provides first.

    The key is in PEM form (PKCS #8). In the configuration of your mail server, write the absolute path of the file.
    """
    from elastx_mrs.dkim import keys, lines

    chosen = _own_selector(selector)
    if out == OUTPUT and sys.stdout is None:
        raise BadInput("--out -: standard output is closed; pipe it to a vault")
    if out == OUTPUT and is_terminal(sys.stdout):
        raise BadInput("--out -: standard output is a terminal, which would show the private key; pipe it to a vault")
    if out != OUTPUT and os.path.lexists(out):
        raise BadInput(f"--out {visible(out)}: exists, and a key is never overwritten; name another file")
    if out.endswith(os.sep):
        raise BadInput(f"--out {visible(out)}: is a folder; name a file")
    key = keys.generate("ed25519" if kind == "ed25519" else "rsa")
    record, pem = keys.record_of(key), keys.pem_of(key)
    if out == OUTPUT:
        click.echo(pem, nl=False)
        sys.stdout.flush()
    else:
        try:
            keys.write_new(Path(out), pem)
        except keys.KeyFileError as error:
            raise BadInput(f"--out {visible(out)}: {error}") from None
        note(f"wrote the private key to {visible(out)}; only you can read it")
    click.echo(lines.of_record(chosen, record) + lines.of_new(chosen, record), nl=False, err=out == OUTPUT)


@command.command("record")
@click.argument("selector")
@click.argument("file")
def record_(selector: str, file: str) -> None:
    """Print the record, and the lines for the stack's config, of a private key that exists.

    \b
    elastx-mrs dkim record s2026 s2026.pem
    vault kv get -field=key secret/mail/s2026 | elastx-mrs dkim record s2026 -

    FILE is a private key in PEM form, and - is standard input. The command refuses a file that others can read, and
    never shows the private key.
    """
    from elastx_mrs.dkim import keys, lines

    chosen = _own_selector(selector)
    try:
        record = keys.record_of(keys.read(file))
    except keys.KeyFileError as error:
        raise BadInput(f"{source_name(file)}: {error}") from None
    click.echo(lines.of_record(chosen, record) + lines.of_new(chosen, record), nl=False)


def _own_selector(text: str) -> str:
    try:
        chosen = names.selector(text)
    except RecordError as error:
        shown = quoted(masked(text)) if len(text) <= names.MAX_NAME else "of this length"
        raise BadInput(f"SELECTOR {shown}: {error}") from None
    if chosen == ELASTX.dkim_selector:
        raise BadInput(f"SELECTOR {chosen}: {ELASTX.name} signs with the key there; name another selector")
    return chosen
