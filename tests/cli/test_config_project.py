"""What the project's ``Pulumi.yaml`` gives its stacks is taken with each one's file, as Pulumi was seen to (3.259)."""

from pathlib import Path

import pytest

from tests import golden
from tests.cli.stackfiles import errors, findings, marked, run, whole, write

PROJECT = f"""name: elastx-mrs
runtime: python
stackConfigDir: stacks
config:
  accounts:
    type: array
    items: {{type: string}}
    default: [smtp-prod@acme.example, newsletter@acme.example]
  elastx-mrs:dkim: {golden.DKIM}
  dmarc:
    value: {{p: quarantine, rua: ["mailto:dmarc@acme.example"]}}
  domains:
    description: has no default
  cloudflare:
    default: {{}}
  spf:
    default: {{}}
  acme:region:
    value: eu-north-1
"""


def test_a_stack_has_what_the_project_gives_it(tmp_path: Path) -> None:
    write(tmp_path / "Pulumi.yaml", PROJECT)
    file = write(tmp_path / "stacks" / "Pulumi.prod.yaml", "config:\n  elastx-mrs:domains: [example.com, example.se]\n")
    result = run(file)
    # Of each domain two challenges, SPF, DKIM and DMARC; and no remark on a policy of none, for there is another.
    assert result.stdout.splitlines()[-1] == f"{file}: ok: 2 domains, 2 accounts, 10 records"
    assert not any(one["path"] == "dmarc" for one in findings(file))


def test_what_a_stack_has_itself_takes_the_whole_place_of_it(tmp_path: Path) -> None:
    write(tmp_path / "Pulumi.yaml", PROJECT)
    own = "config:\n  elastx-mrs:domains: [example.com]\n  elastx-mrs:accounts: [a@acme.example]\n"
    file = write(tmp_path / "Pulumi.prod.yaml", own + "  elastx-mrs:dmarc: {rua: [mailto:a@b.se]}\n")
    assert run(file).stdout.splitlines()[-1] == f"{file}: ok: 1 domain, 1 account, 4 records"
    (one,) = (one for one in findings(file) if one["path"] == "dmarc")
    assert "says p=none" in whole(one)  # p is not merged into it


def test_a_fault_of_the_project_s_is_told_once_and_there(tmp_path: Path) -> None:
    given = marked(PROJECT.replace("newsletter@acme.example", "«nope"))
    project = write(tmp_path / "Pulumi.yaml", given.text)
    text = "config:\n  elastx-mrs:domains: [example.com]\n"
    files = [write(tmp_path / "stacks" / f"Pulumi.{name}.yaml", text) for name in ("prod", "test")]
    (one,) = (one for one in findings(*files) if one["level"] == "error")
    assert (one["file"], one["path"], [(one["line"], one["column"])]) == (project, "accounts[1]", given.places)
    result = run(*files)
    assert result.stdout.count("accounts[1]: 'nope'") == 1
    assert ": ok" not in result.stdout
    assert result.exit_code == 1


def test_a_key_in_plain_text_there_is_a_fault_too(tmp_path: Path) -> None:
    given = marked(PROJECT + "  «tsigKey: c2VjcmV0\n")
    project = write(tmp_path / "Pulumi.yaml", given.text)
    file = write(tmp_path / "Pulumi.prod.yaml", "config:\n  elastx-mrs:domains: [example.com]\n")
    (one,) = errors(file)
    assert (one["file"], one["path"], [(one["line"], one["column"])]) == (project, "tsigKey", given.places)
    assert "c2VjcmV0" not in run(file).output


def test_a_key_without_a_namespace_is_the_project_s_own(tmp_path: Path) -> None:
    write(tmp_path / "Pulumi.yaml", PROJECT)
    given = marked("config:\n  domains: [example.com, «https://example.se]\n")
    (one,) = errors(write(tmp_path / "Pulumi.prod.yaml", given.text))
    assert (one["path"], [(one["line"], one["column"])]) == ("domains[1]", given.places)
    # In another project it is another's.
    other = write(tmp_path / "other" / "Pulumi.prod.yaml", given.text)
    write(tmp_path / "other" / "Pulumi.yaml", "name: acme-mail\nruntime: yaml\n")
    assert "skipped" in run(other).stderr


def test_a_project_may_be_called_nearly_as_our_namespace(tmp_path: Path) -> None:
    text = "config:\n  elastx-mr:region: eu-north-1\n"
    file = write(tmp_path / "Pulumi.prod.yaml", text)
    assert [one["path"] for one in errors(file)] == ["elastx-mr:region"]
    write(tmp_path / "Pulumi.yaml", "name: elastx-mr\nruntime: yaml\n")
    assert "skipped" in run(file).stderr


def test_the_nearest_project_counts(tmp_path: Path) -> None:
    write(tmp_path / "Pulumi.yaml", PROJECT)
    write(tmp_path / "near" / "Pulumi.yml", "name: acme-mail\nruntime: yaml\n")
    file = write(tmp_path / "near" / "stacks" / "Pulumi.prod.yaml", "config:\n  elastx-mrs:domains: [example.com]\n")
    assert [one["path"] for one in errors(file)] == ["accounts", "dkim"]


def test_a_project_s_file_that_is_no_yaml_is_told_where_it_matters(tmp_path: Path) -> None:
    project = write(tmp_path / "Pulumi.yaml", "name: [\n")
    file = write(tmp_path / "Pulumi.prod.yaml", "config:\n  elastx-mrs:domains: [example.com]\n")
    result = run(file)
    assert result.exit_code == 1
    assert result.stdout.startswith(f"{project}:2:1: is not YAML: ")
    other = run(write(tmp_path / "Pulumi.other.yaml", "config:\n  acme:x: 1\n"))
    assert (other.exit_code, other.stdout) == (0, "")


def test_a_project_s_file_is_named_from_where_the_command_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "repo" / "Pulumi.yaml", PROJECT.replace("quarantine", "nothing"))
    write(tmp_path / "repo" / "stacks" / "Pulumi.prod.yaml", "config:\n  elastx-mrs:domains: [example.com]\n")
    monkeypatch.chdir(tmp_path / "repo")
    (one,) = errors("stacks/Pulumi.prod.yaml")
    assert (one["file"], one["path"]) == ("Pulumi.yaml", "dmarc.p")
    monkeypatch.chdir(tmp_path / "repo" / "stacks")
    (one,) = errors("Pulumi.prod.yaml")
    assert one["file"] == str(tmp_path / "repo" / "Pulumi.yaml")
