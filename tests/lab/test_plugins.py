"""The user's own Pulumi plugins are the lab's too, and a missing one comes with what to run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from elastx_mrs.lab import plugins
from elastx_mrs.lab.session import open_lab, run
from elastx_mrs.lab.zones import LabError
from elastx_mrs.publish.cloudflare.plugin import EXECUTABLE
from tests.cloudflare.which import STAND_IN, Plugin, plugin

ROOT = Path(__file__).resolve().parents[2]
VERSION = "6.23.1"
COMMAND = ("pulumi", "up", "--stack", "lab-cloudflare")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's Pulumi home with a plugin, as ``pulumi plugin install`` leaves it; return the plugin's folder."""
    folder = tmp_path / "user" / ".pulumi" / "plugins" / f"resource-cloudflare-v{VERSION}"
    folder.mkdir(parents=True)
    program = folder / EXECUTABLE
    program.write_text("#!/bin/sh\necho the own one >> $(dirname $0)/ran\n")
    program.chmod(0o755)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.delenv("PULUMI_HOME", raising=False)
    monkeypatch.setattr(plugins, "plugin_version", lambda: VERSION)
    return folder


def found(directory: Path) -> Plugin:
    """The plugin that a lab's command finds."""
    with open_lab(directory) as lab:
        return plugin({"PATH": "", "HOME": "/nowhere", **lab.environment()})


