"""What README.md and docs/migrating.md show: their files and commands, run against the lab, and the output of these.

``python -m tests.docs.shown`` runs the pages and writes the output below each command. Look at the difference before
you commit it.
"""

import re
import subprocess
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from elastx_mrs.lab.session import Lab, open_lab
from tests.cloudflare import which
from tests.engine.cloudflare.stacks import ELASTX, HEAD
from tests.engine.stack import INHERITED, QUICK, ROOT, TIMEOUT, inherited

THERE = '@ TXT "v=spf1 include:_spf.google.com ~all"\n'
GOOGLE = HEAD + '_spf TXT "v=spf1 ip4:198.51.100.0/24 ~all"\n'
ZONES = {
    "example.com": HEAD,
    "example.se": HEAD + THERE,
    "example.net": HEAD.replace("3600", "1800", 1)
    + THERE
    + '@ TXT "google-site-verification=abc"\n_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.net"\n',
    "elastx.email": ELASTX,
    "google.com": GOOGLE,
}
"""Domains without a mail policy, and with one; what their SPF records include."""

PAGES = ("README.md", "docs/migrating.md")
DROPPED = "…"
"""Stands in a page for lines that are left out."""

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# ([\w.]+)\n")
_COMMAND = re.compile(r"^\$ (.*(?:(?<=\\)\n.*)*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_UP = re.compile(r"Diagnostics:|Resources:|  elastx-mrs:\S+ \(.*|    verification: .*|    (?:[+~=-] )?\d+ .*")
_ERROR = re.compile(r"\S+: The preview failed.*|error: .*|    \(.*")
_ALL, _NONE = re.compile(""), re.compile("(?!)")
KEPT: Mapping[str, re.Pattern[str]] = {
    "elastx-mrs records": re.compile("(?!notice: )"),
    "elastx-mrs verify": re.compile(r"pass .*|.* verified"),
    "pulumi stack init": _NONE,
    "pulumi import": re.compile(r"    [=+] \d+ \w+ed"),
    "pulumi up": _UP,
}
"""The lines that a page shows of a command's output, by how the command begins; all lines of other commands.

Of a command that fails, the page shows the error.
"""

WRAPPED = ("pulumi",)
"""Commands whose lines are wrapped as on a terminal. Others print what can be pasted."""

_WRAP = textwrap.TextWrapper(100, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


PROGRESS = " …"
"""The end of a line that a slow machine prints and a fast one does not."""


@dataclass(frozen=True)
class Ran:
    """A command that was run."""

    command: str
    code: int
    output: str


@dataclass(frozen=True)
class Reader:
    """Somebody who does what a page says, in an empty folder."""

    folder: Path
    environment: Mapping[str, str]

    def run(self, command: str) -> Ran:
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail\n{command}"],
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )
        return Ran(command, done.returncode, done.stdout)


def reader(folder: Path, lab: Lab) -> Reader:
    """Return a user of the lab, whose state, keys and files are in a folder."""
    for name in ("project", "state", "home"):
        (folder / name).mkdir(parents=True)
    own = {
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PYTHONPATH": str(QUICK),
        "ELASTX_MRS_NAMESERVERS": lab.address,
    }
    of_lab = {key: value for key, value in lab.environment().items() if key.startswith(("CLOUDFLARE_", "ELASTX_"))}
    return Reader(folder / "project", inherited(*INHERITED) | of_lab | which.environment() | own)


def written(text: str, folder: Path, run: Callable[[str], Ran]) -> Iterator[str | Ran]:
    """Yield a page in pieces: its text, with each command's output as it is now, and each command that was run.

    A block that begins with the comment ``# NAME`` is a file, and is written into the folder.
    """
    at = 0
    for block in _FENCE.finditer(text):
        yield text[at : block.start(2)]
        at = block.end(2)
        if block[1] != "console":
            if file := _FILE.match(block[2]):
                (folder / file[1]).write_text(block[2].removeprefix(file[0]), encoding="utf-8")
            yield block[2]
            continue
        printed = False
        for found in _COMMAND.finditer(block[2]):
            done = run(found[1])
            yield done
            lines = "".join(f"{line}\n" for line in (f"$ {found[1]}", *kept(done)))
            yield f"\n{lines}" if printed else lines
            printed = lines.count("\n") > found[1].count("\n") + 1
    yield text[at:]


def kept(done: Ran) -> Iterator[str]:
    """Yield the lines of a command's output that a page shows."""
    by_command = next((one for begin, one in KEPT.items() if done.command.startswith(begin)), _ALL)
    pattern = _ERROR if done.code else by_command
    dropped = shown = False
    for line in filter(str.strip, done.output.splitlines()):
        if line.endswith(PROGRESS):
            continue
        if not pattern.match(line):
            dropped = True
            continue
        if dropped and not (shown and pattern is _UP):
            yield DROPPED
        yield from wrapped(line.rstrip()) if done.command.startswith(WRAPPED) else [line.rstrip()]
        dropped, shown = False, True
    if dropped and done.code:
        yield DROPPED


def wrapped(line: str) -> list[str]:
    """Return a line as a terminal wraps it, and two lines of it at most."""
    found = _WRAP.wrap(line)
    if len(found) <= 2:
        return found
    return [found[0], "  " + textwrap.shorten(f"{found[1]} {found[2]}", 98, placeholder=f" {DROPPED}")]


@dataclass(frozen=True)
class Page:
    """A page as it should be, and the commands that were run for it."""

    name: str
    text: str
    ran: list[Ran]


def page(name: str, folder: Path) -> Page:
    """Run a page of the repository in an empty folder."""
    text = (ROOT / name).read_text(encoding="utf-8")
    with open_lab(folder / "lab", ZONES) as lab:
        user = reader(folder / "user", lab)
        pieces = list(written(text, user.folder, user.run))
    ran = [one for one in pieces if isinstance(one, Ran)]
    return Page(name, "".join(one for one in pieces if isinstance(one, str)), ran)


def main() -> None:
    """Write the pages anew."""
    for name in PAGES:
        with tempfile.TemporaryDirectory(prefix="elastx-mrs-shown-") as folder:
            (ROOT / name).write_text(page(name, Path(folder)).text, encoding="utf-8")


if __name__ == "__main__":
    main()
