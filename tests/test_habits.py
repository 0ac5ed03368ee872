"""What a contributor meets first: the hooks before a commit, the CI, and the forms of the repository."""

import re
from typing import Any

import yaml

from tests.engine.stack import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()


def loaded(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text())


def recipe(target: str) -> list[str]:
    """Return the commands of a target of the Makefile."""
    match = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert match is not None, f"make {target}"
    return [line.strip().removeprefix("@") for line in match[1].splitlines()]


def test_the_hooks_are_make_check() -> None:
    (own,) = loaded(".pre-commit-config.yaml")["repos"]
    assert own["repo"] == "local"
    assert [hook["entry"] for hook in own["hooks"]] == [f".venv/bin/{command}" for command in recipe("check")]
    for hook in own["hooks"]:
        assert (hook["language"], hook["pass_filenames"]) == ("system", False)
        re.compile(hook.get("files", ""))
