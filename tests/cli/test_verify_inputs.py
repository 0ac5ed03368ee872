"""The files that ``elastx-mrs verify`` reads: how much of them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from elastx_mrs import limits
from elastx_mrs.cli import verify as cli_verify
from elastx_mrs.cli.main import main


def run(*arguments: str) -> Result:
    nobody = {"ELASTX_MRS_NAMESERVERS": "127.0.0.1:9"}  # what should end before it asks asks nobody
    return CliRunner().invoke(main, ["verify", *arguments], env=nobody)


@pytest.mark.limit("ROOT_HINTS")
def test_root_hints_have_a_limit(tmp_path: Path) -> None:
    problem = "Error: --root-hints /dev/zero: has more than 1 MiB; name a file such as IANA's named.root\n"
    done = run("good.com", "--root-hints", "/dev/zero")
    assert (done.exit_code, done.stderr) == (2, problem)
    file = tmp_path / "hints"
    file.write_text("$GENERATE 1-99999999 a$ 300 IN A 192.0.2.1\n", encoding="ascii")
    assert "has no addresses" in run("good.com", "--root-hints", str(file)).stderr
    file.write_text(". 300 IN NS a.\na. 300 IN A 192.0.2.1\n".ljust(2**20, "\n"), encoding="ascii")
    assert cli_verify._root_hints(str(file))
    file.write_text(f"{file.read_text(encoding='ascii')}\n", encoding="ascii")
    assert "has more than 1 MiB" in run("good.com", "--root-hints", str(file)).stderr


@pytest.mark.limit("JSON_FILE")
def test_a_json_file_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = {"domain": "a.example", "kind": "spf", "name": "a.example", "value": "v=spf1 -all", "ttl": 300}
    text = json.dumps([record])
    monkeypatch.setattr(limits, "JSON_FILE", limits.JSON_FILE._replace(most=len(text)))
    file = tmp_path / "records.json"
    file.write_text(text, encoding="ascii")
    assert len(cli_verify._records(str(file))) == 1
    file.write_text(f"{text} ", encoding="ascii")
    done = run("--records", str(file))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: {file}: has more than {len(text)} octets; print them again with ")


@pytest.mark.limit("RECORDS")
def test_records_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = {"domain": "a.example", "kind": "spf", "name": "a.example", "value": "v=spf1 -all", "ttl": 300}
    file = tmp_path / "records.json"
    monkeypatch.setattr(limits, "RECORDS", limits.RECORDS._replace(most=3))
    file.write_text(json.dumps([record] * 4), encoding="ascii")
    done = run("--records", str(file))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"Error: {file}: has more than 3 records; verify them in several runs\n"
    file.write_text(json.dumps([record] * 3), encoding="ascii")
    assert len(cli_verify._records(str(file))) == 3
