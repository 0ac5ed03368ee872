"""Makes Pulumi available in .toolchain/bin, where the machine has none that is new enough.

Built once from the Go modules pinned beside this file, since there is no other source that only needs a package
registry. Uses the standard library alone: it runs before anything is installed.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BIN = HERE.parent / ".toolchain" / "bin"
LANGUAGES = BIN.with_name("languages")
STAMP = BIN / "built-from"

CLI = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
PYTHON_HOST = "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
SDK = "github.com/pulumi/pulumi/sdk/v3"
HOSTS = {
    "pulumi-language-nodejs": ("languages", "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs"),
    "pulumi-language-go": ("languages", "github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go"),
    "pulumi-language-yaml": ("yaml", "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml"),
}
"""Which module has which package, of the hosts that programs in other languages than Python need."""
SDKGEN = "elastx-mrs-sdkgen"
ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint"
OPERATOR = "github.com/pulumi/pulumi-kubernetes-operator"
OPERATOR_STACK = "deploy/crds/pulumi.com_stacks.yaml"
SCRIPTS = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")

PROGRESS_SECONDS = 10.0


class ToolchainError(Exception):
    """Pulumi cannot be had; the message says why and what to do."""


def main() -> int:
    """Return the exit code."""
    try:
        given = sys.argv[1:]
        if given[:1] in (["-h"], ["--help"]):
            print(f"usage: python {sys.argv[0]} [languages]\n\n{__doc__}")
            return 0
        make_available()
        if "languages" in given:
            make_languages_available()
    except ToolchainError as error:
        print(f"toolchain: {error}", file=sys.stderr)
        return 1
    return 0


def make_available() -> None:
    """Use the Pulumi on PATH, else the one built before, else build it."""
    wanted = pinned_version()
    own = on_path()
    if own is not None and new_enough(own, wanted):
        shutil.rmtree(BIN, ignore_errors=True)
        say(f"using {own} ({version_of(own)})")
    elif STAMP.exists() and STAMP.read_text() == fingerprint("cli", "languages"):
        say(f"using the Pulumi {wanted} built before, in .toolchain")
    else:
        build(wanted)


def pinned_version() -> str:
    """Return the CLI's version, such as ``v3.259.0``, from the one place where it stands."""
    match = re.search(r"github\.com/pulumi/pulumi/pkg/v3 (v[0-9.]+)", (HERE / "cli" / "go.mod").read_text())
    if match is None:
        raise ToolchainError("toolchain/cli/go.mod names no version of pulumi/pkg; restore the file")
    return match[1]


def on_path() -> str | None:
    """Return the machine's own ``pulumi``, if its Python host is there too."""
    folders = [folder for folder in os.get_exec_path() if Path(folder).resolve() != BIN]
    found = shutil.which("pulumi", path=os.pathsep.join(folders))
    if found is None:
        return None
    beside = Path(found).resolve().parent
    host = shutil.which("pulumi-language-python", path=os.pathsep.join([str(beside), *folders]))
    return found if host else None


def version_of(pulumi: str) -> str:
    """Return what ``pulumi version`` prints."""
    result = subprocess.run(
        [pulumi, "version"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "1"},
    )
    return result.stdout.strip()


def new_enough(pulumi: str, wanted: str) -> bool:
    """Say whether a Pulumi is at least the one that everything here is tested with."""
    found = version_of(pulumi)
    if numbers(found) >= numbers(wanted):
        return True
    say(f"{pulumi} is {found or 'of no known version'}, older than {wanted}; building that")
    return False


def numbers(version: str) -> tuple[int, ...]:
    """Return ``(3, 259, 0)`` for ``v3.259.0``; nothing for what is no version."""
    match = re.match(r"v?(\d+)\.(\d+)\.(\d+)", version)
    return tuple(int(part) for part in match.groups()) if match else ()


def make_languages_available() -> None:
    """Use the hosts for other languages beside the machine's own Pulumi, else those built before, else build them."""
    stamp = LANGUAGES / STAMP.name
    modules = ("languages", "yaml", "sdkgen", "actionlint", "operator")
    if not BIN.exists() and all(shutil.which(host) for host in HOSTS):
        shutil.rmtree(LANGUAGES, ignore_errors=True)
    elif not stamp.exists() or stamp.read_text() != fingerprint(*modules):
        say("building Pulumi's hosts for Node.js, Go and YAML, once; about 4 minutes on two cores")
        unfinished = LANGUAGES.with_name("unfinished-languages")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        for name, (module, package) in HOSTS.items():
            go_build(module, package, unfinished / name, ["-ldflags", "-s -w"])
        go_build("sdkgen", ".", unfinished / SDKGEN, ["-ldflags", "-s -w"])
        compile_go_example(unfinished)
        add_judges_of_pipelines(unfinished)
        (unfinished / stamp.name).write_text(fingerprint(*modules))
        shutil.rmtree(LANGUAGES, ignore_errors=True)
        unfinished.rename(LANGUAGES)
        say("built Pulumi's hosts for Node.js, Go and YAML in .toolchain")


