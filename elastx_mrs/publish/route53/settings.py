"""The config of Amazon Route 53: ids of hosted zones, if the user names them."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator

from elastx_mrs.config.base import Shape
from elastx_mrs.display import quoted
from elastx_mrs.records import RecordError, names
from elastx_mrs.registry import Provider, StackKey
from elastx_mrs.secrecy import masked
from elastx_mrs.start import Start

_ID = re.compile(r"(?:/hostedzone/)?([A-Z0-9]{1,32})")


def hosted_zone(text: str) -> str:
    """Return the id of a hosted zone, as Route 53's API has it.

    :raises RecordError: if it is not an id.
    """
    match = _ID.fullmatch(text)
    if match is None:
        raise RecordError(
            f"{quoted(masked(text))} is not the id of a hosted zone, such as Z0123456789ABCDEFGHIJ; "
            "run: aws route53 list-hosted-zones"
        )
    return match[1]


class Route53(Shape):
    """Publishing through Amazon Route 53. An empty object means every public hosted zone that the credentials see."""

    written: ClassVar[str] = "{} for all hosted zones that the credentials see, or an object such as {zones: …}"

    examples: ClassVar[Mapping[str, Any]] = {"zones": {"example.com": "Z0123456789ABCDEFGHIJ"}}

    zones: dict[Annotated[str, AfterValidator(names.sender_domain)], Annotated[str, AfterValidator(hosted_zone)]] = {}
    """Hosted zone ids by the zone's name. If every domain is in one of them, no zones are listed. Default: found by
    name.
    """


def stand_in(path: tuple[str | int, ...], name: str) -> Any:
    """Return the placeholder for an encrypted value. Encrypted settings still name Route 53."""
    match path:
        case ("zones", _):
            return "Z0"
        case _:
            return {}


PROVIDER = Provider(
    "route53",
    Route53,
    "Publish through Amazon Route 53. Required unless another publisher is named.",
    "elastx_mrs.publish.route53.publisher:make",
    zones="elastx_mrs.publish.route53.publisher:zones",
    examine="elastx_mrs.publish.route53.examine:examine",
    extra="route53",
    may_be_empty=True,
    stack_keys=(
        StackKey(
            "adopt",
            "names",
            "Names whose published records the stack takes over (not for cloudflare): `elastx-mrs adopt` prints them.",
            example=["_dmarc.example.com"],
        ),
    ),
    stand_in=stand_in,
    waits=lambda _: "Route 53 takes 5 requests a second from an account, and a record needs two",
    hints={hosted_zone: {"pattern": f"^{_ID.pattern}$"}},
    start=Start(
        credentials=("AWS_PROFILE or AWS_ACCESS_KEY_ID: credentials of AWS that may read and change the hosted zones",),
        extra="route53",
    ),
)
