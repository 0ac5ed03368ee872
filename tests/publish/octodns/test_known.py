"""The classes that ``elastx-mrs init`` knows: as the docs list them, and as their packages take them."""

import json
import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from elastx_mrs.cli.main import main
from elastx_mrs.publish.octodns import known
from elastx_mrs.publish.octodns.configured import described
from elastx_mrs.publish.octodns.settings import in_plain_text
from elastx_mrs.publish.rrset.publisher import RrsetPublisher
from tests import golden
from tests.engine.stack import ROOT
from tests.publish.octodns.powerdns import PowerDns
from tests.publish.rrset.program import Program

PAGE = (ROOT / "docs" / "octodns.md").read_text(encoding="utf-8")
ROWS = {row[1]: row for row in re.findall(r"\| `([\w-]+)` \| `([\w.]+)` \| (.*) \|", PAGE)}


@pytest.mark.parametrize("path", known.CLASSES)
def test_the_table_in_the_docs_has_the_same_keys(path: str) -> None:
    package, _, keys = ROWS[path]
    assert package == known.package(path)
    zones = ["zones"] if path in known.CANNOT_LIST else []
    assert re.findall("`([^`]+)`", keys) == [*known.CLASSES[path], *zones]


def test_the_docs_list_no_other_class() -> None:
    assert ROWS.keys() == known.CLASSES.keys()


@pytest.mark.parametrize("path", known.CLASSES)
def test_no_key_holds_a_secret(path: str) -> None:
    assert list(in_plain_text(known.of_answers({"class": path}))) == []


@pytest.mark.parametrize("path", ["octodns_powerdns.PowerDnsProvider", "octodns_bind.Rfc2136Provider"])
def test_a_class_takes_its_usual_keys(path: str) -> None:
    settings = known.of_answers({"class": path})
    needed = [one.partition(":")[0] for one in known.needs(settings).credentials]
    values = {one: "127.0.0.1" if one.endswith("_HOST") else "c2l4dGVlbiBvY3RldHM=" for one in needed}
    found = described(lambda _: json.dumps(settings), values)
    for one in found.values():
        one.made()


def test_a_project_of_init_publishes(pdns: PowerDns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = [f"{key}={value}" for key, value in pdns.config.items()]
    given = ["--domain", "example.com", "--account", golden.ACCOUNT, "--dkim", golden.DKIM, "--publisher", "octodns"]
    result = CliRunner().invoke(main, ["init", *given, *(one for text in settings for one in ("--setting", text))])
    assert result.exit_code == 0, result.output
    config = yaml.safe_load(Path("Pulumi.prod.yaml").read_text())["config"]
    publisher = Program("octodns").publisher(
        **{key.removeprefix("elastx-mrs:"): value for key, value in config.items()}
    )
    assert isinstance(publisher, RrsetPublisher)
    assert publisher._zones["example.com"].id == "powerdns/example.com"
