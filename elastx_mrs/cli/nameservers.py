"""``--nameserver``, of the commands that ask the DNS."""

import os
from collections.abc import Sequence

from elastx_mrs.cli.inputs import BadInput
from elastx_mrs.lookup.asking import Asking
from elastx_mrs.records import RecordError


def asking_of(nameservers: Sequence[str]) -> Asking:
    """Return what asks the servers that are named, else those of the environment, else delegation and resolvers."""
    try:
        # What is named for this one run is meant; the environment is for runs that name none.
        return Asking.of(nameservers, (), {} if nameservers else os.environ)
    except RecordError as error:
        raise BadInput(f"--nameserver: {error}") from None
