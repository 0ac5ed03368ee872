"""boto3's client of Route 53: how often a request is sent, and one line for each way to fail."""

import os
import random
import re
import threading
import time
from collections.abc import Callable
from typing import Any

from elastx_mrs import limits
from elastx_mrs.config.environment import secrets
from elastx_mrs.extras import NotInstalledError
from elastx_mrs.publish.route53.cures import cure
from elastx_mrs.publish.rrset.record_sets import (
    ChangedError,
    LoginError,
    LostError,
    RecordSetError,
    UnreachableError,
)
from elastx_mrs.secrecy import hints

ATTEMPTS = 4
"""Times that a question is sent that gets no answer, unless ``AWS_MAX_ATTEMPTS`` says. A change is sent once, and its
set is read back. boto3 itself sends nothing again: it would not tell how often it did.
"""

THROTTLED = ("Throttling", "PriorRequestNotComplete")
"""Codes of a request that was not looked at: the account's five requests a second are used up, or the zone is busy."""

UNKNOWN = (
    "ExpiredToken", "IncompleteSignature", "InvalidClientTokenId", "InvalidSignatureException",
    "MissingAuthenticationToken", "RequestExpired", "SignatureDoesNotMatch",
)  # fmt: skip
"""Codes of a request whose credentials AWS does not accept at all."""

RATE = 5
"""Requests a second that AWS allows an account. This process keeps to it from the first refusal on."""

PAUSE, MAX_PAUSE = 0.2, 5.0
"""Seconds before such a request is sent again; twice as long before each more, up to the maximum."""

_SIGNED = re.compile(r" ?The (?:Canonical String for this request|String-to-Sign) should have been.*")
"""What AWS adds to the reason of a wrong signature: headers of the request, with the session's token."""

_LOGIN = re.compile(r"(?<=://)[^/\s@]*(?=@)")
"""Who is to log in, in a URL that boto3 repeats."""

_MAKING = threading.Lock()
"""boto3's sessions are not safe for threads; its clients are."""


class RefusedError(RecordSetError):
    """Route 53 answered with an error.

    :param code: its name of it.
    """

    def __init__(self, said: str, code: str) -> None:
        super().__init__(said)
        self.code = code


class Client:
    """Sends requests. Endpoint and credentials are boto3's own business."""

    def __init__(self) -> None:
        self._made: Any = None
        self._turns = threading.Lock()
        self._spacing = 0.0
        self._turn = 0.0

    def ask(self, operation: str, about: str, **given: Any) -> Any:
        """Return the answer to a question; one is sent again where it gets lost.

        :param about: what it is about, for a message.
        :raises RecordSetError: where there is none.
        """
        for _ in range(_attempts() - 1):
            try:
                return self._patiently(lambda: self._sent(operation, about, given))
            except UnreachableError:
                time.sleep(PAUSE)
        return self._patiently(lambda: self._sent(operation, about, given))

    def change(self, about: str, **given: Any) -> Any:
        """Return the answer to a change batch, which is sent once where it may have been made.

        :raises ChangedError: where Route 53 refuses the batch as a whole.
        :raises LostError: where it may have been made.
        """
        try:
            return self._patiently(lambda: self._sent("change_resource_record_sets", about, given))
        except UnreachableError as error:
            raise LostError(str(error)) from None
        except RefusedError as error:
            if error.code == "InvalidChangeBatch":
                raise ChangedError(str(error)) from None
            raise

    def close(self) -> None:
        """Close the connections."""
        if self._made is not None:
            self._made.close()

    def _patiently(self, send: Callable[[], Any]) -> Any:
        """Send again for a while what Route 53 has no time for."""
        end, pause = time.monotonic() + limits.ROUTE53_THROTTLED.most, PAUSE
        while True:
            self._take_turn()
            try:
                return send()
            except RefusedError as error:
                if error.code not in THROTTLED or time.monotonic() > end:
                    raise
                self._spacing = 1 / RATE
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  so that two do not meet again
            pause = min(2 * pause, MAX_PAUSE)

    def _take_turn(self) -> None:
        """Wait until this process may send: never, as long as nothing was refused for the rate."""
        with self._turns:
            now = time.monotonic()
            wait = max(0.0, self._turn - now)
            self._turn = max(now, self._turn) + self._spacing
        time.sleep(wait)

    def _sent(self, operation: str, about: str, given: dict[str, Any]) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError
        from botocore.parsers import ResponseParserError

        failed = f"the request to Route 53 about {about} failed: "
        network = "; check the network, a proxy and AWS_ENDPOINT_URL_ROUTE_53"
        try:
            answer = getattr(self._boto3(), operation)(**given)
        except ClientError as error:
            answer = error.response
            code, status = answer["Error"]["Code"], answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            reason = _SIGNED.sub("", " ".join((answer["Error"].get("Message") or "no reason given").split()))
            said = cure(f"Route 53 answers {code} to {error.operation_name} of {about}: {_shown(reason)}", code)
            if status >= 500:
                raise UnreachableError(said) from None
            if code in UNKNOWN:
                raise LoginError(said) from None
            raise RefusedError(said, code) from None
        except ResponseParserError:
            answer = {}
        except (BotoCoreError, ValueError, OSError) as error:  # ValueError: no URL; OSError: no program of a profile
            what = failed + _shown(_LOGIN.sub("…", " ".join(str(error).split())).removesuffix("."))
            if isinstance(error, ConnectionError | HTTPClientError):
                raise UnreachableError(f"{what}{network}") from None
            raise LoginError(f"{what}; set AWS_PROFILE, or run aws configure or aws sso login") from None
        if answer.keys() <= {"ResponseMetadata"}:
            raise UnreachableError(f"{failed}the answer is not one of Route 53{network}")
        return answer

    def _boto3(self) -> Any:
        """Return boto3's client, made at the first request: its import alone takes half a second."""
        with _MAKING:
            if self._made is None:
                self._made = _client()
        return self._made


def _shown(text: str) -> str:
    """Return somebody else's text, unless it has a secret of the environment in it."""
    if any(hints(text, secret) for secret in secrets(os.environ)):
        return "(its text contains a key, and is not shown)"
    return text


def _attempts() -> int:
    given = os.environ.get("AWS_MAX_ATTEMPTS", "")
    return max(1, int(given)) if given.isascii() and given.isdigit() else ATTEMPTS


def _client() -> Any:
    try:
        import boto3
    except ImportError:
        raise RecordSetError(str(NotInstalledError("boto3", "route53"))) from None
    from botocore.config import Config

    config = Config(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=10, read_timeout=30)
    session = boto3.Session()
    # Route 53 is one for all regions of a partition, and boto3 needs one to find an endpoint of the user's own.
    return session.client("route53", region_name=session.region_name or "us-east-1", config=config)
