"""The Dockerfile: what it copies is there, and nothing in it runs as root. It is built by hand, with a network."""

import re
import shutil
import subprocess

import pytest

from tests.engine.stack import ROOT

TEXT = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
LINES = [line.split() for line in TEXT.splitlines() if line.strip() and not line.startswith("#")]
IGNORED = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
OUR_STAGES = ("command", "program")


def stages() -> dict[str, tuple[str, list[list[str]]]]:
    """Return each stage by name: what it is built on, and its instructions."""
    found: dict[str, tuple[str, list[list[str]]]] = {}
    own: list[list[str]] = []
    for line in LINES:
        if line[0] == "FROM":
            own = []
            found[line[3]] = (line[1], own)
        else:
            own.append(line)
    return found


def user(stage: str) -> str:
    """Return the user that a stage runs as, which is that of the stage below it if it names none."""
    base, lines = stages()[stage]
    named = [line[1] for line in lines if line[0] == "USER"]
    return named[-1] if named else user(base) if base in stages() else "root"


@pytest.mark.parametrize("stage", OUR_STAGES)
def test_no_stage_that_is_run_is_root_s(stage: str) -> None:
    number, _, group = user(stage).partition(":")
    assert int(number) >= 10_000, "Kubernetes proves runAsNonRoot by a number"
    assert int(group) >= 10_000


def test_the_bases_have_a_tag_and_no_registry() -> None:
    bases = [
        line[1].partition("=")[2] for line in LINES if line[0] == "ARG" and line[1].startswith(("PYTHON", "PULUMI"))
    ]
    assert len(bases) == 2
    assert all(re.fullmatch(r"[a-z-]+(?:/[a-z-]+)?:[0-9][\w.-]*", base) for base in bases)
    assert bases[0].startswith("python:3.")


def test_pulumi_is_the_one_that_the_tests_pin() -> None:
    (pinned,) = re.findall(r"(?m)^pulumi==([\d.]+)", (ROOT / "requirements.txt").read_text(encoding="utf-8"))
    assert f"pulumi/pulumi-base:{pinned}\n" in TEXT


def test_what_is_copied_is_in_the_context_and_nothing_else_is() -> None:
    sources = {
        path.replace("${REQUIREMENTS}", "requirements.txt")
        for line in LINES
        if line[0] == "COPY" and not line[1].startswith("--from")
        for path in line[1:-1]
    }
    allowed = {line[1:] for line in IGNORED if line.startswith("!")}
    assert IGNORED[1] == "*"
    assert sources | {"Dockerfile", "plugin/requirements.txt"} == allowed
    assert all((ROOT / path).exists() for path in allowed)


def test_every_package_is_verified_by_its_hash() -> None:
    assert "--require-hashes -r packages.txt" in TEXT
    for name in ("requirements.txt", "plugin/requirements.txt"):
        assert "--hash=sha256:" in (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="there is no hadolint")
def test_hadolint_finds_nothing() -> None:
    done = subprocess.run(
        ["hadolint", "--no-color", str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
