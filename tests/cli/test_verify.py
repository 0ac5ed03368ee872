"""``elastx-mrs verify`` as its users call it: sources, formats, exit codes, and what they can get wrong."""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as ET

import click
import pytest
import yaml

from elastx_mrs import limits
from tests import golden
from tests.cli import terminal
from tests.cli.commands import completed
from tests.servers import NameServer, start
from tests.servers.zones import HEAD
from tests.verify.scene import DKIM, DMARC, SPF, TOKEN, records, rows

ELASTX = HEAD.format(name="elastx.email") + '@ TXT "v=spf1 ip4:203.0.113.0/24 -all"\n'
MAIN = [sys.executable, "-c", "from elastx_mrs.cli.entry import run; run()", "verify"]
OWN = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
STRANGER = "elastx-mrs=" + "0" * 64


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServer]:
    zones = {
        "good.com": HEAD.format(name="good.com") + records(),
        "bad.com": HEAD.format(name="bad.com") + records(spf=[SPF, "v=spf1 -all"], challenges=[TOKEN, STRANGER]),
        "elastx.email": ELASTX,
        "keys.com": HEAD.format(name="keys.com")
        + records()
        + f's1._domainkey TXT "{OWN}"\ns2._domainkey TXT "v=DKIM1; p="\ns3._domainkey TXT "{OWN}"\n',
    }
    with start("bind", tmp_path_factory.mktemp("bind"), zones) as running:
        yield running


run = partial(completed, "verify")


def test_records_from_a_pipe_a_stack_and_domains_alone(server: NameServer, tmp_path: Path) -> None:
    asked = ("--nameserver", server.address)
    done = run("--records", "-", *asked, stdin=rows("good.com"))
    assert (done.returncode, done.stdout.splitlines()[-1], done.stderr) == (0, "1 of 1 domain verified", "")

    stack = {"accounts": [golden.ACCOUNT], "dkim": DKIM, "dmarc": DMARC, "domains": ["good.com", "bad.com"]}
    file = tmp_path / "Pulumi.test.yaml"
    file.write_text(yaml.safe_dump({"config": {f"elastx-mrs:{key}": value for key, value in stack.items()}}))
    done = run("--stack-config", str(file), "--timeout", "0", *asked)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "1 of 2 domains verified")
    done = run("good.com", "--stack-config", str(file), ELASTX_MRS_NAMESERVERS=server.address)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "1 of 1 domain verified")

    done = run("good.com", *asked)
    assert done.returncode == 0, done.stdout


def test_the_project_s_default_is_what_is_verified(server: NameServer, tmp_path: Path) -> None:
    """Pulumi publishes it, so that anything else would be a wrong verdict, with bad advice."""
    stack = {"accounts": [golden.ACCOUNT], "dkim": DKIM, "domains": ["good.com"]}
    file = tmp_path / "Pulumi.test.yaml"
    file.write_text(yaml.safe_dump({"config": {f"elastx-mrs:{key}": value for key, value in stack.items()}}))
    asked = ("--stack-config", str(file), "--timeout", "0", "--nameserver", server.address)
    assert run(*asked).returncode == 1
    project = {"name": "elastx-mrs", "runtime": "python", "config": {"dmarc": {"value": DMARC}}}
    (tmp_path / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    done = run(*asked)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "1 of 1 domain verified")


