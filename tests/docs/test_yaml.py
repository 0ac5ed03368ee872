"""Every block of config in a page passes ``elastx-mrs config check``."""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from elastx_mrs.registry import BUILT_IN
from elastx_mrs.stackfile.document import read
from tests import golden
from tests.cli.stackfiles import run, write
from tests.docs.test_docs import PAGES
from tests.engine.stack import ROOT

KEY = re.compile(r"^elastx-mrs:\w+:(?: |$)", re.MULTILINE)
FENCE = re.compile(r"^( *)(```+)(\w*)\n(.*?)^ *\2$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^ {4}.*\n)+", re.MULTILINE)
WHOLE = re.compile(r"^config:\n((?=.*elastx-mrs:)(?: .*\n)+)", re.MULTILINE)
"""A whole stack file, such as one that a shell command writes."""

REST = {
    "accounts": f"[newsletter@acme.example, {golden.ACCOUNT}]",
    "domains": "[example.com]",
    "dkim": golden.DKIM,
    "cloudflare": "{}",
}
"""Keys that a block may leave out."""


def blocks(text: str) -> Iterator[str]:
    """Yield what is shown as code, a paragraph each where it is indented, and each command's output by itself."""
    shown = [found[4] for found in FENCE.finditer(text)]
    shown += [found[0] for found in INDENTED.finditer(FENCE.sub("", text))]
    for one in shown:
        yield from re.split(r"^\$ .*\n", textwrap.dedent(one), flags=re.MULTILINE)


def configs() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for block in blocks(page.read_text(encoding="utf-8")):
            if KEY.search(block):
                yield str(page.relative_to(ROOT)), block
            elif whole := WHOLE.search(block):
                yield str(page.relative_to(ROOT)), textwrap.dedent(whole[1])


CONFIGS = list(configs())


def completed(block: str) -> str:
    """Return a stack file that has a block, and the keys that the block leaves out."""
    publisher = any(f"elastx-mrs:{name}:" in block for name in (*BUILT_IN, "external"))
    rest = "".join(
        f"  elastx-mrs:{key}: {value}\n"
        for key, value in REST.items()
        if f"elastx-mrs:{key}:" not in block and not (key in BUILT_IN and publisher)
    )
    return f"config:\n{rest}{textwrap.indent(block, '  ')}"


@pytest.mark.parametrize(("page", "block"), CONFIGS)
def test_a_block_of_config_can_be_pasted(page: str, block: str, tmp_path: Path) -> None:
    file = write(tmp_path / "Pulumi.test.yaml", completed(block))
    assert read(file).content["config"]
    done = run(file)
    assert done.exit_code == 0, f"{page}:\n{done.output}\n{block}"


def test_blocks_are_found() -> None:
    assert {"README.md", "docs/cloudflare.md", "docs/rfc2136.md", "docs/verification.md"} <= {
        page for page, _ in CONFIGS
    }
    assert len(CONFIGS) >= 9
