"""The folders that Pulumi installs the plugin from: of a checkout, and of a project that others clone."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from tests.engine.stack import ROOT
from tests.languages.programs import require
from tests.package import fresh
from toolchain import plugin

FOLDERS = (ROOT / "plugin", *(ROOT / "plugin" / name for name in plugin.ADDED))
PAGE = (ROOT / "docs" / "plugin.md").read_text()
HOST = """#!/bin/sh
[ -z "$1" ] || exec "{python}" "$@"
shift
exec "{plugin_python}" "{folder}" "$@"
"""
"""A ``python3`` for Pulumi's Python host of 2023: it gives Python no folder, where today's give it the plugin's."""


def served(folder: Path, cwd: Path) -> dict[str, Any]:
    """The schema that the plugin in a folder answers."""
    command = [sys.executable, str(folder), "127.0.0.1:1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=cwd) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            answer = provider_pb2_grpc.ResourceProviderStub(channel).GetSchema(provider_pb2.GetSchemaRequest())
        process.kill()
    found: dict[str, Any] = json.loads(answer.schema)
    return found


@pytest.mark.parametrize("folder", [str(folder.relative_to(ROOT)) for folder in FOLDERS])
def test_it_serves_the_package_of_its_checkout(folder: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "plugin", tmp_path / "plugin", ignore=shutil.ignore_patterns("__pycache__", ".venv"))
    shutil.copytree(ROOT / "elastx_mrs", tmp_path / "elastx_mrs", ignore=shutil.ignore_patterns("__pycache__"))
    described = tmp_path / "elastx_mrs" / "plugin" / "schema.json"
    described.write_text(described.read_text().replace("Elastx Mail Relay", "of this checkout", 1))
    assert served(tmp_path / folder, tmp_path)["displayName"] == "of this checkout"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_what_pulumi_reads_of_it(folder: Path) -> None:
    description = yaml.safe_load((folder / "PulumiPlugin.yaml").read_text())
    assert (description["name"], description["runtime"]["name"]) == ("elastx-mrs", "python")
    assert (folder / "requirements.txt").exists()


def test_the_requirements_are_current() -> None:
    for target, made in plugin.made_files().items():
        assert target.read_text() == made, "run: python -m toolchain.plugin"


def pins(path: Path) -> dict[str, str]:
    return dict(re.findall(r"(?m)^([a-z0-9-]+)==(\S+)", path.read_text()))


def test_they_have_a_provider_s_packages_only_where_they_are_used() -> None:
    """Pulumi downloads the plugin of each Pulumi SDK that it finds in the environment."""
    own, cloudflare, route53 = (pins(folder / "requirements.txt") for folder in FOLDERS)
    assert {name for name in own if "cloudflare" in name or "boto" in name} == set()
    assert set(cloudflare) == {"pulumi-cloudflare"}
    assert {"boto3", "botocore"} <= set(route53)
    assert not any("pulumi" in name for name in route53)
    assert own.keys() & {"starlette", "uvicorn", "dkimpy", "pynacl"} == set(), "the lab and message are commands"
    assert (own | cloudflare | route53).items() <= pins(plugin.PINNED).items()


@pytest.mark.engine  # as slow
def test_pip_needs_nothing_else(tmp_path: Path) -> None:
    """With hashes, pip refuses to install what is not pinned. One folder's requirements have those of the other."""
    fresh.require_wheels()
    options = ["--dry-run", "--ignore-installed", "--no-index", "--find-links", str(fresh.WHEELS), "--require-hashes"]
    files = [argument for folder in FOLDERS[1:] for argument in ("-r", str(folder / "requirements.txt"))]
    command = [sys.executable, "-m", "pip", "install", *options, *files]
    done = subprocess.run([*command, "--target", str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "pulumi_cloudflare" in done.stdout
    assert "boto3" in done.stdout


def documented(project: Path) -> None:
    """Write the files that the page tells the reader to write into a project."""
    for mark, name, text in re.findall(r"(?m)^cat (>>?) (\S+) <<'END'\n((?:(?!END).*\n)*)END", PAGE):
        (project / name).parent.mkdir(exist_ok=True)
        with (project / name).open("a" if mark == ">>" else "w") as file:
            file.write(text)


def test_the_folder_of_the_page_serves_the_plugin(tmp_path: Path) -> None:
    documented(tmp_path)
    assert {path.name for path in (tmp_path / "plugin").iterdir()} == {path.name for path in FOLDERS[1].iterdir()}
    for own in FOLDERS:
        assert (tmp_path / "plugin" / "PulumiPlugin.yaml").read_text().splitlines() == [
            line for line in (own / "PulumiPlugin.yaml").read_text().splitlines() if not line.startswith("description")
        ]
    assert served(tmp_path / "plugin", tmp_path)["name"] == "elastx-mrs"


def test_a_package_that_is_missing_goes_into_the_folder_s_requirements(tmp_path: Path) -> None:
    """``pip install`` would put it into another environment than the one that Pulumi made for the plugin."""
    documented(tmp_path)
    asking = (
        "from elastx_mrs.extras import NotInstalledError, install\nprint(NotInstalledError('octodns', 'octodns'))\n"
    )
    (tmp_path / "plugin" / "__main__.py").write_text(f"{asking}print(install('octodns-azure'))\n")
    command = [sys.executable, str(tmp_path / "plugin")]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    into = "to plugin/requirements.txt and run: pulumi install"
    assert said.splitlines() == [
        f"the package octodns is not installed; add elastx-mrs[octodns] {into}",
        f"add octodns-azure {into}",
    ]


@pytest.mark.engine
def test_pulumi_install_in_a_clone_asks_no_registry(tmp_path: Path) -> None:
    """It installs what the folder's requirements have, such as a provider of octoDNS.

    It goes on until this Python host is asked to link the SDK, which one of 2023 cannot.

    The host starts the plugin in a way of its own, and wants a ``wheel`` from pip: both have a stand-in.
    """
    require("yaml")
    (tmp_path / "Pulumi.yaml").write_text("name: clone\nruntime: yaml\n")
    documented(tmp_path)
    (added,) = re.findall(r"(?m)^echo '(octodns-.*)' >> plugin/requirements.txt$", PAGE)
    (tmp_path / "plugin" / "requirements.txt").write_text(f"{added}\n")  # tests/package install the package
    links = tmp_path / "links"
    links.mkdir()
    stub(links, "wheel", "0")
    stub(links, *added.replace("-", "_").split("=="))
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    host = HOST.format(python=sys.executable, plugin_python=sys.executable, folder=tmp_path / "plugin")
    for name in ("python", "python3"):
        fresh.put(bin_ / name, host)
    environment = {
        "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_API": "http://127.0.0.1:9",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(links),
    }
    done = subprocess.run(
        ["pulumi", "install", "--no-plugins", "--no-dependencies"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert "registry" not in said
    assert done.returncode == 0 or "linking package: unknown method Link" in said, said
    assert (tmp_path / "sdks").is_dir()
    installed = {path.name for path in (tmp_path / "plugin").rglob("*.dist-info")}
    assert f"{added.replace('-', '_').replace('==', '-')}.dist-info" in installed


def stub(links: Path, name: str, version: str) -> None:
    """Write a package with nothing in it."""
    with zipfile.ZipFile(links / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        info = f"{name}-{version}.dist-info"
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


def test_the_command_by_itself_says_what_it_is() -> None:
    script = shutil.which("pulumi-resource-elastx-mrs") or ""
    for arguments, code in (([], 2), (["--help"], 0)):
        said = subprocess.run([script, *arguments], capture_output=True, text=True, check=False)
        assert said.returncode == code
        assert "is a plugin that Pulumi starts" in said.stderr
        assert "Traceback" not in said.stderr
