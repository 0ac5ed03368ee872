"""A company with a repository, as examples/gitops/project has it, whose pipelines run on machines of nobody's own.

DNS is the lab's, the engine the real one, Pulumi's state a folder. The package is the one of the tests' environment, of
which the stand-in for ``python3`` makes a virtual environment: nothing is installed, and no registry asked.

All three pipelines give Pulumi the same commands (``test_judged.py``). So one real run of each command is enough; where
the pipeline is the subject, the others are answered from a recording.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import dns.message
import dns.name
import dns.query
import dns.rdatatype
import dns.tsigkeyring
import dns.update
import yaml

from elastx_mrs.lab.session import Lab, open_lab
from tests import secrecy
from tests.engine.stack import QUICK, ROOT, SWIFT, require_pulumi
from tests.examples import readme
from tests.gitops.comments import Comment, Forge, reviews

EXAMPLES = ROOT / "examples" / "gitops"
PROJECT = "acme-mail"
STACK = "prod"
PASSPHRASE = "nobody may see this passphrase"
TOKEN = "nobody-may-see-this-token"
TIMEOUT = 120

PYTHON = f"""#!/bin/sh
if [ "$*" != "-m venv .venv" ]; then exec "{sys.executable}" "$@"; fi
set -e
mkdir -p .venv/bin
ln -s "{sys.prefix}"/lib "{sys.prefix}"/pyvenv.cfg .venv/
ln -s "{sys.prefix}"/bin/* .venv/bin/
ln -sf "$(dirname "$0")/pip" .venv/bin/pip
"""
PIP = f"""#!/bin/sh
grep -qxF "$*" "$HOME/installed" 2>/dev/null && exit
env -u PYTHONPATH "{sys.prefix}/bin/pip" "$@" && echo "$*" >> "$HOME/installed"
"""
"""The real one, which sees that all is there; what it saw is not looked at again, for that takes a second each time."""


PREVIEW = f"preview --stack {STACK} --non-interactive --json"
UP = f"up --stack {STACK} --non-interactive --yes"
DRIFT = f"preview --stack {STACK} --non-interactive --refresh --expect-no-changes"
"""What the pipelines give to Pulumi."""

PULUMI = """#!/bin/sh
if [ "$*" = "{arguments}" ] && [ "$PULUMI_CONFIG_PASSPHRASE" = "{passphrase}" ] &&
  [ "$PULUMI_BACKEND_URL" = "{backend}" ] && [ -n "$ELASTX_MRS_RFC2136_KEY$ELASTX_MRS_RFC2136_KEY_FILE" ]
then
  cat "{folder}/out"
  cat "{folder}/err" >&2
  exit {code}
fi
exec "{pulumi}" "$@"
"""
"""The recorded answer, where a job gives the command and all that the engine needs; anything else is the engine's."""


@dataclass(frozen=True)
class Recorded:
    """What Pulumi said to a command, and its exit code."""

    arguments: str
    out: str
    err: str = ""
    code: int = 0


UNCHANGED = Recorded(DRIFT, "Resources:\n    16 unchanged\n")
"""As the real one says in ``test_shell.py``, where the README's commands are run."""

DRIFTED = Recorded(DRIFT, " ~  TxtRecord mail-example.com-dmarc update\n", "error: no changes were expected\n", 255)
"""As the real one says in ``test_github.py``."""


@dataclass(frozen=True)
class Prepared:
    """What each company begins with: a stack that was made, and what its first preview says.

    :param folder: has the ``repository`` and the ``state``, as ``pulumi stack init`` left them.
    """

    folder: Path
    preview: Recorded


@dataclass
class Run:
    """What came of a job.

    :param log: all that it said.
    :param done: the names of its steps that ran, each with whether it succeeded.
    """

    outcome: str
    log: str = ""
    workspace: Path = Path()
    summary: str = ""
    done: dict[str, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Story:
    """What came of a company's pipelines, as data: it is told once, for whichever worker asks.

    :param runs: by what they are called in the story.
    :param said: the review's comment, as it was after that run.
    :param comments: all that were there in the end.
    :param asked: method and path of every request for comments.
    :param left: every text that the jobs left, which no one of ``secrets`` may be in.
    :param published: what ``_dmarc.example.se`` had in the end.
    """

    runs: dict[str, Run]
    said: dict[str, str]
    comments: list[Comment]
    asked: list[tuple[str, str]]
    left: dict[str, str]
    secrets: tuple[str, ...]
    published: set[str]

    def methods(self) -> list[str]:
        """The methods of the requests."""
        return [method for method, _ in self.asked]

    def reviews(self, author: str) -> list[Comment]:
        """The reviews among one author's comments."""
        return reviews(self.comments, author)

    def leaks(self) -> list[tuple[str, str]]:
        """Each form of a secret that stands in a text, with the text's name."""
        return [(name, one) for name, text in self.left.items() for one in secrecy.shown(text, self.secrets)]


@dataclass
class Company:
    """A lab, the repository's files, and all that its jobs left, in which no secret may be."""

    lab: Lab
    folder: Path
    runs: list[Run] = field(default_factory=list)

    @property
    def repository(self) -> Path:
        return self.folder / "repository"

    @property
    def venv(self) -> Path:
        """What every virtual environment is."""
        return Path(sys.prefix)

    @property
    def backend(self) -> str:
        return f"file://{self.folder / 'state'}"

    def checkout(self) -> Path:
        """A copy of the repository in a folder of its own."""
        workspace = self.folder / f"workspace-{len(list(self.folder.glob('workspace-*')))}"
        shutil.copytree(self.repository, workspace)
        return workspace

    def machine(self) -> dict[str, str]:
        """The environment that a job finds; the lab's address in it takes the place of the one in the stack's file."""
        others = [path for path in os.environ["PATH"].split(os.pathsep) if Path(path) != Path(sys.prefix) / "bin"]
        return {
            "PATH": os.pathsep.join([str(self.folder / "bin"), *others]),
            "HOME": str(self.folder / "home"),
            "LANG": "C.UTF-8",
            "CI": "true",
            "PIP_NO_INDEX": "1",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PYTHONPATH": str(QUICK),
            "PULUMI_HOME": str(self.folder / "pulumi-home"),
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "ELASTX_MRS_NAMESERVERS": self.lab.address,
            "ELASTX_MRS_RFC2136_SERVER": self.lab.address,
            **SWIFT,
        }

    def secrets(self) -> dict[str, str]:
        """As the README has them; the TSIG key with its name, as tsig-keygen writes it."""
        key = f'key "{self.lab.key_name}" {{\n\talgorithm hmac-sha256;\n\tsecret "{self.lab.key}";\n}};\n'
        return {"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE, "ELASTX_MRS_RFC2136_KEY": key}

    def configure(self, key: str, value: object) -> None:
        """Change the stack's file, as a commit does."""
        path = self.repository / f"Pulumi.{STACK}.yaml"
        content = yaml.safe_load(path.read_text())
        content["config"][f"elastx-mrs:{key}"] = value
        path.write_text(yaml.safe_dump(content))

    def program(self, name: str, script: str) -> None:
        """Put a program on every machine, before all others."""
        path = self.folder / "bin" / name
        path.write_text(script)
        path.chmod(0o755)

    @contextmanager
    def replayed(self, recorded: Recorded) -> Iterator[None]:
        """Let Pulumi answer this one command as it was recorded, meanwhile."""
        folder = self.folder / "recorded"
        folder.mkdir(exist_ok=True)
        (folder / "out").write_text(recorded.out)
        (folder / "err").write_text(recorded.err)
        script = PULUMI.format(
            arguments=recorded.arguments, passphrase=PASSPHRASE, backend=self.backend, folder=folder,
            code=recorded.code, pulumi=shutil.which("pulumi"),
        )  # fmt: skip
        self.program("pulumi", script)
        yield
        (self.folder / "bin" / "pulumi").unlink()

    def change(self, owner: str, *values: str) -> None:
        """Somebody changes the TXT records of a name by hand; without values they go."""
        name = dns.name.from_text(owner)
        zone = dns.name.from_text(".".join(owner.split(".")[-2:]))
        update = dns.update.UpdateMessage(zone)
        update.delete(name, "TXT")
        for value in values:
            update.add(name, 1800, "TXT", f'"{value}"')
        update.use_tsig(dns.tsigkeyring.from_text({self.lab.key_name: self.lab.key}), algorithm="hmac-sha256")
        host, port = self._address
        assert dns.query.tcp(update, host, timeout=5, port=port).rcode() == 0

    def txt(self, owner: str) -> set[str]:
        """What is served, asked as anybody would ask."""
        query = dns.message.make_query(owner, dns.rdatatype.TXT)
        host, port = self._address
        answer = dns.query.tcp(query, host, timeout=5, port=port).answer
        return {b"".join(rdata.strings).decode() for rrset in answer for rdata in rrset}

    def story(self, forge: Forge, runs: dict[str, Run], said: dict[str, str]) -> Story:
        """Return what came of it."""
        left = self.left() | {f"comment {one.id}": one.body for one in forge.comments}
        secrets = (PASSPHRASE, TOKEN, self.lab.key)
        return Story(runs, said, forge.comments, forge.asked, left, secrets, self.txt("_dmarc.example.se"))

    @property
    def _address(self) -> tuple[str, int]:
        host, _, port = self.lab.address.rpartition(":")
        return host, int(port)

    def left(self) -> dict[str, str]:
        """Every text that the jobs left: logs, summaries and files, but for what git brought."""
        found = {f"log {number}": run.log + run.summary for number, run in enumerate(self.runs)}
        for run in self.runs:
            for path in run.workspace.iterdir() if run.workspace != Path() else ():
                if path.is_file():
                    found[str(path)] = path.read_text(errors="replace")
        return found


@contextmanager
def company(folder: Path, prepared: Prepared) -> Iterator[Company]:
    """Everything that is there before the first pipeline runs."""
    for name in ("repository", "state"):
        shutil.copytree(prepared.folder / name, folder / name)
    with _company(folder) as made:
        yield made


@contextmanager
def _company(folder: Path) -> Iterator[Company]:
    for name in ("bin", "home"):
        (folder / name).mkdir()
    with open_lab(folder / "lab") as lab:
        made = Company(lab, folder)
        made.program("python3", PYTHON)
        made.program("pip", PIP)
        yield made


def prepare(folder: Path) -> Prepared:
    """Make the stack as the README says, and preview it."""
    require_pulumi()
    (folder / "state").mkdir()
    shutil.copytree(EXAMPLES / "project", folder / "repository", ignore=shutil.ignore_patterns(".venv"))
    with _company(folder) as made:
        environment = made.machine() | made.secrets() | {"PULUMI_BACKEND_URL": made.backend}

        def pulumi(cwd: Path, *arguments: str) -> Recorded:
            done = subprocess.run(
                ["pulumi", *arguments],
                cwd=cwd, env=environment, capture_output=True, text=True, check=True, timeout=TIMEOUT,
            )  # fmt: skip
            return Recorded(" ".join(arguments), done.stdout, done.stderr)

        pulumi(made.repository, "stack", "init", STACK, "--non-interactive")
        workspace = made.checkout()
        subprocess.run(["python3", "-m", "venv", ".venv"], cwd=workspace, env=environment, check=True)
        return Prepared(folder, pulumi(workspace, *PREVIEW.split()))


shell = partial(readme.shell, timeout=TIMEOUT)
"""Run a shell; return its exit code and all that it said."""
