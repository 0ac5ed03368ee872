"""The examples' programs as stacks of tests, with the SDKs that ``pulumi package add`` would generate."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from elastx_mrs.scaffold import programs
from tests import golden
from tests.engine.stack import QUICK, ROOT, Stack
from tests.once import once
from tests.scaffold.plans import EXAMPLE, plan

LANGUAGES = ("class", "python", "typescript", "go", "yaml")
SCHEMA = ROOT / "elastx_mrs" / "plugin" / "schema.json"
NODE_MODULES = ROOT / ".toolchain" / "node" / "node_modules"
NEEDED = {
    "python": ("elastx-mrs-sdkgen",),
    "typescript": ("elastx-mrs-sdkgen", "pulumi-language-nodejs", "node"),
    "go": ("elastx-mrs-sdkgen", "pulumi-language-go", "go"),
    "yaml": ("pulumi-language-yaml",),
}
CLASS = """
import pulumi
from elastx_mrs import MailRelay

relay = MailRelay("mail", {
    "accounts": ["smtp-prod@acme.example", "newsletter@acme.example"],
    "dkim": {"record": pulumi.Config().require("dkim")},
    "dmarc": {"record": "v=DMARC1; p=quarantine; adkim=r; aspf=r;"},
    "domains": [
        {"name": "example.com", "spf": {"include": ["_spf.google.com"], "all": "softfail"}},
        {"name": "news.example.com", "accounts": ["newsletter@acme.example"]},
        {"name": "example.se"},
    ],
    "rfc2136": {"zones": ["example.com", "example.se"]},
})
pulumi.export("smtp", relay.smtp)
pulumi.export("verification", relay.verification)
"""
OF_INIT = {
    "typescript": ("Pulumi.yaml", "index.ts", "package.json", "tsconfig.json"),
    "go": ("Pulumi.yaml", "main.go"),
    "yaml": ("Pulumi.yaml",),
}
"""Files that are as ``elastx-mrs init`` writes them: the examples' own programs run in ``tests/examples``.

Without the folder of the plugin, which the Python host of 2023 cannot run.
"""

KEPT = {"example.com": {"spf": {"record": "v=spf1 include:elastx.email include:_spf.google.com ~all"}}}
"""As ``init`` keeps what DNS has; the examples have the same in terms."""

PLAN = plan(domains=[{**one, "dmarc": {"record": golden.DMARC}, **KEPT.get(one["name"], {})} for one in EXAMPLE])
FOLDERS = {"class": "python"}
ONCE = {
    "class": ("__main__.py", '    "rfc2136":', '    "verification": {"timeout": 0},'),
    "python": ("__main__.py", "    rfc2136=", '    verification={"timeout": 0},'),
    "typescript": ("index.ts", "    rfc2136:", "    verification: { timeout: 0 },"),
    "go": ("main.go", "\t\t\tRfc2136:", "\t\t\tVerification: elastx.VerificationArgs{Timeout: pulumi.Float64(0)},"),
    "yaml": ("Pulumi.yaml", "      rfc2136:", "      verification: {timeout: 0}"),
}
"""Where a line stands before which another is put: who is asked is asked once, so that a failure is no wait."""


class Example(Stack):
    """A copy of an example's folder, with the stack ``test``; its programs bring their own config."""

    @property
    def _file(self) -> Path:
        return self.directory / "Pulumi.test.yaml"


@dataclass(frozen=True)
class Workspace:
    """What the copies share: each SDK is made once a run."""

    factory: pytest.TempPathFactory

    def example(self, language: str, directory: Path, environment: dict[str, str]) -> Example:
        """Return a new stack of one language's program."""
        require(language)
        folder = ROOT / "examples" / FOLDERS.get(language, language)
        project = directory / "project"
        shutil.copytree(folder, project, ignore=shutil.ignore_patterns("sdks", "node_modules", ".lab", "bin"))
        for name in OF_INIT.get(language, ()):
            (project / name).write_text(programs.files(PLAN, language, "")[name].replace(programs.PACKAGES, ""))
        config = yaml.safe_load((project / "Pulumi.lab.yaml").read_text())["config"]
        (directory / "state").mkdir()
        if language == "class":
            (project / "__main__.py").write_text(CLASS)
        elif language == "python":
            environment |= {"PYTHONPATH": f"{QUICK}{os.pathsep}{self.python()}"}
        elif language == "typescript":
            (project / "node_modules").symlink_to(self._typescript())
        elif language == "go":
            generate("go", project / "sdks" / "elastx-elastx-mrs")
        name, before, line = ONCE[language]
        program = (project / name).read_text()
        assert before in program
        (project / name).write_text(program.replace(before, f"{line}\n{before}"))
        build(language, project)
        stack = Example(project, environment, {}, config)
        stack.init()
        return stack

    def python(self) -> Path:
        """The folder of Python's, to put on ``PYTHONPATH``."""
        return once(self.factory, "sdk-python", _python)

    def _typescript(self) -> Path:
        return once(self.factory, "sdk-typescript", _typescript)


