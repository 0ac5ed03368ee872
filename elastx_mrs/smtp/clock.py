"""The time that a session with a mail server has, and what is said where there was no answer."""

import time

from elastx_mrs import limits

ASK = "contact the server's operator"
AGAIN = f"try again; if it happens again, {ASK}"


class CouldNotAsk(Exception):  # noqa: N818 - it says that asking failed, not that anything is wrong with the program
    """There was no answer.

    :param cure: what to do.
    """

    def __init__(self, problem: str, cure: str) -> None:
        self.cure = cure
        super().__init__(problem)


class Clock:
    """The time that a session has: seconds for each wait, and for all of them together."""

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self.budget = patience * limits.SMTP_SESSION_WAITS.most
        self._end = time.monotonic() + self.budget

    def wait(self) -> float:
        """Return the seconds that the next wait may take.

        :raises CouldNotAsk: where the session has none left.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.over()
        return min(self.patience, left)

    def over(self) -> CouldNotAsk:
        """Return what is said of a session without an end."""
        return CouldNotAsk(
            f"the session took more than {self.budget:g} s in total", f"{AGAIN}, or raise --answer-timeout"
        )

    def silent(self) -> CouldNotAsk:
        """Return what is said where a wait had no end."""
        if self._end - time.monotonic() <= 0:
            return self.over()
        cure = "check host and port: a port with implicit TLS, such as 465, first waits for TLS"
        return CouldNotAsk(f"no answer in {self.patience:g} s", f"{cure}; or raise --answer-timeout")
