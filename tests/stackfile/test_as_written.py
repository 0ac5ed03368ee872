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
    said = [f"{one.level}: {one.path}: {one.text}" for one in check(str(file)).findings]
    arguments, of_component = of_the_component(file)
    assert sorted(said) == sorted(of_component)
    return said, arguments


def of_the_component(file: Path) -> tuple[Arguments | None, list[str]]:
    try:
        arguments = parse_stack(read_stack(str(file)).values)
    except ConfigError as error:
        return None, [f"error: {fault}" for fault in error.faults]
    return arguments, [f"{one.remark.level}: {one}" for one in remarks(arguments)]


@pytest.mark.parametrize(
    ("text", "records"),
    [
        (
            "spf: {include: [_spf.bücher.example]}",
            {"spf": "v=spf1 include:elastx.email include:_spf.xn--bcher-kva.example -all"},
        ),
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


def test_off_is_text_as_pulumi_reads_it(tmp_path: Path) -> None:
    said, arguments = written(tmp_path, "verification: off\nguard: {mode: off}")
    assert said == []
    assert arguments is not None
    assert (arguments.verification.mode, arguments.guard.mode) == ("off", "off")


def test_the_service_s_block_is_taken_and_its_domain_is_named(tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "records" / "getting_started_dkim.txt").read_text(encoding="utf-8")
    said, arguments = written(tmp_path, "dkim: |\n" + textwrap.indent(page, "  "))
    assert [line.partition(";")[0] for line in said] == [
        "warning: dkim: was pasted as the record of elastx._domainkey.yourdomain.com, but is published at "
        "elastx._domainkey.example.com",
        "notice: dkim: was pasted with its TTL, and only the value is used",
    ]
    assert arguments is not None
    assert golden.DKIM in {record.value for record in arguments.records()}


def test_numbers_and_texts_are_one_rule(tmp_path: Path) -> None:
    text = """
    ttl: "600"
    verification: {timeout: "60"}
    dmarc: {p: reject, rua: [mailto:d@example.com], ruf: [mailto:d@example.com], fo: 1}
    domains: [{name: example.com, ttl: "300", dkim: {selector: 2026, external: false, record: "%s"}}]
    """
    said, arguments = written(tmp_path, text % golden.DKIM)
    assert said == []
    assert arguments is not None
    assert {(one.kind, one.ttl) for one in arguments.records()} >= {("dkim", 300), ("spf", 300)}
    assert "2026._domainkey.example.com" in {one.name for one in arguments.records()}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dkim: [a]", "dkim[0]: has 'a' where a tag such as v=DKIM1"),
        ("spf: ['include:x.example']", "spf: is a list; write the whole record as one text"),
        ("domains: [no]", "domains[0]: is a single label"),
        ("domains: [false]", "domains[0]: is false; write a domain"),
        ("guard: {mode: false}", "guard.mode: is false; write 'require', 'warn' or 'off', in quotes"),
        (
            "rfc2136: {zones: [example.com], server: 'dns://127.0.0.1:53'}",
            "rfc2136.server: 'dns://127.0.0.1:53' is not",
        ),
        ("accounts: ['a@acme\u200b.example']", "accounts[0]: has U+200B at position 7, which is invisible"),
        ("domains: ['exam\u200bple.com']", "domains[0]: has U+200B at position 5"),
        ("spf: {include: ['https://example.net']}", "spf.include[0]: 'https://example.net' is a URL; write its domain"),
        ("spf: v=spf1 include=_spf.google.com -all", "spf: has 'include=_spf.google.com' at position 8, a modifier"),
        ("dmarc: {rua: ['https://r.example/x']}", "dmarc.rua[0]: 'https://r.example/x' gets no reports"),
        ("spf: v=spf1 redirect=bücher.example", "spf: has 'ü' (U+00FC) at position 18; only printable ASCII can be"),
        ("spf: {external: 'true'}", "spf.external: is a string; write true or false, without quotes"),
    ],
)
def test_what_was_meant_is_said(text: str, message: str, tmp_path: Path) -> None:
    said, _ = written(tmp_path, text)
    assert [line.removeprefix("error: ")[: len(message)] for line in said] == [message]


def test_an_empty_key_is_told_how_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.test.yaml").write_text("config:\n  elastx-mrs:cloudflare:\n  elastx-mrs:accounts: [a@b.se]\n")
    found = [one.problem for one in check(str(tmp_path / "Pulumi.test.yaml")).findings]
    said = "no publisher; write cloudflare: {}, rfc2136, route53: {} or octodns"
    assert any(problem.startswith(said) for problem in found)
    with pytest.raises(ConfigError, match=r"no publisher; write cloudflare: \{\}, rfc2136, route53: \{\} or octodns"):
        parse_stack(read_stack(str(tmp_path / "Pulumi.test.yaml")).values)


def test_an_account_that_looks_like_another_is_remarked_on(tmp_path: Path) -> None:
    said, _ = written(tmp_path, "accounts: [a@b.se, A@b.se]")
    assert [line.partition(",")[0] for line in said] == ["warning: accounts[1]: looks like accounts[0]"]
