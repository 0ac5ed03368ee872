"""How every command ends: one table of exit codes, and the same in each help text and on one page.

The table is the issue's; ``commands.TABLE`` is written out so that a change of the code cannot change it.
"""

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from elastx_mrs.cli.main import main
from tests.cli.commands import (
    COMMANDS,
    DNS,
    INIT,
    INPUT,
    LAB,
    MAIL,
    NOTHING,
    OK,
    RECORDS,
    TABLE,
    UNASKED,
    UNSERVED,
    WELL,
    WRONG,
    World,
    ended,
    spelled,
)
from tests.engine.stack import ROOT
from tests.lab.cloudflare_faults import Fault, faults_of

NOT_AS_IT_SHOULD_BE = [
    ("adopt", "bad.com", *DNS),
    ("adopt", "bad.com", UNSERVED, *DNS),
    ("adopt", "--import", "--stack-config", "{kept}"),
    ("config", "check", "{broken}"),
    ("config", "check", "{invalid}"),
    ("config", "check", "{cloudflare}", "{broken}"),
    ("dkim", "rotate", "--stack-config", "{stack}", "--signs", "elastx", *DNS),
    ("doctor", "--stack-config", "{servers}", *DNS),
    (*INIT, "--domain", "bad.com", *DNS),
    (*LAB, "--", "false"),
    ("message", "{changed}", *DNS),
    ("review", "{removed}", "--fail-on", "removed"),
    ("review", "{mixed}", "--fail-on", "removed", "--dns", *DNS),
    (*MAIL, "{plain}"),
    ("spf", "bad.com", *DNS),
    ("verify", "--stack-config", "{wrong}", "--timeout", "0", *DNS),
    ("verify", "bad.com", UNSERVED, *DNS),
]
BAD_INPUT = [
    (),
    ("nothing",),
    ("--nothing",),
    ("adopt",),
    ("adopt", "localhost"),
    ("adopt", "good.com", "--nameserver", "ns1.example.com"),
    ("adopt", "--import", "--stack-config", "{broken}"),
    ("adopt", "--import", "--stack-config", "{cloudflare}", "--state", NOTHING),
    ("completion", "tcsh"),
    ("config", "check"),
    ("config", "check", NOTHING),
    ("config", "check", "{folder}"),
    ("config", "check", "{broken}", NOTHING),
    ("config", "schema", "--nothing"),
    ("dkim", "generate", "elastx", "--out", NOTHING),
    ("dkim", "generate", "s1", "--out", "{own}"),
    ("dkim", "record", "s1", "{text}"),
    ("dkim", "record", "s1", NOTHING),
    ("dkim", "rotate"),
    ("dkim", "rotate", "--stack-config", NOTHING),
    ("dkim", "rotate", "--stack-config", "{broken}"),
    ("dkim", "rotate", "--stack-config", "{stack}", "--new", "s1"),
    ("dkim", "rotate", "--stack-config", "{stack}", "--new", "s1", "--signs", "s1"),
    ("dkim", "rotate", "--stack-config", "{stack}", "--of", "example.org"),
    ("dkim", "rotate", "--stack-config", "{stack}", "--keep", "1"),
    ("doctor",),
    ("doctor", "--stack-config", NOTHING),
    ("doctor", "--stack-config", "{broken}"),
    ("doctor", "--config", "{text}"),
    ("doctor", "--stack-config", "{kept}", "--nameserver", "ns1.example.com"),
    ("init",),
    ("init", "--publisher", "nothing"),
    (*INIT, "--domain", "localhost"),
    (*INIT, "--domain", "good.com", "--language", "cobol"),
    (*LAB, "--dns-delay", "soon"),
    (*LAB, "--zone", "localhost", "--", "true"),
    ("lab", "--dir", "/proc/nothing", "--", "true"),
    ("message",),
    ("message", NOTHING),
    ("message", "{folder}"),
    ("message", "{text}"),
    ("message", "{message}", "--nameserver", "ns1.example.com"),
    ("records",),
    ("records", "--stack-config", NOTHING),
    ("records", "--stack-config", "{folder}"),
    ("records", "--stack-config", "{broken}"),
    ("records", "--stack-config", "{invalid}"),
    ("records", "--config", "{text}"),
    (*RECORDS, "--format", "html"),
    ("review", NOTHING),
    ("review", "{text}"),
    ("review", "{preview}", "--fail-on", "nothing"),
    ("review", "{preview}", "--dns", "--nameserver", "ns1.example.com"),
    ("rfc2136",),
    ("rfc2136", "policy"),
    ("rfc2136", "policy", "--stack-config", "{broken}"),
    ("rfc2136", "policy", "--stack-config", NOTHING),
    ("smtp", "--host", "a..b"),
    ("smtp", "--port", "0"),
    ("spf",),
    ("spf", "localhost"),
    ("spf", "good.com", "--new", "all"),
    ("spf", "good.com", "--nameserver", "ns1.example.com"),
    ("verify",),
    ("verify", "localhost"),
    ("verify", "--stack-config", "{broken}"),
    ("verify", "--stack-config", NOTHING),
    ("verify", "--records", "{text}"),
    ("verify", "good.com", "--root-hints", NOTHING),
    ("verify", "good.com", "--timeout", "nan"),
    ("verify", "good.com", "--deadline", "nan"),
    ("verify", "good.com", "--deadline", "0"),
    ("verify", "good.com", "--nothing"),
]
NOT_ASKED = [
    ("adopt", UNSERVED, *DNS),
    ("doctor", "--stack-config", "{kept}", "--nameserver", "127.0.0.1:9"),
    (*INIT, "--domain", UNSERVED, *DNS),
    ("message", "{elsewhere}", *DNS),
    ("review", "{unserved}", "--dns", *DNS),
    ("spf", UNSERVED, *DNS),
    ("verify", UNSERVED, *DNS),
    ("verify", "good.com", UNSERVED, *DNS),
    ("smtp", "--host", "127.0.0.1", "--port", "9"),
]
"""``adopt --import`` is below, for it needs an API that fails."""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        *((one, OK) for one in WELL),
        *((one, WRONG) for one in NOT_AS_IT_SHOULD_BE),
        *((one, INPUT) for one in BAD_INPUT),
        *((one, UNASKED) for one in NOT_ASKED),
    ],
    ids=lambda value: spelled(value) if isinstance(value, tuple) else str(value),
)
def test_a_command_ends_as_the_table_says(world: World, arguments: tuple[str, ...], code: int) -> None:
    result = world.run(*arguments)
    assert ended(result) == code, result.output
    assert (code != INPUT) or result.stderr or "config check" in " ".join(arguments)


