"""GitHub's workflow commands, which it shows as annotations beside the lines of a change."""

from typing import Literal


def annotation(level: Literal["error", "warning", "notice"], message: str, **properties: str | int | None) -> str:
    """Return one workflow command; line breaks, percent signs and what parts its properties are escaped.

    :param properties: such as ``file``, ``line``, ``col`` and ``title``; those that are None are left out.
    """
    given = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items() if value is not None)
    return f"::{level} {given}".rstrip() + f"::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
