"""The file of a stack: what Pulumi and the check read in it is what was planned."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from elastx_mrs.config.schema import KEPT
from elastx_mrs.scaffold import stack_file
from elastx_mrs.stackfile.check import check
from elastx_mrs.stackfile.stack import read_stack
from tests import golden
from tests.scaffold.plans import ACCOUNTS, plan

ALL = {
    "accounts": [*ACCOUNTS],
    "dkim": golden.DKIM,
    "domains": [dict(one.config) for one in plan().domains],
    "rfc2136": {"zones": ["example.com", "example.se"], "server": "ns1.example.com", "keyName": "mail-relay"},
    "adopt": ["example.com", "_dmarc.news.example.com"],
}


def read(folder: Path, text: str, project: str = "acme-mail") -> dict[str, Any]:
    (folder / "Pulumi.yaml").write_text(f"name: {project}\nruntime: python\n")
    (folder / "Pulumi.prod.yaml").write_text(text, encoding="utf-8")
    return read_stack(str(folder / "Pulumi.prod.yaml")).values


def test_with_everything_it_is_what_was_planned(tmp_path: Path) -> None:
    values = read(tmp_path, stack_file.with_everything(plan()))
    assert values == {f"elastx-mrs:{key}": value for key, value in ALL.items()}
    assert [one for one in check(str(tmp_path / "Pulumi.prod.yaml")).findings if one.level == "error"] == []


def test_beside_a_program_it_has_what_only_a_stack_may_say(tmp_path: Path) -> None:
    values = read(tmp_path, stack_file.beside_a_program(plan()))
    assert values == {
        "acme-mail:dkim": golden.DKIM,
        "elastx-mrs:rfc2136": {"server": "ns1.example.com", "keyName": "mail-relay"},
        "elastx-mrs:adopt": ALL["adopt"],
    }
    assert [one for one in check(str(tmp_path / "Pulumi.prod.yaml")).findings if one.level == "error"] == []


def test_where_nothing_is_left_for_it_it_is_still_a_stack_s_file(tmp_path: Path) -> None:
    text = stack_file.beside_a_program(plan("cloudflare", dkim="", adopt=[]))
    assert read(tmp_path, text) == {}
    assert check(str(tmp_path / "Pulumi.prod.yaml")).findings == ()


@pytest.mark.parametrize("name", ["rfc2136", "cloudflare"])
def test_the_schema_knows_every_key(name: str) -> None:
    valid = Draft7Validator(json.loads(KEPT.read_text())).is_valid
    for made in (stack_file.with_everything(plan(name)), stack_file.beside_a_program(plan(name))):
        assert valid(yaml.safe_load(made))
        assert made.startswith("# yaml-language-server: $schema=stack.schema.json\n")


def test_cloudflare_takes_over_by_import_and_not_by_a_key() -> None:
    text = stack_file.with_everything(plan("cloudflare"))
    assert "elastx-mrs:adopt" not in text
    assert "  elastx-mrs:cloudflare: {} # publish through Cloudflare\n" in text


def test_each_key_and_each_setting_has_its_comment() -> None:
    text = stack_file.with_everything(plan())
    lines = [line for line in text.splitlines() if line.startswith("  elastx-mrs:")]
    assert len(lines) == 5
    assert [line for line in lines if " # " not in line] == []
    assert "    zones: [example.com, example.se] # the zones that your primary name server serves\n" in text


def test_notes_stand_above_their_domain() -> None:
    text = stack_file.with_everything(plan())
    assert "    # 'v=spf1 -all' becomes 'v=spf1 include:elastx.email -all'\n    - name: example.se\n" in text


def test_no_note_leaves_its_comment() -> None:
    text = stack_file.with_everything(plan(notes=["a\n  elastx-mrs:ttl: 1\u2028b\x85c"]))
    assert "elastx-mrs:ttl" not in yaml.safe_load(text)["config"]


@given(st.text(st.characters(min_codepoint=33, max_codepoint=0x2FFF, categories=["L", "N", "P", "S"]), min_size=1))
def test_every_account_is_read_as_it_was_typed(text: str) -> None:
    """Quotes, colons, number signs, words that YAML reads as something else."""
    made = stack_file.with_everything(plan(accounts=[text, "on", "12", "# a"]))
    assert yaml.safe_load(made)["config"]["elastx-mrs:accounts"] == [text, "on", "12", "# a"]