def test_an_api_that_fails_could_not_be_asked(world: World) -> None:
    faults = faults_of(world.lab.cloudflare)
    faults.append(Fault("GET", "dns_records", times=-1, status=503))
    try:
        assert ended(world.run("adopt", "--import", "--stack-config", "{kept}")) == UNASKED
    finally:
        faults.clear()


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("cloudflare", ("adopt", "--import", "--stack-config", "{cloudflare}")),
        ("starlette", (*LAB, "--", "true")),
        ("dkim", ("message", "{message}", *DNS)),
        ("httpx2", ("verify", "good.com", "--resolver", "https://127.0.0.1/dns-query", *DNS)),
    ],
)
def test_a_missing_extra_is_bad_input(world: World, module: str, arguments: tuple[str, ...]) -> None:
    """In a process of its own, in which the package cannot be imported."""
    program = f"""
import importlib.util, sys
if {module!r} != "httpx2":  # dnspython imports it without being asked
    sys.modules[{module!r}] = None
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == {module!r} else find(name, *more)
from elastx_mrs.cli.entry import run
run()
"""
    done = subprocess.run(
        [sys.executable, "-c", program, *map(world.argument, arguments)],
        env=os.environ | world.environment(), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "is not installed; run: pip install 'elastx-mrs[" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == INPUT


def test_every_command_is_in_the_lists_above() -> None:
    for listed in (WELL, BAD_INPUT):
        assert {one[:2] if one[:2] in COMMANDS else one[:1] for one in listed} >= set(COMMANDS)


def test_json_is_whole_whatever_the_ending(world: World) -> None:
    result = world.run("verify", "good.com", UNSERVED, *DNS, "--format", "json")
    assert ended(result) == UNASKED
    assert len(json.loads(result.stdout)["domains"]) == 2


LINE = "; ".join(f"{code} {meaning}" for code, meaning in TABLE.items())


@pytest.mark.parametrize("words", [(), *COMMANDS], ids=lambda words: " ".join(words) or "elastx-mrs")
def test_every_help_text_has_the_table(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*words, "--help"], prog_name="elastx-mrs")
    text = " ".join(result.stdout.split())
    assert text.count(f"Exit codes: {LINE}.") == 1
    assert text.count("Exit codes:") == 1, "and no other table"


def test_the_reference_has_the_table_and_other_pages_have_none() -> None:
    row = "| {} | {} |".format
    rows = [row(code, meaning) for code, meaning in TABLE.items()]
    text = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    (section,) = [one for one in text.split("\n## ") if one.startswith("Exit codes\n")]
    assert "\n".join(["|---|---|", *rows, ""]) in section
    assert text.count("| 130 |") == 1
    for page in sorted([ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("examples/**/*.md")]):
        said = page.read_text(encoding="utf-8")
        if page.name != "reference.md":
            assert "Exit codes:" not in said, page
            assert "| 130 |" not in said, page


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("README.md", "(docs/reference.md#exit-codes)"),
        ("docs/verification.md", "(reference.md#exit-codes)"),
        ("docs/smtp.md", "(reference.md#exit-codes)"),
        ("docs/gitops.md", "(reference.md#exit-codes)"),
        ("docs/stacks.md", "(reference.md#exit-codes)"),
    ],
)
def test_pages_that_speak_of_exit_codes_name_the_table(page: str, link: str) -> None:
    assert link in (ROOT / page).read_text(encoding="utf-8")
