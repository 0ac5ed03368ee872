"""What the SPF record of a relay service passes: looked up once a round, and held against every domain."""

from dataclasses import dataclass

from elastx_mrs.receiver.spf_ranges import Address, Network


@dataclass(frozen=True)
class Relay:
    """What the SPF record of a relay service says.

    :param result: as of :class:`elastx_mrs.receiver.spf_record.Found`.
    :param networks: that its terms name or lead to.
    :param addresses: those that it passes, one for each stretch between the borders of its networks.
    :param problem: why there are none.
    :param over: whether that is because a limit on what may be asked was reached.
    """

    result: str
    networks: tuple[Network, ...] = ()
    addresses: tuple[Address, ...] = ()
    problem: str = ""
    over: bool = False