def test_every_key_is_verified_and_has_its_state(server: NameServer, tmp_path: Path) -> None:
    keys: list[dict[str, object]] = [
        {"record": DKIM, "since": "2026-01-01"},
        {"selector": "s1", "record": OWN, "own": True, "signs": False},
        {"selector": "s2", "own": True, "retire": "2026-01-01", "revoked": True},
        {"selector": "s3", "external": True, "own": True, "retire": "2026-12-07"},
        {"selector": "s4", "external": True, "own": True, "retire": "2026-02-01"},
    ]
    stack = {"accounts": [golden.ACCOUNT], "dkim": keys, "dmarc": DMARC, "domains": ["keys.com"]}
    file = tmp_path / "Pulumi.test.yaml"
    file.write_text(yaml.safe_dump({"config": {f"elastx-mrs:{key}": value for key, value in stack.items()}}))
    asked = ("--stack-config", str(file), "--timeout", "0", "--nameserver", server.address)
    done = run(*asked, "--format", "json", ELASTX_MRS_LAB_TODAY="2026-11-30")
    assert done.returncode == 0, done.stdout
    checks = {one["check"]: one for one in json.loads(done.stdout)["domains"][0]["checks"]}
    assert {name: one["seen"] for name, one in checks.items() if name.startswith("dkim")} == {
        "dkim": "as declared, active since 2026-01-01",
        "dkim-s1": "as declared, pending: nothing signs with it yet",
        "dkim-s2": "as declared, revoked: receivers reject its signatures, retired since 2026-01-01",
        "dkim-s3": "a usable key, retiring: mail in transit needs it until 2026-12-07",
        "dkim-s4": "a usable key, retired since 2026-02-01: remove it from the config",
    }
    said = run(*asked, ELASTX_MRS_LAB_TODAY="2026-11-30").stdout
    assert "notice      the DKIM key at s1._domainkey.keys.com is pending: nothing signs with it yet" in said
    keys[-1]["retire"] = "2027-02-01"
    file.write_text(yaml.safe_dump({"config": {f"elastx-mrs:{key}": value for key, value in stack.items()}}))
    done = run(*asked, ELASTX_MRS_LAB_TODAY="2026-11-30")
    assert done.returncode == 1
    assert "dkim-s4" in done.stdout
    printed = completed("records", "--stack-config", str(file), "--format", "json", ELASTX_MRS_LAB_TODAY="2026-11-30")
    done = run("--records", "-", "--nameserver", server.address, stdin=printed.stdout)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "1 of 1 domain verified")


def test_a_known_challenge_is_not_reported(server: NameServer) -> None:
    done = run("--records", "-", "--nameserver", server.address, "--format", "json", stdin=rows("bad.com"))
    checks = {check["check"]: check for check in json.loads(done.stdout)["domains"][0]["checks"]}
    assert (done.returncode, checks["challenges"]["verdict"]) == (1, "wrong")
    assert checks["challenges"]["details"][0]["seen"] == f"'{STRANGER}'"
    known = ("--known-challenge", STRANGER)
    done = run("--records", "-", "--nameserver", server.address, "--format", "json", *known, stdin=rows("bad.com"))
    checks = {check["check"]: check for check in json.loads(done.stdout)["domains"][0]["checks"]}
    assert checks["challenges"]["verdict"] == "pass"


def test_junit_has_a_suite_for_each_domain_and_a_case_for_each_check(server: NameServer) -> None:
    done = run("--records", "-", "--nameserver", server.address, "--format", "junit", stdin=rows("good.com", "bad.com"))
    root = ET.fromstring(done.stdout)  # noqa: S314 - our own output
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["good.com", "bad.com"]
    assert (suites["good.com"].get("failures"), suites["good.com"].get("errors")) == ("0", "0")
    failed = [case.get("name") for case in suites["bad.com"] if case.find("failure") is not None]
    assert failed == ["spf", "challenges", "spf-policy"]
    assert suites["bad.com"].get("failures") == "3"
    assert suites["bad.com"].get("tests") == str(len(suites["bad.com"]))
    skipped = {case.get("name") for case in suites["good.com"] if case.find("skipped") is not None}
    assert skipped == {"delegation", "dnssec", "resolvers"}


