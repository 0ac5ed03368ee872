"""``elastx-mrs records`` as a user runs it: its output and its exit code."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests import golden
from tests.cli.commands import completed
from tests.servers import require

STACK = {
    "config": {
        "elastx-mrs:accounts": [golden.ACCOUNT],
        "elastx-mrs:dkim": golden.DKIM_PAGE,
        "elastx-mrs:domains": ["domain.com", {"name": "bücher.example", "dmarc": golden.DMARC, "ttl": 300}],
    }
}


@pytest.fixture
def stack_file(tmp_path: Path) -> str:
    path = tmp_path / "Pulumi.test.yaml"
    path.write_text(yaml.safe_dump(STACK, allow_unicode=True), encoding="utf-8")
    return str(path)


def test_json_rows_are_what_the_page_asks_for(stack_file: str) -> None:
    result = completed("records", "--stack-config", stack_file, "--format", "json")
    assert result.returncode == 0, result.stderr
    rows = json.loads(result.stdout)
    assert [list(row) for row in rows] == [["domain", "kind", "name", "value", "ttl", "external"]] * 8
    assert {row.pop("external") for row in rows} == {False}
    assert rows[:4] == [
        {"domain": "domain.com", "kind": "challenge", "name": "domain.com", "value": golden.TOKEN, "ttl": 1800},
        {"domain": "domain.com", "kind": "spf", "name": "domain.com", "value": golden.SPF, "ttl": 1800},
        {
            "domain": "domain.com",
            "kind": "dkim",
            "name": "elastx._domainkey.domain.com",
            "value": golden.DKIM,
            "ttl": 1800,
        },
        {
            "domain": "domain.com",
            "kind": "dmarc",
            "name": "_dmarc.domain.com",
            "value": "v=DMARC1; p=none;",
            "ttl": 1800,
        },
    ]
    assert rows[7]["name"] == "_dmarc.xn--bcher-kva.example"
    assert rows[7]["value"] == golden.DMARC
    assert rows[7]["ttl"] == 300


def test_options_and_pulumi_s_json_give_the_same() -> None:
    options = ["--account", golden.ACCOUNT, "--domain", "domain.com", "--dkim", golden.DKIM]
    by_options = completed("records", *options, "--format", "json")
    shown = {
        "elastx-mrs:accounts": {
            "value": json.dumps([golden.ACCOUNT]),
            "objectValue": [golden.ACCOUNT],
            "secret": False,
        },
        "elastx-mrs:domains": {"value": '["domain.com"]', "objectValue": ["domain.com"], "secret": False},
        "elastx-mrs:dkim": {"value": golden.DKIM, "secret": True},
        "cloudflare:apiToken": {"secret": True},
    }
    by_config = completed("records", "--config", "-", "--format", "json", stdin=json.dumps(shown))
    assert by_options.returncode == by_config.returncode == 0
    assert by_options.stdout == by_config.stdout
    assert len(json.loads(by_options.stdout)) == 4


@pytest.mark.parametrize("zone", ["domain.com", "xn--bcher-kva.example"])
def test_the_zone_format_is_accepted_by_named_checkzone(stack_file: str, zone: str, tmp_path: Path) -> None:
    path = tmp_path / "zone"
    path.write_text(completed("records", "--stack-config", stack_file, "--format", "zone").stdout)
    result = subprocess.run(
        [require("named-checkzone"), "-D", zone, str(path)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert f'"{golden.DKIM_FIRST}" "{golden.DKIM_REST}"' in result.stdout


def test_the_fragment_has_no_soa_and_no_ns(stack_file: str) -> None:
    text = completed("records", "--stack-config", stack_file, "--format", "fragment").stdout
    records = [line for line in text.splitlines() if not line.startswith(";")]
    assert len(records) == 8
    assert all(" IN TXT " in line for line in records)


def test_markdown_and_table(stack_file: str) -> None:
    text = completed("records", "--stack-config", stack_file, "--format", "markdown").stdout
    markdown, remarks = (part.splitlines() for part in text.split("\n\n"))
    assert len(markdown) == 10
    assert {line.count("|") for line in markdown} == {6}
    assert all(line.startswith(("- **warning** `", "- **notice** `")) for line in remarks)
    table = completed("records", "--stack-config", stack_file).stdout.splitlines()
    assert len(table) == 9
    assert table[1].endswith(golden.TOKEN)


def test_a_bar_in_a_value_does_not_end_the_cell() -> None:
    options = ["--account", golden.ACCOUNT, "--domain", "domain.com", "--dkim", f"v=DKIM1; n=a|b; p={golden.KEY}"]
    result = completed("records", *options, "--format", "markdown")
    assert "n=a\\|b" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "given", "message"),
    [
        ([], "", "in one way"),
        (["--stack-config", "x", "--account", "a@b.se"], "", "in one way"),
        (["--stack-config", "missing.yaml"], "", "missing.yaml: No such file"),
        (["--config", "-"], "not json", "standard input: is not JSON"),
        (["--config", "-"], "[]", "is not what pulumi config"),
        (["--config", "-"], '{"elastx-mrs:dkim": {"secret": true}}', "dkim: is encrypted"),
        (["--account", "nope", "--domain", "domain.com", "--dkim", golden.DKIM], "", "--account (number 1): 'nope'"),
        (
            ["--account", "a@b.se", "--domain", "x.se", "--domain", "x", "--dkim", "y"],
            "",
            "--domain (number 2): is a single",
        ),
        (["--account", "a@b.se", "--domain", "x.se"], "", "--dkim: is missing"),
        (["--account", "a@b.se", "--dkim", golden.DKIM], "", "--domain: is missing"),
    ],
)
def test_bad_input_is_said_on_standard_error_with_exit_code_2(arguments: list[str], given: str, message: str) -> None:
    result = completed("records", *arguments, stdin=given)
    assert result.returncode == 2
    assert result.stdout == ""
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_a_stack_file_that_is_no_yaml_or_has_no_config(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    for text, message in [("a: [", "is not YAML"), ("", "has no config"), ("config: 3", "config: has no keys")]:
        path.write_text(text)
        result = completed("records", "--stack-config", str(path))
        assert (result.returncode, message in result.stderr) == (2, True), result.stderr


def test_a_secret_in_the_stack_file_says_how_to_open_it(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    content = {"config": STACK["config"] | {"elastx-mrs:dkim": {"secure": "v1:abc"}}}
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    result = completed("records", "--stack-config", str(path))
    assert result.returncode == 2
    assert "dkim: is encrypted" in result.stderr
    assert "pulumi config --show-secrets --json | elastx-mrs records --config -" in result.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["records", "--help"], ["completion", "bash"]])
def test_help_and_completion_print_something(arguments: list[str]) -> None:
    result = completed(*arguments)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip()


def test_the_command_loads_neither_pulumi_nor_a_provider_nor_a_resolver(stack_file: str) -> None:
    program = (
        "import sys\nfrom elastx_mrs.cli.main import main\n"
        f"main(['records', '--stack-config', {stack_file!r}], standalone_mode=False)\n"
        "print([m for m in ('pulumi', 'pulumi_cloudflare', 'cloudflare', 'dns') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[]"


def test_commands_without_a_config_do_not_load_its_model() -> None:
    program = (
        "import sys\n"
        "from elastx_mrs.cli import lab, message, review, smtp, spf, verify\n"
        "print([m for m in ('pydantic', 'yaml', 'pulumi') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (["--help"], ["pydantic", "yaml", "asyncio", "socket", "html", "subprocess", "rich"]),
        (
            ["records", "--account", golden.ACCOUNT, "--domain", "domain.com", "--dkim", golden.DKIM],
            ["asyncio", "html", "subprocess", "rich", "wcwidth", "importlib.metadata", "elastx_mrs.verify"],
        ),
    ],
)
def test_a_command_loads_nothing_that_it_does_not_use(arguments: list[str], unneeded: list[str]) -> None:
    """Every package that is imported delays each run."""
    program = (
        f"import sys\nsys.argv = ['elastx-mrs', *{arguments!r}]\nfrom elastx_mrs.cli.entry import run\n"
        f"try:\n    run()\nfinally:\n    print([m for m in {unneeded!r} if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[]"
