"""An example as its reader uses it: its README's commands, in one shell, and what the README shows of their output."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.engine.stack import ROOT

TIMEOUT = 300
"""Seconds, for all commands of a README."""

GENERATED = (".lab", ".venv", "__pycache__", "bin", "node_modules", "sdks")
"""What a developer who ran an example left in its folder (examples/.gitignore)."""

_FENCE = re.compile(r" {0,3}```(\w*)")


@dataclass(frozen=True)
class Step:
    """A command, and the lines that are shown of its output."""

    command: str
    shown: tuple[str, ...] = ()


def steps(text: str) -> list[Step]:
    """Return the commands of a Markdown text.

    In an indented block, or one fenced as ``console``, they begin with ``$``, and the lines below one are its output;
    such a block without any is something else, such as config. In one fenced as ``sh`` every line is a command's.
    """
    found = []
    for language, lines in _blocks(text):
        if language == "sh":
            found.append(Step("\n".join(lines)))
            continue
        for line in lines:
            if line.startswith("$ "):
                found.append(Step(line[2:]))
            elif found and found[-1].command.endswith("\\"):
                found[-1] = Step(f"{found[-1].command}\n{line}")
            elif line.strip() and lines[0].startswith("$ "):
                found[-1] = Step(found[-1].command, (*found[-1].shown, line))
    return found


def _blocks(text: str) -> list[tuple[str, list[str]]]:
    blocks: list[tuple[str, list[str]]] = []
    fence: str | None = None
    inside = False
    for line in text.splitlines():
        match = _FENCE.match(line)
        if match or fence is not None:
            if match:
                fence = match[1] if fence is None else None
                if fence is not None:
                    blocks.append((fence, []))
            else:
                blocks[-1][1].append(line)
            inside = False
        elif line.startswith("    "):
            if not inside:
                blocks.append(("console", []))
            blocks[-1][1].append(line[4:])
            inside = True
        elif line.strip():
            inside = False
    return [(language, lines) for language, lines in blocks if language in ("sh", "console")]


def run(readme: str, folder: Path, environment: Mapping[str, str]) -> list[str]:
    """Run a README's commands in a folder; return the output of each, after checking it against what is shown.

    They run in one shell, so that ``cd``, ``export`` and an environment that is activated hold for those that follow.

    :param environment: the whole of it.
    """
    found = steps(readme)
    script = folder.parent / "readme.sh"
    mark = "=== step "
    lines = (f"printf '\\n{mark}%d\\n' {number}\n{step.command}\n" for number, step in enumerate(found))
    script.write_text("set -e\n" + "".join(lines))
    code, said = shell(["sh", str(script)], folder, environment)
    outputs = re.split(rf"^{mark}\d+\n", said, flags=re.MULTILINE)[1:]
    if code != 0:
        pytest.fail(f"$ {found[len(outputs) - 1].command}\nexited with {code}:\n{outputs[-1]}")
    for step, output in zip(found, outputs, strict=True):
        check_shown(step, output)
    return outputs


def shell(command: list[str], cwd: Path, environment: Mapping[str, str], timeout: float = TIMEOUT) -> tuple[int, str]:
    """Run a shell with that environment alone; return its exit code and all that it said."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=timeout,
    )
    return done.returncode, done.stdout


def check_shown(step: Step, output: str) -> None:
    """Check that each line that is shown is in the output, in that order; ``…`` stands for anything."""
    rest = [" ".join(line.split()) for line in output.splitlines()]
    for line in step.shown:
        pattern = re.compile(".*".join(map(re.escape, " ".join(line.split()).split("…"))))
        found = next((place for place, said in enumerate(rest) if pattern.fullmatch(said)), None)
        assert found is not None, f"$ {step.command}\ndoes not say, or not there: {line.strip()}\n{output}"
        del rest[: found + 1]


def left(folder: Path, zone: str = "example.com") -> list[str]:
    """Return what an example's ``destroy`` left of its own in a zone of the lab's."""
    text = (folder / ".lab" / "zones" / f"{zone}.zone").read_text()
    assert "SOA" in text
    return [one for one in ("elastx-mrs=", "elastx.email", "DKIM1", "DMARC1") if one in text]


def copied(name: str, to: Path) -> Path:
    """Return a copy of an example's folder, without what running it left there."""
    folder = to / name
    shutil.copytree(ROOT / "examples" / name, folder, ignore=shutil.ignore_patterns(*GENERATED))
    return folder
