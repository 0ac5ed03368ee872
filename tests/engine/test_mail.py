"""The whole chain: an up, the relay that looks the records up, and the message as a receiver stores it."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from elastx_mrs.cli.main import main
from elastx_mrs.lab.session import open_lab
from tests import golden, signed
from tests.authority import Authority
from tests.cli.mail import ACCOUNT
from tests.engine.stack import Stack
from tests.smtp.mailbox import stored
from tests.smtp.relay import Relay
from tests.smtp.world import checks, here, relaying

pytestmark = pytest.mark.engine

DOMAIN, SENDER = "example.com", "news@example.com"
RELAY, STRANGER = "192.0.2.25", "203.0.113.25"
"""smtp.elastx.email in the lab, which the SPF of elastx.email lists; and a server that nobody lists."""


def test_what_an_up_publishes_is_what_the_relay_and_then_the_receiver_looks_for(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = signed.key()
    with open_lab(tmp_path / "lab") as lab:
        here(monkeypatch, authority, lab.address)
        relay = Relay(server=lab.address, private=private)
        with relaying(relay, authority) as port:
            found, code = checks(port, DOMAIN)
            assert code == 1
            assert "example.com lacks what Elastx needs: fix challenge, dkim, spf below" in found["test message"]["fix"]

            variables = {name: value for name, value in lab.environment().items() if name.startswith("ELASTX_MRS_")}
            config = {
                "accounts": [ACCOUNT],
                "dkim": signed.record(private),
                "dmarc": golden.DMARC.replace("r;", "s;"),  # as strict as it can be
                "domains": [DOMAIN],
                "rfc2136": {"zones": [DOMAIN]},
                "verification": {"timeout": 0},
            }
            stack = Stack.create(tmp_path / "stack", variables | {"ELASTX_MRS_VERIFICATION": ""}, config)
            assert "1 of 1 domain verified" in stack.up().stdout

            found, code = checks(port, DOMAIN)
            assert (code, found["test message"]["verdict"]) == (0, "pass")

        arrived = tmp_path / "arrived.eml"
        arrived.write_bytes(stored(relay.relayed[0], SENDER, RELAY, lab.address))
        assert b"spf=pass smtp.mailfrom=news@example.com; dkim=pass" in arrived.read_bytes()
        told = CliRunner().invoke(main, ["message", str(arrived)])
        assert (told.exit_code, told.stdout.splitlines()[-1]) == (0, "SPF, DKIM and DMARC pass"), told.output

        arrived.write_bytes(stored(relay.relayed[0], SENDER, STRANGER, lab.address))
        told = CliRunner().invoke(main, ["message", str(arrived)])
        assert told.exit_code == 1, "the receiver does judge"
        assert "failed, or could not be checked: SPF" in told.stdout
