"""Every command with inputs that make it end well, and a world that they work in: a lab, a mail server, files."""

import itertools
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import yaml
from click.testing import CliRunner, Result

from elastx_mrs.cli.main import main
from elastx_mrs.dkim import keys
from elastx_mrs.lab.session import Lab, open_lab
from tests import golden
from tests import signed as make
from tests.authority import Authority
from tests.cli.mail import Handler, serve
from tests.cli.scene import SERVED
from tests.lookup.fakes import Dns
from tests.review.previews import preview, step, txt
from tests.servers.zones import HEAD
from tests.verify.scene import SPF, records

TABLE = {
    0: "success",
    1: "a check failed",
    2: "bad usage or input, or a missing extra",
    3: "a server could not be queried",
    70: "an internal error of elastx-mrs",
    130: "Ctrl-C",
    141: "the output was closed early, such as by head",
}
OK, WRONG, INPUT, UNASKED, INTERNAL, INTERRUPTED, CLOSED = TABLE

KEY = make.key()
ZONES = SERVED | {
    "good.com": HEAD.format(name="good.com") + records(),
    "bad.com": HEAD.format(name="bad.com") + records(spf=[SPF, "v=spf1 -all"]),
    "elastx.email": HEAD.format(name="elastx.email") + '@ TXT "v=spf1 ip4:203.0.113.0/24 -all"\n',
    **Dns(
        {
            "elastx._domainkey.mail.example": [f"TXT {make.record(KEY)}"],
            "_dmarc.mail.example": ["TXT v=DMARC1; p=quarantine;"],
        }
    ).zones(),
}
UNSERVED = "elsewhere.invalid"
"""A domain for which the lab answers REFUSED."""

UNSERVED_SPF = step("create", f"mail-{UNSERVED}-spf", new=txt(UNSERVED, f"v=spf1 include:a.{UNSERVED} -all"))


@dataclass
class World:
    """A lab, a mail server, and files to give the commands.

    ``{name}`` in an argument is the file ``name``, ``{dns}`` the lab's address, ``{smtp}`` and ``{plain}`` the ports of
    mail servers with and without TLS.
    """

    lab: Lab
    folder: Path
    smtp: int
    plain: int

    def argument(self, text: str) -> str:
        names = {
            "number": str(next(_NUMBERS)),
            "dns": self.lab.address,
            "smtp": str(self.smtp),
            "plain": str(self.plain),
        }
        files = {path.stem: str(path) for path in self.folder.glob("*.*")}
        return text.format(**names, **files, folder=self.folder)

    def environment(self) -> dict[str, str]:
        return {
            "CLOUDFLARE_BASE_URL": self.lab.cloudflare.url,
            "CLOUDFLARE_API_TOKEN": self.lab.token,
            "SSL_CERT_FILE": str(self.folder / "authority.pem"),
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        }

    def run(self, *arguments: str) -> Result:
        given = [self.argument(one) for one in arguments]
        return CliRunner().invoke(main, given, env=self.environment(), prog_name="elastx-mrs")


def config(**changes: Any) -> str:
    values = {"accounts": [golden.ACCOUNT], "dkim": golden.DKIM, "dmarc": golden.DMARC, "domains": ["good.com"]}
    given = {f"elastx-mrs:{key}": value for key, value in (values | changes).items()}
    return yaml.safe_dump({"config": given})


FILES: dict[str, Callable[[], str | bytes]] = {
    "stack.yaml": config,
    "broken.yaml": lambda: config(domains=["localhost"]),
    "invalid.yaml": lambda: "config: [",
    "wrong.yaml": lambda: config(domains=["bad.com"]),
    "servers.yaml": lambda: config(rfc2136={"server": "ns1.good.com", "zones": ["good.com"], "keyName": "mail"}),
    "cloudflare.yaml": lambda: config(cloudflare={}, domains=["example.se"]),
    "kept.yaml": lambda: config(cloudflare={}, domains=["example.com"]),
    "preview.json": lambda: preview(step("create", "mail-good.com-spf", new=txt("good.com", SPF))),
    "removed.json": lambda: preview(step("delete", "mail-good.com-spf", old=txt("good.com", SPF))),
    "unserved.json": lambda: preview(UNSERVED_SPF),
    "mixed.json": lambda: preview(step("delete", "mail-good.com-spf", old=txt("good.com", SPF)), UNSERVED_SPF),
    "message.eml": lambda: make.received(make.signed(make.message(), KEY)),
    "changed.eml": lambda: make.received(make.signed(make.message(), KEY)).replace(b"this is", b"that is"),
    "elsewhere.eml": lambda: make.received(
        make.signed(make.message(f"a@{UNSERVED}"), KEY, UNSERVED), f"spf=pass smtp.mailfrom=a@{UNSERVED}"
    ),
    "own.pem": lambda: keys.pem_of(keys.generate("ed25519")),
    "text.txt": lambda: "Hello\n",
}


