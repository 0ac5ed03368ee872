"""examples/python, typescript and go in an empty environment: their READMEs, with the released plugin.

The release is installed once a run, and each environment is on top of that one. Three more things stand in for what is
not here. ``pulumi package add`` is tried as it is, and where the language host is too
old to write an SDK (the last that the Go module proxy has are) ``elastx-mrs-sdkgen`` writes it, of the schema that the
installed plugin answers. ``npm install`` links the pinned packages and compiles the SDK, as its own ``postinstall``
does, for the tests ask no registry. Go finds its modules in the machine's cache.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.engine.stack import QUICK, ROOT
from tests.examples import readme
from tests.languages.programs import NODE_MODULES, require
from tests.package import fresh

pytestmark = pytest.mark.engine

PULUMI = """#!/bin/sh
case "$1 $2" in "package add") ;; *) PYTHONPATH="{quick}" exec "{real}" "$@" ;; esac
"{real}" "$@" >/dev/null 2>&1 && exit
echo "stand-in for pulumi package add: this language host writes no SDK"
set -e
"{real}" package get-schema "$3" > schema.json
"{sdkgen}" {language} schema.json sdks/elastx-elastx-mrs
{link}
"""
PIP = "pip install ./sdks/elastx-elastx-mrs"
"""What Pulumi's Python host does with a package that is added: the SDK goes into the environment of the program."""

NPM = f"""#!/bin/sh
set -e
mkdir -p node_modules/@pulumi node_modules/@elastx
for package in "{NODE_MODULES}"/*; do ln -s "$package" node_modules/ 2>/dev/null || true; done
for package in "{NODE_MODULES}"/@pulumi/*; do ln -s "$package" node_modules/@pulumi/; done
ln -s ../../sdks/elastx-elastx-mrs node_modules/@elastx/mail-relay
node "{NODE_MODULES}/typescript/bin/tsc" -p sdks/elastx-elastx-mrs
cp sdks/elastx-elastx-mrs/package.json sdks/elastx-elastx-mrs/bin/
"""
COMMANDS = {"python": 8, "typescript": 9, "go": 8}
SDK = {"python": "python", "typescript": "nodejs", "go": "go"}
TRANSPILED = {"PULUMI_NODEJS_TRANSPILE_ONLY": "true"}
"""Types are checked once, where ``tests/languages`` compile the program, and not in each of seven runs."""

FROM_THE_MACHINE = ("GOPATH", "GOMODCACHE", "GOCACHE")


@pytest.mark.parametrize("language", ["python", "typescript", "go"])
def test_the_readme_from_nothing_to_nothing(
    language: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    require(language)
    lab = fresh.Environment.of_lab(tmp_path_factory)
    folder = readme.copied(language, tmp_path)
    stand_ins = lab.stand_ins(tmp_path / "stand-ins")
    pulumi = PULUMI.format(
        quick=QUICK, real=shutil.which("pulumi"), sdkgen=shutil.which("elastx-mrs-sdkgen"), language=SDK[language],
        link=PIP if language == "python" else "",
    )  # fmt: skip
    fresh.put(stand_ins / "pulumi", pulumi)
    environment = lab.released.environment(tmp_path, stand_ins, ROOT / ".toolchain" / "languages")
    if language == "typescript":
        fresh.put(stand_ins / "npm", NPM)
        environment |= TRANSPILED
    elif language == "go":
        environment |= go() | {"GOPROXY": "off", "GOFLAGS": "-mod=mod -ldflags=-s"}
    commands = readme.run((folder / "README.md").read_text(), folder, environment)
    assert len(commands) == COMMANDS[language]
    assert readme.left(folder) == []


def go() -> dict[str, str]:
    """Where the machine's Go keeps what it fetched and compiled."""
    said = subprocess.run(["go", "env", *FROM_THE_MACHINE], capture_output=True, text=True, check=True).stdout
    return dict(zip(FROM_THE_MACHINE, said.splitlines(), strict=True))
