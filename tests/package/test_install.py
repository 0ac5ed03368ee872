"""The package in an empty environment, installed by pip without extras, in a folder with nothing of this repository."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from elastx_mrs import __version__
from tests import golden, signed
from tests.engine.stack import ROOT
from tests.examples import readme
from tests.package import fresh

pytestmark = pytest.mark.engine

NOBODY = "127.0.0.1:9"
"""Where nothing answers: what is missing is named before anybody is asked."""

SCHEMA = json.loads((ROOT / "elastx_mrs" / "plugin" / "schema.json").read_text())

IMPORTS = """
import importlib, pkgutil, elastx_mrs
for found in pkgutil.walk_packages(elastx_mrs.__path__, "elastx_mrs."):
    try:
        importlib.import_module(found.name)
    except ModuleNotFoundError as error:
        print(found.name, error.name)
"""

TYPED = """
from elastx_mrs import MailRelay, __version__
relay = MailRelay("mail", {"accounts": [], "domains": [{"name": "example.com"}]})
reveal_type(relay.smtp["host"])
reveal_type(relay.records)
reveal_type(__version__)
MailRelay(1)
"""

PROGRAM = """
import pulumi
from elastx_mrs import MailRelay, stack_config
MailRelay("mail", stack_config())
"""


def documented(beginning: str) -> readme.Step:
    """The README's command that begins so, with its output."""
    (found,) = (step for step in readme.steps((ROOT / "README.md").read_text()) if step.command.startswith(beginning))
    return found


def test_the_command_says_what_the_readme_shows(base: fresh.Environment) -> None:
    step = documented("elastx-mrs records --account")
    done = base.run("sh", "-c", step.command)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == list(step.shown)


def test_help_and_version(base: fresh.Environment) -> None:
    done = base.run("elastx-mrs", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Show the DNS records that your mail needs." in done.stdout
    assert base.run("elastx-mrs", "--version").stdout.split()[1] == __version__


def test_without_extras_every_module_but_the_labs_api_is_there(base: fresh.Environment) -> None:
    done = base.run("python", "-c", IMPORTS)
    assert (done.returncode, done.stderr) == (0, "")
    missing = [line.split() for line in done.stdout.splitlines()]
    assert {name for name, _ in missing} >= {"elastx_mrs.lab.cloudflare.api", "elastx_mrs.lab.cloudflare.serving"}
    assert {package for _, package in missing} <= {"starlette", "uvicorn"}
    assert all(name.startswith("elastx_mrs.lab.cloudflare.") for name, _ in missing)


def test_importing_it_imports_no_pulumi(base: fresh.Environment) -> None:
    done = base.run("python", "-c", "import sys, elastx_mrs; print(elastx_mrs.__version__, 'pulumi' in sys.modules)")
    assert (done.stdout, done.stderr) == (f"{__version__} False\n", "")


def test_the_plugin_answers_with_the_schema(base: fresh.Environment, tmp_path: Path) -> None:
    environment = {"PULUMI_HOME": str(tmp_path), "PULUMI_SKIP_UPDATE_CHECK": "1"}
    plugin = base.folder / "bin" / "pulumi-resource-elastx-mrs"
    done = base.run("pulumi", "package", "get-schema", str(plugin), **environment)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["name"], found["version"]) == ("elastx-mrs", __version__)
    assert set(found["resources"]) == set(SCHEMA["resources"])


def test_mypy_sees_its_types(base: fresh.Environment) -> None:
    program = base.home / "typed.py"
    program.write_text(TYPED)
    # What the package is made of is not what is asked here, and takes mypy many times as long.
    command = ["-m", "mypy", "--strict", "--follow-imports=silent", "--no-incremental", "--no-color-output"]
    (base.home / "mypy.ini").write_text("[mypy]\n[mypy-pulumi.*]\nfollow_imports = skip\n")
    done = subprocess.run(
        [sys.executable, *command, "--python-executable", str(base.python), program.name],
        cwd=base.home,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    said = [line.partition(": ")[2].partition("  [")[0] for line in done.stdout.splitlines()[:-1]]
    assert said == [
        'note: Revealed type is "str"',
        'note: Revealed type is "list[elastx_mrs.records.record.TxtRecord]"',
        'note: Revealed type is "str"',
        'error: Missing positional argument "args" in call to "MailRelay"',
        'error: Argument 1 to "MailRelay" has incompatible type "int"; expected "str"',
    ], done.stdout + done.stderr


def stack_file(folder: Path, **config: object) -> Path:
    values = {"accounts": [golden.ACCOUNT], "dkim": golden.DKIM, "domains": ["example.com"], **config}
    path = folder / "Pulumi.test.yaml"
    path.write_text(yaml.safe_dump({"config": {f"elastx-mrs:{key}": value for key, value in values.items()}}))
    return path


@pytest.mark.parametrize(
    ("extra", "package", "arguments"),
    [
        ("lab", "starlette", ["lab", "--", "true"]),
        ("message", "dkimpy", ["message", "signed.eml", "--nameserver", NOBODY]),
        (
            "doh",
            "httpx2",
            ["verify", "example.com", "--nameserver", NOBODY, "--resolver", "https://127.0.0.1/dns-query"],
        ),
        ("cloudflare", "cloudflare", ["adopt", "--import", "--stack-config", "Pulumi.test.yaml"]),
    ],
)
def test_a_missing_extra_is_named(base: fresh.Environment, extra: str, package: str, arguments: list[str]) -> None:
    (base.home / "signed.eml").write_bytes(signed.received(signed.signed(signed.message(), signed.key())))
    stack_file(base.home, cloudflare={})
    done = base.run("elastx-mrs", *arguments)
    said = f"Error: the package {package} is not installed; run: pip install 'elastx-mrs[{extra}]'\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (
            {"cloudflare": {}},
            "cloudflare: the package pulumi-cloudflare is not installed; run: pip install 'elastx-mrs[cloudflare]'",
        ),
        (
            {
                "rfc2136": {"zones": ["example.com"]},
                "guard": "off",
                "verification": {"resolvers": ["https://127.0.0.1/dns-query"]},
            },
            "verification.resolvers: the package httpx2 is not installed; run: pip install 'elastx-mrs[doh]'",
        ),
    ],
)
def test_a_program_without_its_extra_is_told(
    base: fresh.Environment, tmp_path: Path, config: dict[str, object], says: str
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: own\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    stack_file(tmp_path, **config)
    environment = {
        "PULUMI_HOME": str(tmp_path / "pulumi"),
        "PULUMI_BACKEND_URL": f"file://{tmp_path}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "ELASTX_MRS_RFC2136_SERVER": NOBODY,
        "ELASTX_MRS_RFC2136_KEY_NAME": "test",
        "ELASTX_MRS_RFC2136_KEY": "dGVzdA==",
        "ELASTX_MRS_NAMESERVERS": NOBODY,
    }
    pulumi = ["pulumi", "--cwd", str(tmp_path), "--color", "never"]
    assert base.run(*pulumi, "stack", "init", "test", **environment).returncode == 0
    done = base.run(*pulumi, "preview", **environment)
    assert done.returncode != 0
    assert f"error: {says}" in [line.strip() for line in done.stdout.splitlines()], done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
