"""Config as people write it: ``config check`` and the component take the same, and say the same of it."""

import textwrap
from pathlib import Path

import pytest

from elastx_mrs.config.model import Arguments
from elastx_mrs.config.parse import ConfigError, parse_stack
from elastx_mrs.config.remarks import remarks
from elastx_mrs.stackfile.check import check
from elastx_mrs.stackfile.stack import read_stack
from tests import golden

REST = {
    "accounts": "elastx-mrs:accounts: [smtp@acme.example]",
    "domains": "elastx-mrs:domains: [example.com]",
    "dkim": f"elastx-mrs:dkim: '{golden.DKIM}'",
    "dmarc": "elastx-mrs:dmarc: v=DMARC1; p=reject; rua=mailto:dmarc@example.com",
    "cloudflare": "elastx-mrs:cloudflare: {}",
}
"""What a stack has beside what a test is about, by key."""


def written(folder: Path, text: str) -> tuple[list[str], Arguments | None]:
    """Return what is said of a stack's file, and the arguments of the component; the two must be of one mind.

    :param text: keys of ``config`` without their namespace, as YAML.
    """
    lines = [f"elastx-mrs:{line}" if line[:1].isalpha() else line for line in textwrap.dedent(text).splitlines()]
    present = {line.partition(":")[2].partition(":")[0] for line in lines}
    rest = [
        line for key, line in REST.items() if key not in present and not (key == "cloudflare" and "rfc2136" in present)
    ]
    file = folder / "Pulumi.test.yaml"
    file.write_text("config:\n" + textwrap.indent("\n".join([*lines, *rest]), "  ") + "\n", encoding="utf-8")
    said = [f"{one.level}: {one.path}: {one.problem}" for one in check(str(file)).findings]
    try:
        arguments = parse_stack(read_stack(str(file)).values)
    except ConfigError as error:
        of_component = [f"error: {fault}" for fault in error.faults]
        arguments = None
    else:
        of_component = [f"{one.remark.level}: {one}" for one in remarks(arguments)]
    assert sorted(said) == sorted(of_component)
    return said, arguments


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ("spf: >\n  v=spf1 include:elastx.email\n  -all\n", {"spf": "v=spf1 include:elastx.email -all"}),
        ('spf: "v=spf1\\tinclude:elastx.email -all\\n"', {"spf": "v=spf1 include:elastx.email -all"}),
        ("spf: '\"v=spf1 include:elastx.email -all\"'", {"spf": "v=spf1 include:elastx.email -all"}),
        (
            "dmarc: 'v=DMARC1\\; p=reject\\; rua=mailto:d@example.com'",
            {"dmarc": "v=DMARC1; p=reject; rua=mailto:d@example.com"},
        ),
        (
            "dmarc: ' v=DMARC1; p=reject; rua=mailto:d@example.com'",
            {"dmarc": "v=DMARC1; p=reject; rua=mailto:d@example.com"},
        ),
    ],
)
def test_what_has_one_meaning_is_taken(text: str, records: dict[str, str], tmp_path: Path) -> None:
    said, arguments = written(tmp_path, text)
    assert said == []
    assert arguments is not None
    values = {record.kind: record.value for record in arguments.records()}
    assert records.items() <= values.items()


def test_the_service_s_block_is_taken_and_its_domain_is_named(tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "records" / "getting_started_dkim.txt").read_text(encoding="utf-8")
    said, arguments = written(tmp_path, "dkim: |\n" + textwrap.indent(page, "  "))
    assert [line.partition(";")[0] for line in said] == [
        "warning: dkim: was pasted as the record of elastx._domainkey.yourdomain.com, and is published at "
        "elastx._domainkey.example.com",
        "notice: dkim: was pasted with its TTL, and only the value is used",
    ]
    assert arguments is not None
    assert golden.DKIM in {record.value for record in arguments.records()}
