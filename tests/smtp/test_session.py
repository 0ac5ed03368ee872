"""A session's own promises: the password, and the bound on how long it lasts."""

import threading

import pytest

from elastx_mrs.smtp import session
from elastx_mrs.smtp.connect import CouldNotAsk
from elastx_mrs.smtp.session import Session
from tests.cli.mail import ACCOUNT, PASSWORD, scripted


def test_no_password_is_sent_before_the_certificate_is_verified() -> None:
    with scripted(b"220 hi\r\n", b"235 welcome\r\n", heard=2) as (port, met):
        talking = Session("localhost", port, 5, PASSWORD)
        talking.connect()
        with pytest.raises(AssertionError, match="over verified TLS only"):
            talking.login("PLAIN", ACCOUNT)
        assert not met.is_set(), "nothing was sent"
        talking.close()


@pytest.mark.filterwarnings("error")  # as an exception in a thread is
def test_the_bound_passes_a_session_that_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "ROUNDS", 0.1)
    with scripted(b"220 hi\r\n", None) as (port, _):
        talking = Session("localhost", port, 2)
        talking.connect()
        with pytest.raises(CouldNotAsk, match="hung up"):
            talking.ehlo()
        for timer in [one for one in threading.enumerate() if isinstance(one, threading.Timer)]:
            timer.join(10)
        with pytest.raises(CouldNotAsk, match="the server hung up"):
            talking.command("NOOP")
        talking.close()
