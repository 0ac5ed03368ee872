"""The API's errors, with Cloudflare's status, code and text.

Users of the API have reported these codes and texts: 81044, 81053, 81058, 9000, 9015, 9021, 9300, 9313 and 83011 of DNS
records; 6003, 9106, 9109, 10000 and 0 of tokens; 971 of the rate limit; 7003 of paths.
"""

from typing import Any


class RefusedError(Exception):
    """An error answer.

    :param chain: the codes and texts of ``error_chain``, below the first.
    """

    def __init__(self, status: int, code: int, message: str, *chain: tuple[int, str]) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.chain = chain

    def envelope(self) -> dict[str, Any]:
        """Return the body of the answer."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.chain:
            error["error_chain"] = [{"code": code, "message": message} for code, message in self.chain]
        return {"success": False, "errors": [error], "messages": [], "result": None}


def invalid(code: int, message: str) -> RefusedError:
    """Return the error for an invalid record."""
    return RefusedError(400, code, message)


def no_route(path: str) -> RefusedError:
    """Return the error for an unknown path, such as one with a malformed identifier."""
    hint = f"Could not route to {path}, perhaps your object identifier is invalid?"
    return RefusedError(404, 7003, hint)


def not_allowed() -> RefusedError:
    """Return the error for a token without the permission or without access to the zone."""
    return RefusedError(403, 10000, "Authentication error")


THROTTLED = (429, 971, "Please wait and consider throttling your request speed")
"""Status, code and text of the rate limit's error."""
