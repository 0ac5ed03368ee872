"""``--stack-config``: every command reads a stack's file as Pulumi does, and says in one line what it cannot read."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from elastx_mrs.cli.main import main
from tests import golden
from tests.cli.stackfiles import run as check
from tests.cli.stackfiles import write

OWN = f"""  elastx-mrs:accounts: [{golden.ACCOUNT}]
  elastx-mrs:dkim: {golden.DKIM}
  elastx-mrs:domains: [domain.com]
  elastx-mrs:rfc2136: {{zones: [domain.com], keyName: mail}}
"""
GOOD = f"config:\n{OWN}"

COMMANDS = [["records"], ["verify"], ["rfc2136", "policy"], ["adopt", "--import"]]


def run(command: list[str], file: str, *arguments: str) -> Result:
    nobody = {"ELASTX_MRS_NAMESERVERS": "127.0.0.1:9"}  # what should end before it asks asks nobody
    result = CliRunner().invoke(
        main, [*command, "--stack-config", file, *arguments], prog_name="elastx-mrs", env=nobody
    )
    assert isinstance(result.exception, SystemExit | None), result.exc_info
    return result


def dmarc(file: str) -> str:
    rows = json.loads(run(["records"], file, "--format", "json").stdout)
    (value,) = {row["value"] for row in rows if row["kind"] == "dmarc"}
    return str(value)


@pytest.mark.parametrize("mode", ["verification: off", "guard: off", "guard: {mode: off}", "verification: {mode: off}"])
def test_off_is_a_mode_as_pulumi_reads_it(mode: str, tmp_path: Path) -> None:
    file = write(tmp_path / "Pulumi.test.yaml", f"{GOOD}  elastx-mrs:{mode}\n")
    result = run(["records"], file)
    assert result.exit_code == 0, result.stderr
    assert run(["rfc2136", "policy"], file).exit_code == 0
    assert check(file).exit_code == 0


def test_verification_that_is_off_is_not_run(tmp_path: Path) -> None:
    result = run(["verify"], write(tmp_path / "Pulumi.test.yaml", f"{GOOD}  elastx-mrs:verification: off\n"))
    assert "verification is off for every domain" in result.stderr


@pytest.mark.parametrize(
    ("project", "stack", "wanted"),
    [
        ("dmarc: {value: {p: reject}}", "", "v=DMARC1; p=reject"),
        ("elastx-mrs:dmarc: {default: v=DMARC1; p=reject}", "", "v=DMARC1; p=reject"),
        ("dmarc: {default: {p: reject}}", "elastx-mrs:dmarc: {p: quarantine}", "v=DMARC1; p=quarantine"),
        ("dmarc: {default: {p: reject}}", "dmarc: {sp: reject}", "v=DMARC1; p=none; sp=reject"),
        ("dmarc: {default: {p: reject}}", "elastx-mrs:dmarc:", "v=DMARC1; p=none"),  # empty text, as Pulumi has it
    ],
)
def test_the_project_s_defaults_are_taken(project: str, stack: str, wanted: str, tmp_path: Path) -> None:
    write(tmp_path / "Pulumi.yaml", f"name: elastx-mrs\nruntime: python\nconfig:\n  {project}\n")
    file = write(tmp_path / "Pulumi.test.yaml", f"{GOOD}  {stack}\n")
    assert dmarc(file).removesuffix(";").startswith(wanted)


def test_the_project_may_give_everything(tmp_path: Path) -> None:
    given = OWN.replace("rfc2136: {", "rfc2136: {value: {").replace("}", "}}")
    write(tmp_path / "Pulumi.yaml", f"name: elastx-mrs\nruntime: python\nstackConfigDir: stacks\nconfig:\n{given}")
    file = write(tmp_path / "stacks" / "Pulumi.test.yaml", "# nothing of its own\n")
    assert dmarc(file) == "v=DMARC1; p=none;"
    for command in COMMANDS[2:]:
        assert "has no config" not in run(command, file).stderr
    policy = run(["rfc2136", "policy"], file)
    assert "grant mail name _dmarc.domain.com. TXT;" in policy.stdout


def test_a_fault_of_the_project_s_is_named_in_its_file(tmp_path: Path) -> None:
    text = "name: elastx-mrs\nruntime: python\nconfig:\n  dmarc:\n    value: {p: rejct}\n"
    project = write(tmp_path / "Pulumi.yaml", text)
    result = run(["records"], write(tmp_path / "Pulumi.test.yaml", GOOD))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {project}:5:13: dmarc.p: is 'rejct'")


def test_each_fault_has_its_place(tmp_path: Path) -> None:
    file = write(tmp_path / "Pulumi.test.yaml", GOOD.replace("[domain.com]\n", "[https://x.se, a.example]\n", 1))
    lines = run(["records"], file).stderr.splitlines()
    assert lines[0] == "Error: 2 faults:"
    assert [line.split(" ")[2] for line in lines[1:]] == [f"{file}:4:24:", f"{file}:4:38:"]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("config:\n  elastx-mrs:domains: [a\n", "3:1"),
        ("config:\n\telastx-mrs:ttl: 1\n", "2:1"),
        (f"{GOOD}  elastx-mrs:ttl: 1\n  elastx-mrs:ttl: 2\n", "7:3"),
        ("config:\n  elastx-mrs:domains: &a [*a]\n", "2:27"),
        ("config:\n  elastx-mrs:ttl: .inf\n", "2:19"),
        ("config:\n  elastx-mrs:domains: {{ domains }}\n", "2:24"),
        ("config: 3\n", "1:1"),
    ],
)
def test_what_cannot_be_read_is_one_line_with_its_place(
    command: list[str], text: str, place: str, tmp_path: Path
) -> None:
    file = write(tmp_path / "Pulumi.test.yaml", text)
    result = run(command, file)
    assert result.exit_code not in (0, 1)
    assert result.stdout == ""
    assert result.stderr.startswith(f"Error: {file}:{place}: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("project", ["name: [\n", "runtime: python\n", "name: a\nname: b\n", "", "\x07"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_project_s_file_that_cannot_be_read_is_one_line(command: list[str], project: str, tmp_path: Path) -> None:
    path = write(tmp_path / "Pulumi.yaml", project)
    result = run(command, write(tmp_path / "Pulumi.test.yaml", GOOD))
    assert result.exit_code not in (0, 1)
    assert result.stderr.startswith(f"Error: {path}:")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "text",
    [
        "x: " + "[" * 50_000 + "\n",
        "x: " + "[" * 300_000 + "]" * 300_000 + "\n",
        "x: " + "{a: " * 300_000 + "\n",
        "- " * 300_000 + "\n",
        "".join(" " * depth + "a:\n" for depth in range(3_000)),
        "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 5_000)),
        "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: *a{n - 1}}}\n" for n in range(1, 5_000)),
        "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 60)),
    ],
)
@pytest.mark.parametrize("command", ["records --stack-config", "config check"])
def test_deep_nesting_is_one_line_and_no_crash(command: str, text: str, tmp_path: Path) -> None:
    """In a process of its own: the reader of before took this one with it (SIGSEGV)."""
    file = write(tmp_path / "Pulumi.test.yaml", f"{GOOD}{text}")
    program = "from elastx_mrs.cli.main import main; main(prog_name='elastx-mrs')"
    arguments = [sys.executable, "-c", program, *command.split(), file]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=60)
    plain_fault = command == "config check" and "is not YAML" in done.stdout
    assert done.returncode == (1 if plain_fault else 2)
    assert (done.stdout + done.stderr).removeprefix("Error: ").startswith(f"{file}:")
    assert (done.stdout + done.stderr).count("\n") == 1


@pytest.mark.parametrize("value", ["[" * 200_000, '{"a":' * 200_000])
def test_deep_json_in_a_string_is_one_line(value: str, tmp_path: Path) -> None:
    file = write(tmp_path / "Pulumi.test.yaml", f"{GOOD}  elastx-mrs:spf: {json.dumps(value)}\n")
    result = run(["records"], file)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {file}:6:3: spf: ")
    assert result.stderr.count("\n") == 1
    assert check(file).exit_code == 1
    printed = json.dumps({"elastx-mrs:spf": {"value": value}})
    result = CliRunner().invoke(main, ["records", "--config", "-"], input=printed)
    assert (result.exit_code, result.stdout) == (2, "")


def test_deep_json_in_a_file_is_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["records", "--config", "-"], input="[" * 200_000)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: standard input: has more than 100 nested lists and objects; ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("ttl", ["0x" + "f" * 4_000, "9" * 5_000, "1:00:00", "59:59:59", "0b" + "1" * 70, "²", "1e400"])
def test_a_number_that_is_none_is_one_line(ttl: str, tmp_path: Path) -> None:
    file = write(tmp_path / "Pulumi.test.yaml", f"{GOOD}  elastx-mrs:ttl: {ttl}\n")
    result = run(["records"], file)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {file}:6:3: ttl: is ")
    assert result.stderr.count("\n") == 1
    assert check(file).exit_code == 1


def test_a_file_without_an_end_is_not_read_to_it() -> None:
    result = run(["records"], "/dev/zero")
    assert (result.exit_code, result.stderr) == (2, "Error: /dev/zero: has more than 16 MiB; name a stack's file\n")


def test_standard_input_is_a_stack_of_the_current_folder_s_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "Pulumi.yaml", "name: elastx-mrs\nruntime: python\nconfig:\n  dmarc: {value: {p: reject}}\n")
    monkeypatch.chdir(tmp_path)
    arguments = ["records", "--stack-config", "-", "--format", "json"]
    result = CliRunner().invoke(main, arguments, input=GOOD)
    assert "v=DMARC1; p=reject;" in result.stdout
    result = CliRunner().invoke(main, arguments, input="config: [\n")
    assert result.stderr.startswith("Error: standard input:2:1: is not YAML: ")


@pytest.mark.parametrize("command", COMMANDS)
def test_values_of_pulumi_esc_are_noticed_once(command: list[str], tmp_path: Path) -> None:
    file = write(tmp_path / "Pulumi.test.yaml", f"environment: [mail/prod]\n{GOOD}  elastx-mrs:verification: off\n")
    result = run(command, file)
    name = " ".join(["elastx-mrs", *command])
    assert result.stderr.count("Pulumi ESC") == 1
    assert result.stderr.startswith(f"notice: {file}:1:1: environment: values from Pulumi ESC are not in the file")
    assert f"run: pulumi config --show-secrets --json | {name} --config -\n" in result.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_an_encrypted_value_is_passed_in_to_the_same_command(command: list[str], tmp_path: Path) -> None:
    text = GOOD.replace(f"elastx-mrs:dkim: {golden.DKIM}", "elastx-mrs:dkim: {secure: v1:abc}")
    result = run(command, write(tmp_path / "Pulumi.test.yaml", text))
    name = " ".join(["elastx-mrs", *command])
    assert f"run: pulumi config --show-secrets --json | {name} --config -\n" in result.stderr


def test_what_may_come_from_pulumi_esc_is_missed_after_the_notice(tmp_path: Path) -> None:
    result = run(["records"], write(tmp_path / "Pulumi.test.yaml", "environment: [mail/prod]\nconfig: {}\n"))
    assert result.exit_code == 2
    notice, *rest = result.stderr.splitlines()
    assert notice.startswith("notice: ")
    assert any("accounts: is missing" in line for line in rest)


def test_a_good_file_has_no_notice(tmp_path: Path) -> None:
    file = write(tmp_path / "Pulumi.test.yaml", GOOD + "  elastx-mrs:dmarc: {p: reject, rua: [mailto:a@domain.com]}\n")
    assert run(["rfc2136", "policy"], file).stderr == ""
    assert yaml.safe_load(Path(file).read_text())["config"]