def test_github_gets_annotations_and_markdown_a_table(server: NameServer) -> None:
    asked = ("--records", "-", "--nameserver", server.address)
    lines = run(*asked, "--format", "github", stdin=rows("bad.com")).stdout.splitlines()
    assert any(line.startswith("::error title=bad.com%3A spf wrong::wrong: spf at 127.0.0.1:") for line in lines)
    assert all(line.startswith("::") for line in lines[:-2])
    assert lines[-2:] == ["bad.com: receivers: wrong, relay: wrong", "0 of 1 domain verified"]
    comment = run(*asked, "--format", "markdown", stdin=rows("bad.com", "good.com")).stdout.splitlines()
    assert comment[:5] == [
        "**1 of 2 domains verified**", "", "#### `bad.com`", "", "receivers: wrong, relay: wrong"
    ]  # fmt: skip
    assert f"  - expected: `'{SPF}'`" in comment
    assert "Verified: `good.com`" in comment


def test_an_annotation_is_at_the_line_of_the_domain(server: NameServer, tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.test.yaml"
    file.write_text(
        f"""config:
  elastx-mrs:accounts: [{golden.ACCOUNT}]
  elastx-mrs:dkim: {DKIM!r}
  elastx-mrs:dmarc: {DMARC!r}
  elastx-mrs:domains:
    - good.com
    - name: BAD.com
    - nowhere.invalid
"""
    )
    asked = ("--stack-config", str(file), "--nameserver", server.address, "--format", "github")
    done = run(*asked, "good.com", "bad.com")
    errors = [line for line in done.stdout.splitlines() if line.startswith("::error ")]
    assert errors
    assert all(f",file={file},line=7,col=7::" in line for line in errors), done.stdout
    assert done.stderr == ""
    gone = run(*asked, "nowhere.invalid").stdout
    assert f"account {golden.ACCOUNT}" in gone
    assert "challenge-" not in gone


def test_a_stack_through_a_pipe_is_read_once(server: NameServer, tmp_path: Path) -> None:
    fifo = tmp_path / "Pulumi.test.yaml"
    os.mkfifo(fifo)
    stack = {"accounts": [golden.ACCOUNT], "dkim": DKIM, "dmarc": DMARC, "domains": ["bad.com"]}
    content = yaml.safe_dump({"config": {f"elastx-mrs:{key}": value for key, value in stack.items()}})
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(fifo.write_text, content)
        done = run("--stack-config", str(fifo), "--nameserver", server.address, "--format", "github")
        writing.result(30)
    assert done.returncode == 1
    assert "file=" not in done.stdout


def test_a_silent_server_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "QUIET", 0.5)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        done = run("--records", "-", "--nameserver", address, stdin=rows("good.com"))
    assert done.returncode == 3
    assert f"good.com  challenge-{TOKEN[11:23]}, spf, dkim, dmarc, challenges  unreachable  {address}" in done.stdout
    assert address in done.stdout
    assert "querying name servers: 0 of 1 domains so far; " in done.stderr, "a line where it takes long"
    assert done.stderr.count("\n") == 1, "the same line is not repeated"


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        ((), "", "name what to verify in one way"),
        (("--records", "-", "--stack-config", "x"), "", "name what to verify in one way"),
        (("--records", "-"), "", "standard input: is not JSON"),
        (("--records", "-"), "[]", "standard input: is not a list of records"),
        (("--records", "-"), '{"a": 1}', "standard input: is not a list of records"),
        (("--records", "-"), '[{"domain": "good.com"}]', "[0]: is not a record with the keys"),
        (("--records", "-"), rows("good.com")[:-40], "is not JSON"),
        (("--records", "-"), rows("good.com").replace('"spf"', '"spv"'), "[1]: kind is 'spv'"),
        (("--records", "-"), rows("good.com").replace('"ttl": 1800', '"ttl": "1800"'), "a ttl that is not a number"),
        (("--records", "-"), rows("good.com").replace("_dmarc.good", "_dmarc.bad"), "is not at or below good.com"),
        (("--records", "/nowhere"), "", "/nowhere: No such file"),
        (("good.com", "--nameserver", "ns1.good.com"), "", "--nameserver: 'ns1.good.com' is not a server's address"),
        (("good.com", "--nameserver", "127.0.0.1:99999"), "", "--nameserver: '127.0.0.1:99999' is not a server's"),
        (("good.com", "--resolver", "ftp://x"), "", "--resolver: 'ftp://x' is not a resolver"),
        (("good.com", "--root-hints", "/nowhere"), "", "--root-hints /nowhere: No such file"),
        (("good.com", "--timeout", "-1"), "", "--timeout: is -1"),
        (("good.com", "--timeout", "nan"), "", "--timeout: is nan"),
        (("good.com", "--known-challenge", "x"), "", "--known-challenge: 'x' is not a challenge"),
        (("good.com", "--format", "xml"), "", "'xml' is not one of"),
        (("good.com", "--via", "resolvers", "--nameserver", "127.0.0.1"), "", "--via resolvers: the name servers of"),
        (("https://good.com",), "", "is a URL"),
        (("bad.com", "--records", "-"), rows("good.com"), "bad.com: is not one of the domains given"),
        (("--stack-config", "/nowhere"), "", "/nowhere: No such file"),
    ],
    ids=lambda value: None,
)
def test_bad_input_is_reported(arguments: tuple[str, ...], stdin: str, said: str) -> None:
    done = run(*arguments, stdin=stdin)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_resolver_over_https_may_be_down(server: NameServer) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{nobody.getsockname()[1]}/dns-query"
        done = run("good.com", "--nameserver", server.address, "--resolver", url, "--format", "json")
        checks = {check["check"]: check for check in json.loads(done.stdout)["domains"][0]["checks"]}
        assert "cannot be reached over HTTPS" in checks["resolvers"]["details"][0]["seen"], done.stdout


