"""The time limits of a session with a mail server, and the errors for missing answers."""

import time

from elastx_mrs import limits

ASK = "contact the server's operator"
AGAIN = f"try again; if it happens again, {ASK}"


class CouldNotAsk(Exception):  # noqa: N818 - the query failed, not the program
    """The server gave no usable answer.

    :param cure: what to do.
    """

    def __init__(self, problem: str, cure: str) -> None:
        self.cure = cure
        super().__init__(problem)


class Clock:
    """The time limits of a session: seconds for each wait, and for all of them together."""

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self.budget = patience * limits.SMTP_SESSION_WAITS.most
        self._end = time.monotonic() + self.budget

    def wait(self) -> float:
        """Return the seconds that the next wait may take.

        :raises CouldNotAsk: if the session has no time left.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.over()
        return min(self.patience, left)

    def over(self) -> CouldNotAsk:
        """Return the error for a session that takes too long."""
        return CouldNotAsk(
            f"the session took more than {self.budget:g} s in total", f"{AGAIN}, or raise --answer-timeout"
        )

    def silent(self) -> CouldNotAsk:
        """Return the error for a wait that takes too long."""
        if self._end - time.monotonic() <= 0:
            return self.over()
        cure = "check host and port: a port with implicit TLS, such as 465, first waits for TLS"
        return CouldNotAsk(f"no answer in {self.patience:g} s", f"{cure}; or raise --answer-timeout")
