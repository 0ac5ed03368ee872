"""``--help`` of a module that developers run says what it does, and does nothing."""

import runpy
import sys

import pytest

from tests.engine.stack import ROOT

MODULES = [
    f"{path.parent.name}.{path.stem}".removesuffix(".__main__")
    for folder in ("benchmarks", "toolchain")
    for path in sorted((ROOT / folder).glob("*.py"))
    if '__name__ == "__main__"' in path.read_text(encoding="utf-8")
]


pytestmark = pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")


@pytest.mark.parametrize("module", MODULES)
def test_help_is_all_that_happens(
    module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [module, "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    said = capsys.readouterr()
    assert ended.value.code == 0
    assert said.out.startswith("usage: python ")
    assert len(said.out.splitlines()) > 2, "and what it does"
    assert said.err == ""


def test_every_benchmark_can_be_run() -> None:
    assert {f"benchmarks.{path.stem}" for path in (ROOT / "benchmarks").glob("*.py") if path.stem[0] != "_"} <= set(
        MODULES
    )
    assert "benchmarks" in MODULES


def test_what_takes_no_arguments_refuses_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks.cloudflare", "--domains", "5"])
    with pytest.raises(SystemExit, match="takes no arguments"):
        runpy.run_module("benchmarks.cloudflare", run_name="__main__", alter_sys=True)