def test_root_hints_without_an_address_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "hints"
    file.write_text(". 3600 NS a.root.\n")
    assert "has no addresses" in run("good.com", "--root-hints", str(file)).stderr
    file.write_text("not a zone file")
    done = run("good.com", "--root-hints", str(file))
    assert (done.returncode, "is not a root hints file" in done.stderr) == (2, True)


@pytest.mark.parametrize("after", [0.05, 0.3, 1.0])
def test_ctrl_c_leaves_no_traceback(after: float) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.settimeout(30)
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        arguments = [*MAIN, "good.com", "--nameserver", address, "--timeout", "60"]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            silent.recv(512)  # it has begun
            time.sleep(after)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err


def test_ctrl_c_while_loading_ends_quietly() -> None:
    # Interrupted as soon as the first module of the command itself is asked for, and at ever later ones.
    for module in ("elastx_mrs.cli.main", "click", "elastx_mrs.cli.verify", "dns.name", "elastx_mrs.verify.wait"):
        program = f"""
import os, signal, sys
class At:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, At())
sys.argv = ["elastx-mrs", "verify", "good.com", "--nameserver", "127.0.0.1:9", "--timeout", "0"]
from elastx_mrs.cli.entry import run
run()
"""
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=30)
        assert (done.returncode, done.stdout, done.stderr) == (130, "", ""), module


def test_on_a_terminal_a_table_changes_in_place_and_the_result_stays(server: NameServer) -> None:
    master, slave = pty.openpty()
    arguments = [*MAIN, "bad.com", "good.com", "--nameserver", server.address, "--timeout", "1"]
    with subprocess.Popen(
        arguments, stdin=slave, stdout=slave, stderr=slave, env=os.environ | {"TERM": "xterm"}
    ) as process:
        os.close(slave)
        seen = terminal.shown(master)
    os.close(master)
    assert process.returncode == 1
    assert b"\x1b[" in seen
    assert b"still missing" in seen
    assert b" elapsed, at most " in seen
    assert click.unstyle(seen.decode()).rstrip().endswith("1 of 2 domains verified")
