"""The addresses that a relay service's SPF record passes: looked up once a round, and compared with every domain."""

from dataclasses import dataclass

from elastx_mrs.receiver.spf_ranges import Address, Network


@dataclass(frozen=True)
class Relay:
    """The content of a relay service's SPF record.

    :param result: as of :class:`elastx_mrs.receiver.spf_record.Found`.
    :param networks: the networks in its tree.
    :param addresses: addresses that pass, one for each range between the borders of its networks.
    :param problem: why no address passes.
    :param over: whether the reason is that a limit was reached.
    """

    result: str
    networks: tuple[Network, ...] = ()
    addresses: tuple[Address, ...] = ()
    problem: str = ""
    over: bool = False
