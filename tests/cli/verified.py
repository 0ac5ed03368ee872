"""Domains that were verified, made by hand: what the views of ``verify`` show; and their golden files.

``python -m tests.cli.verified`` writes ``golden/`` anew. Look at the difference before you commit it.
"""

import asyncio
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from elastx_mrs.lookup.question import Server
from elastx_mrs.lookup.vantage import Who
from elastx_mrs.receiver import relay
from elastx_mrs.receiver.spf_tree import Tree, expand
from elastx_mrs.records import TxtRecord
from elastx_mrs.verify.expected import Expected
from elastx_mrs.verify.report import Location, Source
from elastx_mrs.verify.result import Detail, Outcome
from elastx_mrs.verify.wait import Job
from tests import golden
from tests.cli.terminal import shown
from tests.lookup.fakes import Dns

FOLDER = Path(__file__).with_name("golden")
CHALLENGE = "challenge-f7ee5ec73121"
SOURCE = Source({CHALLENGE: golden.ACCOUNT}, {"bad.com": Location("stacks/Pulumi.prod.yaml", 12, 5)})
ONE = Server("192.0.2.1", name="ns1.example.net")
TWO = Server("2001:db8::53:1", name="ns2.example.net")
NOT_FOLLOWED = Detail(
    "unchecked",
    "",
    "a delegation",
    "verification queried only the servers in verification.nameservers, so it did not check the delegation",
    "to check this too, remove verification.nameservers; this machine must then reach name servers on port 53",
)
DNS = Dns(
    {
        "good.com": ["TXT v=spf1 include:elastx.email include:_spf.google.com mx -all", "MX 10 mail.good.com"],
        "mail.good.com": ["A 192.0.2.1"],
        "elastx.email": ["TXT v=spf1 ip4:203.0.113.0/24 -all"],
        "_spf.google.com": ["TXT v=spf1 include:_a.google.com include:_b.google.com ~all"],
        "_a.google.com": ["TXT v=spf1 ip4:192.0.2.0/24 ~all"],
        "_b.google.com": ["TXT v=spf1 ip4:198.51.100.0/24 ~all"],
        "flat.com": ["TXT v=spf1 ip4:203.0.113.0/24 -all"],
        "bad.com": [f"TXT v=spf1 {' '.join(f'include:s{number}.example' for number in range(12))} -all"],
        **{f"s{number}.example": ["TXT v=spf1 ip4:192.0.2.0/24 ~all"] for number in range(11)},
    }
)


def tree(domain: str) -> Tree:
    return asyncio.run(expand(DNS.ask, domain))


def job(domain: str, *outcomes: Outcome, timeout: float = 0.0) -> Job:
    records = (
        TxtRecord(domain, "challenge", domain, golden.TOKEN),
        TxtRecord(domain, "spf", domain, golden.SPF),
        TxtRecord(domain, "dmarc", f"_dmarc.{domain}", golden.DMARC),
    )
    return Job(Expected(domain, records), Who(), timeout, outcomes={outcome.check: outcome for outcome in outcomes})


def good(domain: str) -> Job:
    right = (ONE, TWO)
    return job(
        domain,
        Outcome(domain, "delegation", domain, (NOT_FOLLOWED,)),
        Outcome(domain, CHALLENGE, domain, seen="as declared", right=right),
        Outcome(domain, "spf", domain, seen="as declared", right=right),
        Outcome(domain, "dmarc", f"_dmarc.{domain}", seen="as declared", right=right),
        Outcome(domain, "spf-tree", domain, seen="5 of 10 lookups", tree=GOOD_TREE),
    )


def flat(domain: str) -> Job:
    """A domain that passes at receivers, and that the relay may refuse."""
    found = good(domain)
    found.outcomes["spf-tree"] = Outcome(domain, "spf-tree", domain, seen="0 of 10 lookups", tree=tree(domain))
    missing = relay.include(tree(domain))
    assert missing is not None
    detail = Detail(missing.verdict, "", missing.expected, missing.seen, missing.fix, missing.effect)
    found.outcomes["spf-relay"] = Outcome(domain, "spf-relay", domain, (detail,))
    return found


GOOD_TREE = tree("good.com")
BAD_TREE = tree("bad.com")


