"""A provider of whole record sets in a package of its own: the three modules that ``docs/publishers.md`` shows."""

import re
from pathlib import Path
from typing import cast

import pulumi
import pytest

from elastx_mrs import registry
from elastx_mrs.config.parse import parse_stack
from elastx_mrs.publish.publisher import Setup
from elastx_mrs.publish.rrset import gathering
from elastx_mrs.publish.rrset.publisher import RrsetPublisher
from elastx_mrs.publish.rrset.record import TxtStrings
from tests import golden
from tests.engine.stack import ROOT

PAGE = (ROOT / "docs" / "publishers.md").read_text(encoding="utf-8").partition("## An API of whole record sets")[2]
MODULES = dict(re.findall(r"```python\n# exampledns/(\w+)\.py\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture
def exampledns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the package as the page has it; its API is a dictionary."""
    about, package = tmp_path / "exampledns-1.0.dist-info", tmp_path / "exampledns"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: exampledns\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[{registry.GROUP}]\nexampledns = exampledns.settings\n")
    package.mkdir()
    (package / "__init__.py").write_text("")
    for name, text in MODULES.items():
        (package / f"{name}.py").write_text(text)
    (package / "api.py").write_text(
        "SETS = {}\n"
        "def zones(): return ['example.com']\n"
        "def txt(zone): return SETS.items()\n"
        "def compare_and_swap(zone, owner, old, new):\n"
        "    if SETS.get(owner) != old: return False\n"
        "    SETS.pop(owner, None)\n"
        "    if new: SETS[owner] = new\n"
        "    return True\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(gathering, "MOST", 0.0)


@pytest.mark.usefixtures("exampledns")
def test_the_page_s_package_publishes() -> None:
    assert set(MODULES) == {"settings", "record_sets", "publisher"}
    given = {
        "elastx-mrs:accounts": ["a@acme.example"],
        "elastx-mrs:dkim": golden.DKIM,
        "elastx-mrs:domains": ["example.com"],
        "elastx-mrs:exampledns": {},
        "elastx-mrs:adopt": ["example.com"],
    }
    arguments = parse_stack(given)
    ((provider, settings),) = arguments.publishers
    said: list[str] = []
    setup = Setup(
        settings,
        arguments,
        cast("pulumi.Resource", None),
        "mail",
        {},
        lambda level, text: said.append(text),
        lambda _: None,
    )
    publisher = provider.make(setup)
    assert isinstance(publisher, RrsetPublisher)
    assert provider.adopts_by_config
    strings = TxtStrings(lambda _: None)
    props = {"publisher": "exampledns", "zone": "example.com", "owner": "example.com", "value": golden.SPF}
    _, made = strings.create(props)
    assert strings.read(made) == made
    strings.delete(made)
    assert strings.read(made) is None
    assert said == []
