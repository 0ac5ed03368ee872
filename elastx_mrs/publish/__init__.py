"""Declares TXT records as Pulumi resources: one module per DNS provider, imported only when it is used."""

from typing import Protocol

import pulumi

from elastx_mrs.records import TxtRecord


class Publisher(Protocol):
    """What the component asks of a DNS provider; write your own for one that is not here."""

    def declare(self, name: str, record: TxtRecord, options: pulumi.ResourceOptions) -> pulumi.CustomResource:
        """Declare one record as one resource called ``name``."""
        ...
