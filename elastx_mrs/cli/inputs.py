"""Files that a command reads, and what it says of bad ones. It starts fast: nothing here needs the config's model."""

from typing import Any

import click

from elastx_mrs import limits
from elastx_mrs.cli import exits
from elastx_mrs.display import visible, visible_lines
from elastx_mrs.reading import BeyondError, read_json, read_octets
from elastx_mrs.stackfile.place import NOWHERE, located


def json_file(path: str, cure: str) -> Any:
    """Return the content of a JSON file; ``-`` is standard input.

    :param cure: what to do if it is not JSON.
    """
    try:
        return read_json(read_octets(path, limits.JSON_FILE).decode("utf-8-sig"))
    except OSError as error:
        raise BadInput(f"{visible(path)}: {error.strerror}; name a file, or - for standard input") from None
    except BeyondError as error:
        raise BadInput(f"{source_name(path)}: {error}; {cure}") from None
    except ValueError as error:
        raise BadInput(f"{source_name(path)}: is not JSON ({error}); {cure}") from None


def source_name(path: str) -> str:
    """Return what an error calls a file."""
    return visible(located(path, NOWHERE))


class BadInput(click.ClickException):
    """Something that the user gave is wrong; the command prints it to standard error."""

    exit_code = exits.INPUT

    def __init__(self, message: str) -> None:
        """Keep the message, each of its lines visible."""
        super().__init__("\n".join(visible_lines(message)))
