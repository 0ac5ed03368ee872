"""``elastx-mrs init`` on a terminal: it asks, waits for right answers, and writes nothing before the last one."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from elastx_mrs.lab.session import Lab, open_lab
from tests import golden
from tests.cli.commands import INTERRUPTED, OK, UNASKED
from tests.cli.conversation import CTRL_C, CTRL_D, talk
from tests.cli.scene import SERVED
from tests.scaffold.plans import names

STRINGS = [golden.DKIM[at : at + 200] for at in range(0, len(golden.DKIM), 200)]
PASTED = "elastx._domainkey IN TXT (\n" + "".join(f'    "{one}"\n' for one in STRINGS) + ")\n"
ANSWERS = [
    ("Domain: ", "example.se\n"),
    ("Domain: ", "\n"),
    ("Account: ", f"{golden.ACCOUNT}\n"),
    ("Account: ", "\n"),
    ("DKIM key: ", PASTED),
    (r"\.\.\. ", "\n"),
    (r"Publisher \(cloudflare, rfc2136, route53, octodns, external\): ", "rfc2136\n"),
    (r"zones \[example.se\]: ", "\n"),
    ("server: ", "ns1.example.com\n"),
    ("keyName: ", "\n"),
    (r"\[Y/n\]: ", "\n"),
]
FILES = ["Pulumi.prod.yaml", "Pulumi.yaml", "__main__.py", "requirements.txt", "stack.schema.json"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with open_lab(tmp_path_factory.mktemp("lab"), SERVED) as running:
        yield running


@pytest.fixture
def environment(lab: Lab) -> dict[str, str]:
    own = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "VIRTUAL_ENV", "NO_COLOR")}
    return own | {"ELASTX_MRS_NAMESERVERS": lab.address, "TERM": "xterm"}


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_a_whole_conversation(tmp_path: Path, environment: dict[str, str], columns: int) -> None:
    shown, code = talk(["init"], ANSWERS, tmp_path, environment, columns)
    assert code == OK, shown
    assert names(tmp_path) == FILES
    config = yaml.safe_load((tmp_path / "Pulumi.prod.yaml").read_text())["config"]
    assert config == {
        "elastx-mrs:accounts": [golden.ACCOUNT],
        "elastx-mrs:dkim": golden.DKIM,
        "elastx-mrs:domains": ["example.se"],
        "elastx-mrs:rfc2136": {"zones": ["example.se"], "server": "ns1.example.com"},
    }
    asked = shown.partition("Write Pulumi.yaml")[0]
    typed = [line for line in asked.splitlines() if ": " in line or '"' in line or golden.DKIM[:30] in line]
    long = [line for line in asked.splitlines() if len(line) > columns and line not in typed]
    assert long == []
    ending = shown.removeprefix(asked).partition("\nNext:\n")[0]
    assert [line for line in ending.splitlines() if len(line) > columns and " " in line] == []
    assert "such as example.com" in " ".join(asked.split())
    assert "Published today:\n  example.se has no SPF, DMARC or DKIM" in shown


@pytest.mark.parametrize("number", range(len(ANSWERS)), ids=lambda number: ANSWERS[number][0])
def test_ctrl_c_at_every_prompt_writes_nothing(tmp_path: Path, environment: dict[str, str], number: int) -> None:
    answers = [*ANSWERS[:number], (ANSWERS[number][0], CTRL_C)]
    shown, code = talk(["init"], answers, tmp_path, environment)
    assert code == INTERRUPTED
    assert shown.endswith("interrupted\n")
    assert "Traceback" not in shown
    assert names(tmp_path) == []


@pytest.mark.parametrize(("number", "keys"), [(0, CTRL_D), (4, CTRL_D), (10, CTRL_D), (10, "n\n")])
def test_the_end_of_the_input_or_a_no_writes_nothing(
    tmp_path: Path, environment: dict[str, str], number: int, keys: str
) -> None:
    shown, code = talk(["init"], [*ANSWERS[:number], (ANSWERS[number][0], keys)], tmp_path, environment)
    assert code == INTERRUPTED, shown
    assert names(tmp_path) == []


@pytest.mark.parametrize(("keys", "code", "left"), [("\n", UNASKED, []), ("maybe\ny\n", OK, FILES)])
def test_the_user_decides_if_dns_does_not_answer(
    tmp_path: Path, environment: dict[str, str], keys: str, code: int, left: list[str]
) -> None:
    options = ["--domain", "elsewhere.invalid", "--account", golden.ACCOUNT, "--dkim", golden.DKIM]
    answers = [("Continue without them\\? \\[y/N\\]: ", keys), *([("accountId: ", "\n"), ANSWERS[-1]] if left else [])]
    shown, ended = talk(["init", *options, "--publisher", "cloudflare"], answers, tmp_path, environment)
    assert ended == code, shown
    assert "could not be looked up" in shown
    assert ("Answer y or n." in shown) == bool(left)
    assert names(tmp_path) == left


def test_with_yes_nothing_is_asked(tmp_path: Path, environment: dict[str, str]) -> None:
    options = ["--domain", "example.se", "--account", golden.ACCOUNT, "--dkim", golden.DKIM]
    shown, code = talk(["init", "--yes", *options, "--publisher", "cloudflare"], [], tmp_path, environment)
    assert code == OK, shown
    assert names(tmp_path) == FILES
