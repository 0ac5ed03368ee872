"""The house: what stands at the top, which names are public, and that imports go one way."""

import gc
import subprocess
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

import elastx_mrs
from tests.engine.stack import ROOT

PACKAGE = ROOT / "elastx_mrs"


def test_nothing_is_committed_that_git_ignores() -> None:
    """Such as a lab's folder, with the state and the paths of a machine."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no checkout, such as an unpacked source distribution")
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "--cached", "--ignored", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == ""


def test_few_modules_stand_at_the_top() -> None:
    loose = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    assert loose == {
        "check",
        "descriptors",
        "display",
        "extras",
        "fault",
        "identity",
        "limits",
        "notices",
        "progress",
        "reading",
        "registry",
        "secrecy",
        "service",
        "start",
    }


@pytest.mark.parametrize(
    "folder",
    [
        "publish",
        "publish/cloudflare",
        "publish/rfc2136",
        "publish/octodns",
        "publish/route53",
        "publish/rrset",
        "publish/guard",
        "config",
        "cli",
    ],
)
def test_a_folder_s_own_module_imports_nothing_of_ours(folder: str) -> None:
    """What it imported would be loaded with every module below it."""
    text = (PACKAGE / folder / "__init__.py").read_text()
    assert not [line for line in text.splitlines() if line.startswith(("import elastx", "from elastx"))]


def test_these_names_are_public() -> None:
    of_arguments = {name for name in elastx_mrs.__all__ if name.endswith("Args")}  # tests/component/test_args.py
    assert set(elastx_mrs.__all__) - of_arguments == {"MailRelay", "__version__", "stack_config"}
    for name in elastx_mrs.__all__:
        assert getattr(elastx_mrs, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'mail_relay'"):
        elastx_mrs.mail_relay  # noqa: B018


@pytest.mark.parametrize("collecting", [True, False])
def test_loading_leaves_the_program_s_garbage_collector_as_it_is(
    collecting: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    switched = []
    monkeypatch.setattr(gc, "isenabled", lambda: collecting)
    monkeypatch.setattr(gc, "disable", lambda: switched.append("off"))
    monkeypatch.setattr(gc, "enable", lambda: switched.append("on"))
    assert elastx_mrs.MailRelay is not None
    assert switched == (["off", "on"] if collecting else ["off"])


def test_imports_go_one_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The contracts are in pyproject.toml, with the reason in each name."""
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=str(tmp_path)) == 0
