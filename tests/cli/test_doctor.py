"""``elastx-mrs doctor``: its lines, its JSON and its exit codes, against a lab."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from elastx_mrs.cli.doctor import _say
from elastx_mrs.cli.main import main
from elastx_mrs.lab.session import Lab, open_lab
from tests import golden
from tests.cli.scene import SERVED


@pytest.fixture
def lab(tmp_path: Path) -> Any:
    with open_lab(tmp_path / "lab", SERVED) as running:
        yield running


def doctor(lab: Lab, *arguments: str, stdin: str = "", values: dict[str, Any] | None = None, **more: str) -> Result:
    """Run the command for a stack that publishes by RFC 2136, with a Pulumi that is new enough."""
    folder = lab.directory.parent
    bin_ = folder / "bin"
    bin_.mkdir(exist_ok=True)
    for name, script in (("pulumi", "echo v3.300.0"), ("pulumi-language-python", "")):
        (bin_ / name).write_text(f"#!/bin/sh\n{script}\n")
        (bin_ / name).chmod(0o755)
    own: dict[str, Any] = {"accounts": [golden.ACCOUNT], "dkim": golden.DKIM, "domains": ["example.com"]}
    own |= {"rfc2136": {"zones": ["example.com"]}}
    content = {f"elastx-mrs:{key}": value for key, value in own.items()} | (values or {})
    (folder / "Pulumi.yaml").write_text("name: mail\nruntime: python\n")
    file = folder / "Pulumi.dev.yaml"
    file.write_text(yaml.safe_dump({"config": content}))
    environment = lab.environment() | {"PATH": f"{bin_}:{os.environ['PATH']}"} | more
    given = arguments or ("--stack-config", str(file))
    result = CliRunner().invoke(main, ["doctor", *given], input=stdin, env=environment, prog_name="elastx-mrs")
    assert isinstance(result.exception, SystemExit | None), result.exc_info
    for secret in (lab.key, lab.token):
        assert secret not in result.output
    return result


def test_a_stack_that_has_all_is_a_line_each(lab: Lab) -> None:
    result = doctor(lab)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert [line.split(":")[0].split() for line in lines] == [
        ["pass", "pulumi"],
        ["pass", "language"],
        ["pass", "packages"],
        ["pass", "port-53-udp"],
        ["pass", "port-53-tcp"],
        ["unchecked", "ipv6"],
        ["pass", "rfc2136-key"],
        ["pass", "rfc2136-zone"],
        ["pass", "rfc2136-clock"],
        ["pass", "rfc2136-update"],
    ]


def test_a_problem_has_its_fix_below_it(lab: Lab) -> None:
    result = doctor(lab, ELASTX_MRS_RFC2136_KEY="")
    assert result.exit_code == 1
    at = next(index for index, line in enumerate(result.stdout.splitlines()) if "rfc2136-key" in line)
    below = result.stdout.splitlines()[at + 1 : at + 3]
    assert any("pulumi config set --secret elastx-mrs:tsigKey" in line for line in below)


def test_what_cannot_be_asked_is_3(lab: Lab) -> None:
    assert doctor(lab, ELASTX_MRS_RFC2136_SERVER="127.0.0.1:9").exit_code == 3


def test_what_is_encrypted_is_unchecked_until_the_config_is_piped_in(lab: Lab) -> None:
    values = {"elastx-mrs:tsigKey": {"secure": "v1:abc"}}
    result = doctor(lab, values=values, ELASTX_MRS_RFC2136_KEY="")
    assert result.exit_code == 0
    assert "unchecked    rfc2136-key: tsigKey is encrypted" in result.stdout
    shown: dict[str, Any] = {"elastx-mrs:tsigKey": {"value": lab.key, "secret": True}}
    for key, value in (("accounts", [golden.ACCOUNT]), ("domains", ["example.com"])):
        shown[f"elastx-mrs:{key}"] = {"value": json.dumps(value), "objectValue": value}
    shown["elastx-mrs:dkim"] = {"value": golden.DKIM}
    rfc2136 = {"zones": ["example.com"]}
    shown["elastx-mrs:rfc2136"] = {"value": json.dumps(rfc2136), "objectValue": rfc2136}
    result = doctor(lab, "--config", "-", stdin=json.dumps(shown), ELASTX_MRS_RFC2136_KEY="")
    assert result.exit_code == 0, result.output
    assert "pass         rfc2136-update" in result.stdout


def test_the_json(lab: Lab) -> None:
    result = doctor(lab, "--stack-config", str(lab.directory.parent / "Pulumi.dev.yaml"), "--format", "json")
    content = json.loads(result.stdout)
    assert list(content) == ["checks"]
    assert [check["check"] for check in content["checks"]][:2] == ["pulumi", "language"]
    assert all({"verdict", "expected", "seen"} <= check.keys() for check in content["checks"])


@pytest.mark.parametrize(
    "arguments", [("--format", "json"), ("--config", "-", "--stack-config", "x"), ("--config", "-")]
)
def test_bad_input_is_2(lab: Lab, arguments: tuple[str, ...]) -> None:
    assert doctor(lab, *arguments, stdin="[").exit_code == 2


def test_a_project_of_this_folder_that_cannot_be_read_is_2(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("runtime: python\n")
    content = {"elastx-mrs:accounts": {"value": json.dumps([golden.ACCOUNT])}}
    content |= {"elastx-mrs:domains": {"value": '["example.com"]'}, "elastx-mrs:dkim": {"value": golden.DKIM}}
    (tmp_path / "config.json").write_text(json.dumps(content))
    result = CliRunner().invoke(main, ["doctor", "--config", "config.json"], env=lab.environment())
    assert (result.exit_code, "has no name" in result.output) == (2, True)


def test_a_wait_is_told_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    _say(["pulumi", "rfc2136-zone", "pulumi"], 2.0)
    assert capsys.readouterr().err == "still checking: pulumi, rfc2136-zone …\n"


def test_a_project_that_cannot_be_read_is_2(lab: Lab) -> None:
    doctor(lab)
    (lab.directory.parent / "Pulumi.yaml").write_text("runtime: python\n")
    file = lab.directory.parent / "Pulumi.dev.yaml"
    result = CliRunner().invoke(main, ["doctor", "--stack-config", str(file)], env=lab.environment())
    assert result.exit_code == 2
    assert "has no name" in result.output


def test_without_a_stack_it_names_the_files_that_are_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    one_way = "name the stack in one way: --stack-config FILE or --config FILE"
    assert CliRunner().invoke(main, ["doctor"]).stderr.rstrip().endswith(one_way)
    (tmp_path / "Pulumi.yaml").touch()
    (tmp_path / "Pulumi.lab.yaml").touch()
    result = CliRunner().invoke(main, ["doctor"])
    assert (result.exit_code, result.stderr.rstrip().rpartition(one_way)[2]) == (
        2,
        ", such as --stack-config Pulumi.lab.yaml",
    )