def test_a_plugin_in_the_users_home_is_the_lab_s(
    tmp_path: Path, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in a lab that is there already, and once the user has moved."""
    for _ in range(2):
        assert found(tmp_path / "lab").folder.resolve() == installed
    moved = installed.parents[2].rename(tmp_path / "moved")
    monkeypatch.setenv("HOME", str(moved))
    assert found(tmp_path / "lab").folder.resolve().is_relative_to(moved)


def test_so_is_one_where_pulumi_home_is_set(tmp_path: Path, installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_HOME", str(installed.parents[1]))
    monkeypatch.setenv("HOME", "/nowhere")
    assert found(tmp_path / "lab").folder.resolve() == installed


def test_a_lab_within_its_own_environment_links_nothing_to_itself(
    tmp_path: Path, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_lab(tmp_path / "lab") as lab:
        own = lab.environment()["PULUMI_HOME"]
    monkeypatch.setenv("PULUMI_HOME", own)
    assert found(tmp_path / "lab").folder.resolve() == installed


def test_a_lab_that_has_plugins_of_its_own_keeps_them(tmp_path: Path, installed: Path) -> None:
    own = tmp_path / "lab" / "pulumi-home" / "plugins"
    own.mkdir(parents=True)
    assert found(tmp_path / "lab").folder.resolve() == installed, "an empty folder is none"
    own.unlink()
    (own / "resource-other-v1.0.0").mkdir(parents=True)
    assert found(tmp_path / "lab").kind == "stand-in"
    assert (own / "resource-other-v1.0.0").is_dir()


def test_a_user_without_plugins_gets_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PULUMI_HOME", raising=False)
    assert found(tmp_path / "lab").kind == "stand-in"
    assert not (tmp_path / ".pulumi").exists()


def test_a_lab_in_use_keeps_them_when_another_is_refused(
    tmp_path: Path, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_lab(tmp_path / "lab") as lab:
        monkeypatch.setenv("HOME", "/nowhere")
        with pytest.raises(LabError, match="another lab is using it"), open_lab(tmp_path / "lab"):
            pass
        assert plugin({"PATH": "", **lab.environment()}).folder.resolve() == installed


@pytest.mark.parametrize(
    ("command", "version", "told"),
    [
        (COMMAND, "6.99.0", True),
        (("pulumi", "up", "--stack=lab-cloudflare"), "6.99.0", True),
        (COMMAND, VERSION, False),
        (("pulumi", "up", "--stack", "lab"), "6.99.0", False),
    ],
)
def test_a_missing_plugin_is_one_line_with_what_to_run(
    installed: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], version: str, told: bool
) -> None:
    monkeypatch.setattr(plugins, "plugin_version", lambda: version)
    said = plugins.missing(command, {"PATH": "", "HOME": os.environ["HOME"]})
    advice = "Pulumi's Cloudflare plugin is not installed; run: pulumi plugin install resource cloudflare 6.99.0"
    assert said == (advice if told else None)
    assert plugins.missing(command, {"PATH": str(installed)}) is None, "one on PATH is used, whatever its version"


def test_the_lab_says_it_before_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PULUMI_HOME", raising=False)
    monkeypatch.setattr(plugins, "plugin_version", lambda: VERSION)
    assert run(tmp_path / "lab", ["sh", "-c", "echo up >&2", "lab-cloudflare"]) == 0
    (advice, up) = capfd.readouterr().err.splitlines()
    assert advice.startswith("lab: Pulumi's Cloudflare plugin is not installed; run: pulumi plugin install resource ")
    assert up == "up"


def make_lab(tmp_path: Path, pulumi: str) -> tuple[str, str]:
    """What ``make lab STACK=lab-cloudflare`` takes inside the lab: the folder, and what it says."""
    commands = tmp_path / "commands"
    commands.mkdir()
    (commands / "pulumi").write_text(f"#!/bin/sh\n{pulumi}\n")
    (commands / "pulumi").chmod(0o755)
    script = (ROOT / "toolchain" / "cloudflare.py").read_text()
    program = tmp_path / "toolchain" / "cloudflare.py"
    program.parent.mkdir()
    program.write_text(script.replace("Path(__file__).resolve().parent.parent", f"Path({str(tmp_path)!r})"))
    with open_lab(tmp_path / "lab") as lab:
        environment = os.environ | lab.environment() | {"PATH": f"{commands}:/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    asked = [sys.executable, str(program)]
    done = subprocess.run(asked, env=environment, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip(), done.stderr


def test_make_lab_takes_the_users_plugin_and_downloads_none(tmp_path: Path, installed: Path) -> None:
    folder, said = make_lab(tmp_path, "exit 99")
    assert Path(folder).resolve() == installed
    assert said == "lab: using Cloudflare's own Pulumi plugin\n"


def test_make_lab_without_one_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PULUMI_HOME", raising=False)
    folder, said = make_lab(tmp_path, "exit 1")
    assert folder == str(STAND_IN)
    (line,) = said.splitlines()
    assert "stand-in" in line
    assert "; for the real one, run: pulumi plugin install resource cloudflare " in line


CONFIG = "config:\n  elastx-mrs:accounts: [a@acme.example]\n  elastx-mrs:%s: {%s}\n"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("pulumi", "up", "--stack", "prod", "--yes"), True),
        (("/opt/pulumi/bin/pulumi", "preview", "-s", "prod"), True),
        (("pulumi", "up"), True),
        (("pulumi", "up", "--stack", "test"), False),
        (("pulumi", "stack", "select", "prod"), False),
        (("elastx-mrs", "verify", "--stack-config", "Pulumi.prod.yaml"), False),
    ],
)
def test_it_is_said_for_any_stack_that_publishes_through_cloudflare(
    tmp_path: Path, installed: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], told: bool
) -> None:
    (tmp_path / "Pulumi.prod.yaml").write_text(CONFIG % ("cloudflare", ""))
    (tmp_path / "Pulumi.test.yaml").write_text(CONFIG % ("rfc2136", "zones: [example.com]"))
    (tmp_path / "Pulumi.bad.yaml").write_text("config: [")
    (tmp_path / "Pulumi.yaml").write_text("name: mail\nruntime: python\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plugins, "plugin_version", lambda: "6.99.0")
    assert (plugins.missing(command, {"PATH": "", "HOME": os.environ["HOME"]}) is not None) == told


def test_a_lab_that_is_joined_gets_what_the_user_has_installed_since(
    tmp_path: Path, installed: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    plugins_folder = installed.parent
    moved = plugins_folder.rename(tmp_path / "later")
    with open_lab(tmp_path / "lab"):
        moved.rename(plugins_folder)
        assert run(tmp_path / "lab", ["sh", "-c", f"test -x $PULUMI_HOME/plugins/{installed.name}/{EXECUTABLE}"]) == 0
