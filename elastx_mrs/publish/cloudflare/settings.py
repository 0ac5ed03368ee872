"""The config of Cloudflare: the account whose zones are listed, zone ids, and the comment."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator

from elastx_mrs.config.base import Shape
from elastx_mrs.publish.cloudflare.waits import known
from elastx_mrs.records import RecordError, names
from elastx_mrs.records.record import AUTOMATIC_TTL
from elastx_mrs.registry import Provider
from elastx_mrs.start import Question, Start

MAX_COMMENT = 100
"""Characters of a record's comment on Cloudflare's free plan."""


def comment_text(text: str) -> str:
    """Return a record's comment.

    :raises RecordError: if it is not one line, is too long, or has an unknown placeholder.
    """
    if not text.isprintable() or not text.strip():
        raise RecordError("is not one line of text; write who owns the records, such as {project}/{stack}")
    if len(text) > MAX_COMMENT:
        raise RecordError(f"has {len(text)} characters; Cloudflare's free plan has room for {MAX_COMMENT}")
    unknown = set(re.findall(r"\{(.*?)\}", text)) - {"project", "stack", "component"}
    if unknown:
        raise RecordError(f"has {{{min(unknown)}}}; the placeholders are {{project}}, {{stack}} and {{component}}")
    return text


def account(text: str) -> str:
    """Return an account's id, which is part of the URLs of Cloudflare's API.

    :raises RecordError: if it is not an id. The error does not quote it: it may be a misplaced token.
    """
    if text and not (text.isascii() and text.isalnum()):
        raise RecordError("is not the id of an account; copy that from the account's page at Cloudflare")
    return text


class Cloudflare(Shape):
    """Publishing through Cloudflare. An empty object selects every zone that the token can access."""

    written: ClassVar[str] = "{} for all zones that the token sees, or an object such as {accountId: …}"
    examples: ClassVar[Mapping[str, Any]] = {
        "account_id": "0123456789abcdef0123456789abcdef",
        "zones": {"example.com": "fedcba9876543210fedcba9876543210"},
        "comment": "{project}/{stack}",
    }

    account_id: Annotated[str, AfterValidator(account)] | None = None
    """List only the zones of this account. Default: all that the token can access."""
    zones: dict[Annotated[str, AfterValidator(names.sender_domain)], Any] = {}
    """Zone ids by domain. If every domain has an id, the component does not list zones. An id may be an
    unknown Output.
    """
    comment: Annotated[str, AfterValidator(comment_text)] | None = None
    """The comment of each record, such as {project}/{stack} or {component}. At most 100 characters."""


def ttl_problem(ttl: int) -> str | None:
    """Return the problem of a TTL in seconds, or None."""
    if ttl == AUTOMATIC_TTL or 60 <= ttl <= 86400:
        return None
    return f"is {ttl}; Cloudflare takes 60 to 86400 seconds, or {AUTOMATIC_TTL} for automatic"


def stand_in(path: tuple[str | int, ...], name: str) -> Any:
    """Return the placeholder for an encrypted value. Encrypted settings still name Cloudflare."""
    return None if path else {}


def _revoke(key: str) -> str:
    return f"create a new one at Cloudflare, revoke this one, and run: pulumi config set --secret {key}"


PROVIDER = Provider(
    "cloudflare",
    Cloudflare,
    "Publish through Cloudflare. Required unless another publisher is named.",
    "elastx_mrs.publish.cloudflare.publisher:make",
    zones="elastx_mrs.publish.cloudflare.publisher:zones",
    examine="elastx_mrs.publish.cloudflare.examine:examine",
    extra="cloudflare",
    may_be_empty=True,
    ttl_problem=ttl_problem,
    open_secrets={
        key: _revoke(key) for key in ("cloudflare:apiToken", "cloudflare:apiKey", "cloudflare:apiUserServiceKey")
    },
    stand_in=stand_in,
    outputs=("zones",),
    place=lambda given, _: given.account_id or "",
    waits=known,
    hints={comment_text: {"maxLength": MAX_COMMENT}},
    start=Start(
        questions=(
            Question(
                "accountId",
                "the account that has the zones; empty for all zones that the token can see",
                "0123456789abcdef0123456789abcdef",
            ),
        ),
        credentials=("CLOUDFLARE_API_TOKEN: a token with Zone > Zone > Read and Zone > DNS > Edit for these zones",),
        extra="cloudflare",
        take_over=(
            "elastx-mrs adopt --import --stack-config {file} > import.json",
            "pulumi import --file import.json --protect=false --generate-code=false",
        ),
    ),
)
