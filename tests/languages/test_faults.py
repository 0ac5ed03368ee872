"""What is wrong with an input is told on that resource, and never as a traceback of the plugin's.

In programs that are not compiled; for the others ``test_inputs.py`` has the paths, and ``test_languages.py`` what a
refusal looks like.
"""

import re
from pathlib import Path

import pytest

from tests.languages.programs import ONCE, Workspace

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("language", ["class", "python", "yaml"])
def test_wrong_inputs_are_told_by_their_paths(language: str, tmp_path: Path, workspace: Workspace) -> None:
    stack = workspace.example(language, tmp_path, {})
    program = stack.directory / ONCE[language][0]
    text = program.read_text().replace("smtp-prod@", "smtp-prod")
    program.write_text(re.sub(r'(name"?: "?)example\.se', r"\1example_se", text))
    result = stack.preview(check=False)
    said = result.stdout + result.stderr
    assert result.returncode != 0
    assert "accounts[0]: " in said
    assert "domains[2].name: " in said
    assert "Unexpected <class" not in said
    assert "bug in the provider" not in said
    assert "elastx_mrs/plugin" not in said
    if language != "class":
        assert "elastx-mrs:index:MailRelay resource 'mail' has a problem: " in said