PROGRAMS = {"pulumi": "echo v3.300.0", "pulumi-language-python": ""}
"""First on PATH: what ``doctor`` looks for."""


@contextmanager
def opened(folder: Path) -> Iterator[World]:
    """Write the files and start the servers."""
    for name, content in FILES.items():
        made = content()
        (folder / name).write_bytes(made if isinstance(made, bytes) else made.encode())
        (folder / name).chmod(0o600)  # as a private key must be
    for name, script in PROGRAMS.items():
        (folder / "bin").mkdir(exist_ok=True)
        (folder / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / "bin" / name).chmod(0o755)
    authority, handler = Authority(folder), Handler()
    (folder / "empty").mkdir()
    with (
        chdir(folder / "empty"),  # init writes into the current folder, and only where no project is
        open_lab(folder / "lab", ZONES) as lab,
        serve(handler, authority.context("localhost")) as smtp,
        serve(handler, None) as plain,
    ):
        yield World(lab, folder, smtp, plain)


_NUMBERS = itertools.count()
"""One for each new file, because a private key is never overwritten."""

DNS = ("--nameserver", "{dns}")
RECORDS = ("records", "--account", golden.ACCOUNT, "--domain", "good.com", "--dkim", golden.DKIM)
MAIL = ("smtp", "--host", "localhost", "--port")
INIT = (
    "init", "--account", golden.ACCOUNT, "--dkim", golden.DKIM, "--publisher", "cloudflare", "--dry-run",
)  # fmt: skip
LAB = ("lab", "--dir", "{folder}/own")
NOTHING = "{folder}/nothing"
"""A file that is not there."""

WELL = [
    ("adopt", "good.com", *DNS),
    ("adopt", "--import", "--stack-config", "{cloudflare}"),
    ("completion", "bash"),
    ("config", "check", "{cloudflare}"),
    ("config", "schema"),
    ("dkim", "generate", "s1", "--type", "ed25519", "--out", "{folder}/new-{number}.pem"),
    ("dkim", "record", "s1", "{own}"),
    ("dkim", "rotate", "--stack-config", "{stack}", *DNS),
    ("doctor", "--stack-config", "{kept}", *DNS),
    (*INIT, "--domain", "good.com", *DNS),
    (*LAB, "--", "true"),
    ("message", "{message}", *DNS),
    (*RECORDS,),
    ("records", "--stack-config", "{stack}"),
    ("review", "{preview}"),
    ("review", "{preview}", "--dns", *DNS),
    ("rfc2136", "policy", "--stack-config", "{servers}"),
    (*MAIL, "{smtp}"),
    ("spf", "good.com", *DNS),
    ("verify", "--stack-config", "{stack}", "--timeout", "0", *DNS),
]


def ended(result: Result) -> int:
    """Return the exit code, once nothing of Python's has been seen."""
    assert isinstance(result.exception, SystemExit | None), result.exc_info
    assert "Traceback" not in result.output
    return result.exit_code


def completed(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in this process, without the settings of whoever runs the tests; return what a process would."""
    given: dict[str, str | None] = {key: None for key in os.environ if key.startswith("ELASTX_MRS_")}
    result = CliRunner(env=given | environment).invoke(main, arguments, input=stdin, prog_name="elastx-mrs")
    return subprocess.CompletedProcess(arguments, ended(result), result.stdout, result.stderr)


def spelled(arguments: tuple[str, ...]) -> str:
    return " ".join(one[:24] for one in arguments) or "nothing at all"


def commands() -> Iterator[tuple[str, ...]]:
    """Yield every command that does something, by its words."""
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        if isinstance(command, click.Group):
            yield from ((name, below) for below in command.commands)
        else:
            yield (name,)


COMMANDS = list(commands())


def found(words: tuple[str, ...]) -> click.Command:
    command: click.Command = main
    for word in words:
        assert isinstance(command, click.Group)
        below = command.get_command(click.Context(command), word)
        assert below is not None
        command = below
    return command


def sample(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return arguments with which a command does its work."""
    return next(one for one in WELL if one[: len(words)] == words)