def compile_go_example(programs: Path) -> None:
    """Fetch and compile what the Go example imports, so that the tests, which run it, find that in Go's cache."""
    say("compiling what Go programs import, once; about a minute")
    example, copy = HERE.parent / "examples" / "go", programs / "example"
    shutil.copytree(example, copy, ignore=shutil.ignore_patterns("sdks"))
    schema = HERE.parent / "elastx_mrs" / "plugin" / "schema.json"
    sdk = copy / "sdks" / "elastx-elastx-mrs"
    subprocess.run([programs / SDKGEN, "go", schema, sdk], check=True)
    # As Pulumi's host does: with -trimpath the cache would have what that host does not look for.
    go_build(str(copy), ".", programs / "example-program", [], trimpath=False)
    shutil.rmtree(copy)
    (programs / "example-program").unlink()


def add_judges_of_pipelines(target: Path) -> None:
    """Put there what judges the pipelines of examples/gitops: actionlint, and the schema of the operator's Stack."""
    go_build("actionlint", ACTIONLINT, target / "actionlint", ["-ldflags", "-s -w"])
    go("operator", "mod", "download", OPERATOR)
    source = Path(go("operator", "list", "-m", "-f", "{{.Dir}}", OPERATOR).strip())
    shutil.copyfile(source / OPERATOR_STACK, target / Path(OPERATOR_STACK).name)


def fingerprint(*modules: str) -> str:
    """Return a digest of everything that decides what is built of some modules."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for path in sorted(path for module in modules for path in (HERE / module).iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def build(version: str) -> None:
    """Build into a folder of its own, then move it into place: nothing is ever half there."""
    if shutil.which("go") is None:
        raise ToolchainError(
            f"there is no Pulumi {version} or newer on PATH, and no Go to build it with. Install either: "
            "Pulumi from pulumi.com, or Go 1.25 or newer from go.dev or the system's packages; then run this again"
        )
    say(f"building Pulumi {version} from source, once; about 6 minutes on two cores, less with a warm Go cache")
    unfinished = BIN.parent / "unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    flags = f"-s -w -X {SDK}/go/common/version.Version={version}"
    go_build("cli", CLI, unfinished / "pulumi", ["-ldflags", flags])
    go_build("languages", PYTHON_HOST, unfinished / "pulumi-language-python", [])
    copy_scripts(unfinished)
    (unfinished / STAMP.name).write_text(fingerprint("cli", "languages"))
    shutil.rmtree(BIN, ignore_errors=True)
    unfinished.rename(BIN)
    if version_of(str(BIN / "pulumi")) != version:
        STAMP.unlink()
        raise ToolchainError(f"the Pulumi that was built does not run as {version}; run make clean and try again")
    say(f"built Pulumi {version} in .toolchain")


def go_build(module: str, package: str, target: Path, flags: list[str], *, trimpath: bool = True) -> None:
    """Build one program, counting its packages as they are compiled."""
    flags = ["-trimpath", *flags] if trimpath else flags
    name = target.name
    say(f"{name}: fetching modules")
    total = len(go(module, "list", "-deps", package).split())
    command = ["go", "build", "-v", "-mod=readonly", *flags, "-o", str(target), package]
    process = subprocess.Popen(command, cwd=HERE / module, stderr=subprocess.PIPE, text=True)
    lines: list[str] = []
    started = said = time.monotonic()
    for line in process.stderr or ():
        lines.append(line)
        now = time.monotonic()
        if now - said >= (0.5 if sys.stdout.isatty() else PROGRESS_SECONDS):
            said = now
            progress(f"{name}: compiled {len(lines)} of at most {total} packages, {now - started:.0f} s")
    if process.wait() != 0:
        raise ToolchainError(f"go could not build {name}:\n{''.join(lines[-15:])}")
    if sys.stdout.isatty():
        print()


def copy_scripts(target: Path) -> None:
    """Put the two scripts beside the programs that start them; the module cache has no execute bits."""
    go("cli", "mod", "download", SDK)
    source = Path(go("cli", "list", "-m", "-f", "{{.Dir}}", SDK).strip())
    for script in SCRIPTS:
        copy = target / Path(script).name
        shutil.copyfile(source / script, copy)
        copy.chmod(0o755)


def go(module: str, *arguments: str) -> str:
    """Return what ``go`` prints in one of the modules."""
    result = subprocess.run(["go", *arguments], cwd=HERE / module, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        tail = "\n".join(result.stderr.splitlines()[-15:])
        raise ToolchainError(f"go {arguments[0]} failed; is the Go module proxy reachable?\n{tail}")
    return result.stdout


def say(text: str) -> None:
    """Print a line at once."""
    print(f"toolchain: {text}", flush=True)


def progress(text: str) -> None:
    """Print how far it is: in place on a terminal, a line each otherwise."""
    if sys.stdout.isatty():
        print(f"\r\x1b[Ktoolchain: {text}", end="", flush=True)
    else:
        say(text)


if __name__ == "__main__":
    sys.exit(main())