def bad(domain: str, timeout: float = 0.0) -> Job:
    several = Detail(
        "wrong",
        "",
        f"'{golden.SPF}'",
        f"'v=spf1 -all' | '{golden.SPF}'",
        "there must be exactly one SPF record: delete all but the declared one",
    )
    key = f"'{golden.DKIM[:160]}… ({len(golden.DKIM)} octets)'"
    late = "publish the challenge (pulumi up --refresh), or wait until this server has it"
    refused = relay.no_challenge(domain)
    keyless = relay.no_key(domain)
    return job(
        domain,
        Outcome(domain, "delegation", domain, (NOT_FOLLOWED,)),
        Outcome(
            domain,
            CHALLENGE,
            domain,
            (Detail("absent", str(TWO), f"'{golden.TOKEN}'", "none", late, refused),),
            right=(ONE,),
        ),
        Outcome(
            domain,
            "spf",
            domain,
            tuple(replace(several, server=str(server)) for server in (ONE, TWO)),
            hopeless="it will not change",
        ),
        Outcome(
            domain,
            "dkim",
            f"elastx._domainkey.{domain}",
            (Detail("absent", str(ONE), key, "no such name", "publish the DKIM key (pulumi up --refresh)", keyless),),
            right=(TWO,),
        ),
        Outcome(domain, "dmarc", f"_dmarc.{domain}", seen="as declared", right=(ONE, TWO)),
        Outcome(domain, "spf-tree", domain, seen="12 of 10 lookups", tree=BAD_TREE),
        timeout=timeout,
    )


def jobs() -> list[Job]:
    silent = Detail("unreachable", str(TWO), "an answer", "had not answered after 4 s", "start it")
    cached = Detail(
        "cached",
        "192.0.2.53",
        "'new'",
        "'old', kept for 60 s more",
        "wait up to 60 s; if the answer stays, it does not come from a cache",
    )
    unlike = good("late.example")
    unlike.outcomes["resolvers"] = Outcome("late.example", "resolvers", "late.example", (cached,))
    return [
        good("good.com"),
        bad("bad.com"),
        bad("worse.example"),
        job("silent.example", Outcome("silent.example", "spf", "silent.example", (silent,))),
        unlike,
        flat("flat.com"),
        *(good(f"d{number}.example") for number in range(8)),
    ]


_PROGRAM = """
from elastx_mrs.cli import verify
from elastx_mrs.cli.main import main
from elastx_mrs.verify import report
from tests.cli import verified

async def nothing(*arguments, **options):
    pass

verify._jobs = lambda *arguments: (verified.jobs(), None)
verify._accounts = lambda given: verified.SOURCE.accounts
verify.wait = nothing
main(prog_name="elastx-mrs")
"""


def on_terminal(columns: int, *arguments: str, **environment: str) -> str:
    """Return what ``elastx-mrs verify`` prints for :func:`jobs` on a terminal that is so wide."""
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}
    command = [sys.executable, "-c", _PROGRAM, "verify", "good.com", *arguments]
    given = kept | {"TERM": "xterm"} | environment
    with subprocess.Popen(command, stdin=inner, stdout=inner, stderr=subprocess.PIPE, env=given) as process:
        os.close(inner)
        seen = shown(outer)
        assert process.stderr is not None
        errors = process.stderr.read()
    os.close(outer)
    assert (process.returncode, errors) == (1, b""), errors
    return seen.decode().replace("\r\n", "\n")


SCREENS: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "verify-40": (40, ("--color", "never")),
    "verify-80": (80, ("--color", "never")),
    "verify-80-color": (80, ()),
    "verify-120": (120, ("--color", "never")),
    "verify-120-color": (120, ()),
    "verify-80-quiet": (80, ("--color", "never", "--quiet")),
    "verify-80-verbose": (80, ("--color", "never", "--verbose")),
}
"""Golden files: columns and options."""


def kept(name: str) -> Path:
    return FOLDER / f"{name}.txt"


def readable(shown: str) -> str:
    """Return a screen as a golden file has it: an escape character is ``^[``."""
    return shown.replace("\x1b", "^[")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, (columns, arguments) in SCREENS.items():
        kept(name).write_text(readable(on_terminal(columns, *arguments)), encoding="utf-8")