def _python(folder: Path) -> Path:
    target = folder / "python"
    generate("python", target)
    # What pip leaves of an installation; the SDK reads its own version there.
    (target / "elastx_mail_relay-0.dist-info").mkdir()
    version = "Metadata-Version: 2.1\nName: elastx_mail_relay\nVersion: 0.1.0\n"
    (target / "elastx_mail_relay-0.dist-info" / "METADATA").write_text(version)
    return target


def _typescript(folder: Path) -> Path:
    """Return a ``node_modules`` with the SDK, compiled."""
    modules = folder / "node_modules"
    link(modules)
    sdk = folder / "sdks" / "elastx-elastx-mrs"
    generate("nodejs", sdk)
    assert (compiled := tsc(sdk)).returncode == 0, compiled.stdout
    shutil.copyfile(sdk / "package.json", sdk / "bin" / "package.json")
    (modules / "@elastx").mkdir()
    (modules / "@elastx" / "mail-relay").symlink_to(sdk)
    return modules


def build(language: str, project: Path) -> None:
    """Compile a program once, and not anew in every run, as the examples' READMEs do; Pulumi has an option for it."""
    settings = project / "Pulumi.yaml"
    described = yaml.safe_load(settings.read_text())
    if language == "go":
        environment = os.environ | {"GOFLAGS": "-mod=mod", "GOPROXY": "off"}
        command = ["go", "build", "-o", "program", "."]
        subprocess.run(command, cwd=project, check=True, timeout=300, env=environment)
        described["runtime"] = {"name": "go", "options": {"binary": "program"}}
    elif language == "typescript":
        wrong_words(project)
        assert (compiled := tsc(project, "--outDir", str(project / "built"))).returncode == 0, compiled.stdout
        described |= {"main": "built/", "runtime": {"name": "nodejs", "options": {"typescript": False}}}
    settings.write_text(yaml.safe_dump(described))


def wrong_words(project: Path) -> None:
    """Add a file to a TypeScript project that compiles only if the compiler refuses each word which is not a value.

    It is compiled with the program: a run of the compiler of its own takes 4 CPU seconds.
    """
    types = json.loads(SCHEMA.read_text())["types"]
    lines = ['import { types } from "@elastx/mail-relay";']
    for token, one in types.items():
        for key, property_ in one.get("properties", {}).items():
            values = types.get(property_.get("$ref", "").removeprefix("#/types/"), {}).get("enum", [])
            name = f"{token.rpartition(':')[2]}Args"
            lines += [f'({{ {key}: "{value["value"]}" }}) satisfies types.input.{name};' for value in values]
            if values:
                lines += ["// @ts-expect-error", f'({{ {key}: "qarantine" }}) satisfies types.input.{name};']
    assert lines.count("// @ts-expect-error") >= 10
    (project / "words.ts").write_text("\n".join(lines) + "\n")
    settings = json.loads((project / "tsconfig.json").read_text())
    settings["files"].append("words.ts")
    (project / "tsconfig.json").write_text(json.dumps(settings))


def require(language: str) -> None:
    """Skip where a language's host is not here; where CI runs, fail."""
    missing = [program for program in NEEDED.get(language, ()) if shutil.which(program) is None]
    if language == "typescript" and not NODE_MODULES.exists():
        missing.append("the npm packages of toolchain/node")
    if missing:
        reason = f"{language} programs cannot run without {', '.join(missing)}; run: make languages"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)


def generate(language: str, target: Path) -> str:
    """Generate the SDK; return with what: the language host where it can, as current ones do, else the stand-in."""
    host = subprocess.run(
        ["pulumi", "package", "gen-sdk", str(SCHEMA), "--language", language, "--out", str(target.with_name("host"))],
        capture_output=True, text=True, check=False, timeout=120, env=os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "1"},
    )  # fmt: skip
    made = target.with_name("host") / language
    if host.returncode == 0 and made.exists():
        made.rename(target)
        return "host"
    subprocess.run(["elastx-mrs-sdkgen", language, str(SCHEMA), str(target)], check=True, timeout=120)
    return "elastx-mrs-sdkgen"


def link(modules: Path) -> None:
    """Make a ``node_modules`` of the pinned packages, to which others can be added."""
    (modules / "@pulumi").mkdir(parents=True)
    for package in NODE_MODULES.iterdir():
        if package.name != "@pulumi":
            (modules / package.name).symlink_to(package)
    for package in (NODE_MODULES / "@pulumi").iterdir():
        (modules / "@pulumi" / package.name).symlink_to(package)


def tsc(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the pinned TypeScript compiler on a folder's project."""
    return subprocess.run(
        ["node", str(NODE_MODULES / "typescript" / "bin" / "tsc"), "--strict", "-p", str(folder), *options],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
