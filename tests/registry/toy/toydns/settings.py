"""What a config says of the toy: the one zone that it has."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator

from elastx_mrs.config.base import Shape
from elastx_mrs.records import names
from elastx_mrs.registry import Problem, Provider, StackKey


class Toy(Shape):
    """Publishing to a toy."""

    examples = {"zone": "example.com"}  # noqa: RUF012 - the base declares it as the class's own

    zone: Annotated[str, AfterValidator(names.sender_domain)]
    """The zone that the toy has. Required."""
    colour: str | None = None
    """What the toy is painted in."""


def faults(given: Toy, domains: Sequence[str], program: bool) -> Iterator[Problem]:
    """Yield each domain that is not in the toy's zone."""
    for index, domain in enumerate(domains):
        if names.longest_zone(domain, [given.zone]) is None:
            yield f"domains[{index}]", f"{domain} is not in the toy's zone {given.zone}"


def stand_in(path: tuple[str | int, ...], name: str) -> Any:
    """Return what stands for an encrypted value."""
    return None if path else {"zone": name}


PROVIDER = Provider(
    "toy",
    Toy,
    "Publish to a toy.",
    "toydns.publisher:make",
    examine="toydns.examine:examine",
    faults=faults,
    ttl_problem=lambda ttl: None if ttl != 77 else "is 77; a toy cannot count so far",
    stack_keys=(StackKey("toyToken", "secret", "The toy's token.", "make a new token"),),
    stand_in=stand_in,
)
