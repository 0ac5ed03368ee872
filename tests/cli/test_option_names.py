"""An error about what an option gave names the option, not a key of a config that the user does not have."""

import re
from functools import partial

import pytest

from elastx_mrs.cli.arguments import IN_CONFIG
from tests import golden
from tests.cli.commands import completed
from tests.engine.stack import ROOT

run = partial(completed, "records")
ACCOUNT = ("--account", golden.ACCOUNT)
DOMAIN = ("--domain", "example.com")
DKIM = ("--dkim", golden.DKIM)
UPPER = golden.ACCOUNT.upper()
PASTED = f'elastx._domainkey.example.com. 300 IN TXT "{golden.DKIM[:200]}" "{golden.DKIM[200:]}"'

CONFIG_WORDS = re.compile(
    r"(?<!-)\b(?:accounts|domains|spf|dkim|dmarc):|\b(?:accounts|domains)\[|external|as record|\bttl\b"
)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*ACCOUNT, *DOMAIN), "--dkim: is missing; give the DKIM value that Elastx"),
        ((*ACCOUNT, *DKIM), "--domain: is missing; give a sender domain, such as example.com"),
        ((*DOMAIN, *DKIM), "--account: is missing; give a user account of the relay, such as user@example.com"),
        (("--spf", "v=spf1 -all"), "Error: 3 faults:\n  --account: is missing"),
        ((*ACCOUNT, *DOMAIN, "--domain", "x"), "--dkim: is missing"),
        ((*ACCOUNT, *DOMAIN, "--domain", "x"), "--domain (number 2): is a single label"),
        ((*ACCOUNT, *ACCOUNT, *DOMAIN, *DKIM), "is already listed at --account (number 1)"),
        ((*ACCOUNT, *DOMAIN, *DOMAIN, *DKIM), "is the same domain as --domain (number 1)"),
        ((*ACCOUNT, *DOMAIN, *DKIM, "--spf", "v=spf1 +all"), "--spf: has +all at position 8"),
        ((*ACCOUNT, *DOMAIN, *DKIM, "--dmarc", "v=DMARC1; p=rejct"), "--dmarc: has the tag p"),
        (
            (*ACCOUNT, *DOMAIN, "--dkim", "elastx._domainkey.example.com. 300 IN CNAME a.example.net."),
            "--dkim: is a CNAME record; write the value of the TXT record\n",
        ),
    ],
)  # fmt: skip
def test_an_error_names_the_option(arguments: tuple[str, ...], message: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert not CONFIG_WORDS.search(done.stderr), done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*ACCOUNT, *DOMAIN, *DKIM), "notice: --dmarc: says p=none"),
        ((*ACCOUNT, *DOMAIN, *DKIM, "--spf", "v=spf1 ptr -all"), "warning: --spf: has ptr"),
        ((*ACCOUNT, "--account", UPPER, *DOMAIN, *DKIM), "warning: --account (number 2): looks like --account (n"),
        ((*ACCOUNT, *DOMAIN, "--dkim", PASTED), "notice: --dkim: was pasted with"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("format_", ["text", "markdown"])
def test_a_remark_names_the_option(arguments: tuple[str, ...], message: str, format_: str) -> None:
    done = run(*arguments, "--format", format_)
    assert done.returncode == 0, done.stderr
    said = done.stderr
    if format_ == "markdown":
        message = message.replace(": ", " ", 1)
        said = re.sub(r"[*`]|^- ", "", done.stdout.partition("\n\n")[2], flags=re.MULTILINE)
    assert message in said
    assert not CONFIG_WORDS.search(said), said


def test_each_text_of_the_config_is_still_written() -> None:
    source = "".join(
        path.read_text(encoding="utf-8") for path in ROOT.glob("elastx_mrs/**/*.py") if path.name != "arguments.py"
    )
    for text in IN_CONFIG:
        assert text in source
