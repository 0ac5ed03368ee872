"""What is wrong with an input is told on that resource, in every language, and never as a traceback of the plugin's."""

import re
from pathlib import Path

import pytest

from tests.languages.programs import LANGUAGES, ONCE, Workspace

pytestmark = pytest.mark.engine

PATHS = {"go": ("Accounts[0]", "Domains[2].Name")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_wrong_inputs_are_told_by_their_paths(language: str, tmp_path: Path, workspace: Workspace) -> None:
    stack = workspace.example(language, tmp_path, {})
    program = stack.directory / ONCE[language][0]
    text = program.read_text().replace("smtp-prod@", "smtp-prod")
    program.write_text(re.sub(r'(?i)(name"?: (pulumi\.String\()?"?)example\.se', r"\1example_se", text))
    result = stack.preview(check=False)
    said = result.stdout + result.stderr
    assert result.returncode != 0
    account, domain = PATHS.get(language, ("accounts[0]", "domains[2].name"))
    assert f"{account}: " in said
    assert f"{domain}: " in said
    assert "Unexpected <class" not in said
    assert "bug in the provider" not in said
    assert "elastx_mrs/plugin" not in said
    if language != "class":
        assert "elastx-mrs:index:MailRelay resource 'mail' has a problem: " in said
