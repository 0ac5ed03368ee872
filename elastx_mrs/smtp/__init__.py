"""The relay's address, as the service's page gives it."""

from typing import Final, TypedDict


class Smtp(TypedDict):
    """Where to hand in mail: host name, port, and whether STARTTLS is preferred."""

    host: str
    port: int
    starttls: bool


SMTP: Final[Smtp] = {"host": "smtp.elastx.email", "port": 587, "starttls": True}
