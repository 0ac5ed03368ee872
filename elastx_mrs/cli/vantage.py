"""The servers that a command queries: ``--nameserver`` and ``--resolver``, the environment, or this machine's own."""

import asyncio
import math
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from elastx_mrs import limits
from elastx_mrs.cli.exits import UnaskedError
from elastx_mrs.cli.inputs import BadInput
from elastx_mrs.cli.terminal import note
from elastx_mrs.progress import Progress
from elastx_mrs.records import RecordError

if TYPE_CHECKING:
    from elastx_mrs.lookup.question import Server
    from elastx_mrs.lookup.vantage import Run, Vantage

T = TypeVar("T")
Command = TypeVar("Command", bound=Callable[..., Any])


def who_options(command: Command) -> Command:
    """Add ``--nameserver`` and ``--resolver`` to a command, as ``nameservers`` and ``resolvers``."""
    command = click.option(
        "--resolver",
        "-r",
        "resolvers",
        multiple=True,
        metavar="ADDRESS|URL",
        help="Query this resolver: an address, tls://… or https://…; may be repeated.",
    )(command)
    return click.option(
        "--nameserver",
        "-n",
        "nameservers",
        multiple=True,
        metavar="ADDRESS",
        help="Query this server instead of the delegated ones; may be repeated.",
    )(command)


def run_of(nameservers: Sequence[str], resolvers: Sequence[str]) -> "Run":
    """Return the servers that the options name; ``--nameserver`` overrides the environment.

    :raises BadInput: with the option or variable, and the invalid address.
    :raises NotInstalledError: for a resolver's HTTPS URL without the extra ``doh``.
    """
    from dataclasses import replace

    from elastx_mrs.lookup.vantage import Run, resolvers_at, servers_at

    try:
        run = Run.of() if not nameservers else Run(_option("--nameserver", nameservers, servers_at))
    except RecordError as error:
        raise BadInput(str(error)) from None
    return replace(run, resolvers=_option("--resolver", resolvers, resolvers_at))


def vantage_of(nameservers: Sequence[str], resolvers: Sequence[str]) -> "Vantage":
    """Return the servers to query, for a command that reads no stack config.

    :raises BadInput: as :func:`run_of`.
    :raises NotInstalledError: as :func:`run_of`.
    """
    from elastx_mrs.lookup.network import Network
    from elastx_mrs.lookup.vantage import Vantage, Who

    return Vantage(Who().in_run(run_of(nameservers, resolvers)), Network())


def answered(work: Coroutine[Any, Any, T], vantage: "Vantage | None" = None) -> T:
    """Run a command's queries to their end, with a line on standard error if that takes long.

    :param vantage: whose queries the line counts; None for work with a network of its own.
    """

    def say(*_: object) -> None:
        sent = f" ({vantage.network.sent} queries so far)" if vantage is not None else ""
        note(f"still querying name servers{sent} …")

    async def run() -> T:
        return await Progress(say, limits.QUIET, math.inf).wait("name servers", work)

    return asyncio.run(run())


def check_answered(vantage: "Vantage") -> None:
    """Check that a resolver could be queried.

    :raises UnaskedError: if none could; the command then has nothing else to show.
    """
    if vantage.nobody and vantage.who.begins_at != "nameservers":
        raise UnaskedError(vantage.nobody)


def _option(
    name: str, texts: Sequence[str], read: "Callable[[Sequence[str]], tuple[Server, ...]]"
) -> "tuple[Server, ...]":
    try:
        return read(texts)
    except RecordError as error:
        raise BadInput(f"{name}: {error}") from None
