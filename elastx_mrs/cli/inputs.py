"""Input files of the commands, and the errors about bad ones. It loads fast: it does not import the config's model."""

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
    """Return the name of a file for error messages."""
    return visible(located(path, NOWHERE))


class BadInput(click.ClickException):
    """The user's input is wrong; the command prints the message to standard error."""

    exit_code = exits.INPUT

    def __init__(self, message: str) -> None:
        """Keep the message, with hidden characters made visible in each line."""
        super().__init__("\n".join(visible_lines(message)))
