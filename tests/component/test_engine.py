"""Which Pulumi command runs the program: seen in the processes above it."""

import subprocess
import sys

import pytest

PROGRAM = f"""{sys.executable} -c 'from elastx_mrs.component.engine import operation; print(operation())'; true"""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("up --yes", "up"),
        ("--cwd /tmp up --refresh", "up"),
        ("destroy --run-program --yes", "destroy"),
        ("-s dev down --run-program", "destroy"),
        ("refresh --run-program", "refresh"),
        ("watch", "up"),
    ],
)
def test_the_command_is_found_above(arguments: str, expected: str) -> None:
    # A process whose first argument is pulumi, as the engine's; the program is below it.
    command = ["bash", "-c", 'exec -a pulumi bash -c "$0" "$@"', PROGRAM, "x", *arguments.split()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == expected


def test_without_pulumi_above_it_is_taken_for_the_stricter() -> None:
    command = [sys.executable, "-c", "from elastx_mrs.component.engine import operation; print(operation())"]
    assert subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip() == "up"
