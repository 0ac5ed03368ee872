"""Reads the output of ``pulumi preview --json``: the resources that would change, and the messages.

Unchanged resources are not in it. A failed preview is valid as far as it went. If Pulumi could not start, it prints no
JSON.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from elastx_mrs import limits, notices
from elastx_mrs.display import quoted
from elastx_mrs.identity import COMPONENT_TYPE
from elastx_mrs.records.challenge import token
from elastx_mrs.service import ELASTX, Service

_CREATES = frozenset({"create", "create-replacement", "replace", "update", "import", "import-replacement"})
_DELETES = frozenset({"delete", "delete-replaced", "discard", "discard-replaced", "replace", "update", "remove"})
_REPLACES = frozenset({"replace", "create-replacement", "delete-replaced", "import-replacement", "discard-replaced"})
_IMPORTS = frozenset({"import", "import-replacement"})

_SERVED = ("value", "content", "ttl")
"""Inputs that others can change at the provider."""

_NOISE = re.compile(
    r"using pulumi-[\w-]+ from \$PATH|preview failed$|an unhandled error occurred: program exited with non-zero exit "
    r"code|resource monitor shut down|update canceled$",
    re.IGNORECASE,
)
"""The beginning of Pulumi's messages that add nothing to the reason. Other messages may quote such text from DNS."""

_LEVELS: Mapping[str, Literal["error", "warning", "notice"]] = {
    "error": "error", "warning": "warning", "info": "notice", "info#err": "notice",
}  # fmt: skip
_HOOK = re.compile(r'(?:Preview failed: )?before hook "[^"]*" failed: ')


class PreviewError(Exception):
    """The input is not the output of ``pulumi preview --json``; the message has the reason and the fix."""


class Resource(NamedTuple):
    """One resource that would change.

    :param type: such as ``cloudflare:index/dnsRecord:DnsRecord``.
    :param component: the name of its ``MailRelay``; None without one.
    :param old: its inputs before, with published values if known; None if it will be created.
    :param new: its inputs after; None if it will be deleted.
    :param replaced: whether it will be deleted and created again.
    :param imported: whether an existing one will be taken over.
    :param retained: whether it stays published when it leaves the state.
    """

    urn: str
    type: str
    name: str
    component: str | None
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None
    replaced: bool = False
    imported: bool = False
    retained: bool = False


@dataclass(frozen=True)
class Diagnostic:
    """One message.

    :param urn: the resource that it is about; empty for the run.
    :param cause: the resource whose error explains why this one is stopped, too; empty for other messages.
    """

    level: Literal["error", "warning", "notice"]
    text: str
    urn: str = ""
    cause: str = ""


@dataclass(frozen=True)
class Preview:
    """A preview.

    :param project: empty, like ``stack``, if it is not known.
    :param resources: those that would change, without the stack and providers.
    :param accounts: known addresses, by the token of their challenge.
    :param service: the relay service of the records.
    """

    project: str
    stack: str
    resources: tuple[Resource, ...]
    diagnostics: tuple[Diagnostic, ...]
    accounts: Mapping[str, str]
    service: Service = ELASTX

    @property
    def failed(self) -> bool:
        """Whether there is an error message."""
        return any(one.level == "error" for one in self.diagnostics)


def read(text: str, accounts: tuple[str, ...] = (), service: Service = ELASTX, *, name: str = "") -> Preview:
    """Return a preview.

    :param name: PROJECT/STACK, for a preview that ended before its first resource.
    :param accounts: further addresses, for instance if the program has them, and not the config.
    :param service: their relay service.
    :raises PreviewError: for anything else.
    """
    content = _loaded(text)
    steps = content.get("steps") or []
    diagnostics = content.get("diagnostics") or []
    if not _are_objects(steps) or not _are_objects(diagnostics) or not {"steps", "changeSummary"} & content.keys():
        raise PreviewError("is JSON, but not what pulumi preview --json prints")
    if len(steps) > limits.PREVIEW_STEPS.most:
        raise PreviewError(f"has over {limits.PREVIEW_STEPS.text}; review the preview of a smaller stack")
    found: dict[str, Resource] = {}
    project, stack = _names(name)
    for step in steps:
        urn = _text(step.get("urn"))
        parts = urn.split("::")
        if len(parts) < 4:
            continue
        stack, project = parts[0].rpartition(":")[2], parts[1]
        resource = _resource(urn, parts, step, found.get(urn))
        if resource is not None:
            _check_length(resource)
            found[urn] = resource
    known = [*accounts, *_accounts(content.get("config"))]
    return Preview(
        project,
        stack,
        tuple(found.values()),
        tuple(_diagnostics(diagnostics)),
        {token(account, service): account for account in known},
        service,
    )


def of_log(log: str, name: str = "") -> Preview:
    """Return a preview that did not start: Pulumi's standard error is all there is.

    :param name: PROJECT/STACK.
    """
    text = log.strip() or "pulumi preview printed nothing, also not on standard error"
    return Preview(*_names(name), (), (Diagnostic("error", _end(text)),), {})


def _names(name: str) -> tuple[str, str]:
    """Return the project and the stack, which URNs have without the organisation of Pulumi Cloud."""
    project, _, stack = name.rpartition("/")
    return project.rpartition("/")[2], stack


def _loaded(text: str) -> dict[str, Any]:
    if not text.strip():
        raise PreviewError(
            "is empty: pulumi preview failed before it began; its standard error has the reason (add it with --log)"
        )
    try:
        content = json.loads(text)
    except RecursionError:
        raise PreviewError("is nested too deep for what pulumi preview --json prints") from None
    except ValueError as error:
        raise PreviewError(_not_json(text, str(error))) from None
    if isinstance(content, list):
        raise PreviewError("is a list; pulumi preview --json prints one object")
    if not isinstance(content, dict):
        raise PreviewError("is not what pulumi preview --json prints")
    return content


def _not_json(text: str, error: str) -> str:
    first = text.lstrip().partition("\n")[0]
    try:
        if isinstance(json.loads(first), dict):
            return (
                "is a stream of events; unset PULUMI_ENABLE_STREAMING_JSON_PREVIEW, and run pulumi preview --json again"
            )
    except (ValueError, RecursionError):
        pass
    if text.lstrip().startswith("{"):
        return f"is cut off, or something else is in it ({error}); run pulumi preview --json again, to its end"
    return f"is not JSON ({error}); pipe or name what pulumi preview --json prints, and nothing else"


def _are_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _inputs(state: object) -> Mapping[str, Any] | None:
    if not isinstance(state, dict):
        return None
    inputs = state.get("inputs")
    return inputs if isinstance(inputs, dict) else {}


def _before(state: object) -> Mapping[str, Any] | None:
    """Return the inputs of a state, with the published values: after a refresh, they are in its outputs."""
    inputs = _inputs(state)
    outputs = state.get("outputs") if isinstance(state, dict) else None
    if inputs is None or not isinstance(outputs, dict):
        return inputs
    return {**inputs, **{key: outputs[key] for key in _SERVED if key in inputs and key in outputs}}


def _resource(urn: str, parts: list[str], step: Mapping[str, Any], before: Resource | None) -> Resource | None:
    """Return a resource after another of its steps: a replacement has three."""
    op = _text(step.get("op"))
    types = parts[2].split("$")
    if types[-1] == "pulumi:pulumi:Stack" or types[-1].startswith("pulumi:providers:"):
        return None
    if op not in _CREATES | _DELETES:
        return None
    old = _before(step.get("oldState")) if op in _DELETES else None
    new = _inputs(step.get("newState")) if op in _CREATES else None
    states = [state for key in ("newState", "oldState") if isinstance(state := step.get(key), dict)]
    retained = op in ("delete", "delete-replaced") and any(state.get("retainOnDelete") for state in states)
    parent = next((_text(state.get("parent")) for state in states), "")
    component = parent.rpartition("::")[2] if COMPONENT_TYPE in types[:-1] else None
    if before is not None:
        old = before.old if before.old is not None else old
        new = before.new if before.new is not None else new
    return Resource(
        urn,
        types[-1],
        parts[-1],
        component,
        old,
        new,
        op in _REPLACES or (before is not None and before.replaced),
        op in _IMPORTS or (before is not None and before.imported),
        retained or (before is not None and before.retained),
    )


def _check_length(resource: Resource) -> None:
    """Refuse values that are longer than any record, because each is parsed.

    :raises PreviewError: naming the resource.
    """
    if resource.component is None:
        return
    for inputs in (resource.old or {}, resource.new or {}):
        for key in ("owner", "name", "value", "content"):
            if len(_text(inputs.get(key))) > limits.PREVIEW_VALUE.most:
                raise PreviewError(
                    f"has {key} of over {limits.PREVIEW_VALUE.text} at {quoted(resource.name)}, and no DNS record is "
                    "that long; correct the program"
                )


def _end(text: str) -> str:
    """Return a text, or the end of a long one."""
    most = limits.PREVIEW_MESSAGE.most
    return text if len(text) <= most else f"…{text[1 - most :]}"


def _diagnostics(found: Sequence[dict[str, Any]]) -> Iterator[Diagnostic]:
    """Yield the messages, once each. Errors that only follow another are left out, unless there is no other."""
    said: dict[Diagnostic, None] = {}
    noise: list[Diagnostic] = []
    for one in found:
        level = _LEVELS.get(_text(one.get("severity")))
        text = re.sub(r"^(?:error|warning): ", "", _text(one.get("message")).strip())
        if level is None or not text:
            continue
        text = _HOOK.sub(notices.GUARD, _end(text))
        cause = notices.cause_of(text) if level == "error" else ""
        diagnostic = Diagnostic(level, text, _text(one.get("urn")), cause)
        if _NOISE.match(text) and "\n" not in text:
            noise.append(diagnostic)
        else:
            said[diagnostic] = None
    errors = [one for one in noise if one.level == "error"]
    if errors and not any(one.level == "error" for one in said):
        said[errors[0]] = None
    most = limits.PREVIEW_MESSAGES.most
    if len(said) <= most:
        yield from said
    else:
        yield from sorted(said, key=lambda one: list(_LEVELS.values()).index(one.level))[:most]
        yield Diagnostic("warning", f"{len(said) - most:,} more messages of the preview are not shown here")


def _accounts(config: object) -> Iterator[str]:
    """Yield the accounts of a stack's config, where secret ones are missing."""
    if not isinstance(config, dict):
        return
    for key, value in config.items():
        if key.endswith(":accounts") and isinstance(value, str):
            try:
                yield from _addresses(json.loads(value))
            except (ValueError, RecursionError):
                continue


def _addresses(value: object) -> Iterator[str]:
    if isinstance(value, list):
        # JSON may have a lone surrogate, which cannot be hashed.
        yield from (item for item in value if isinstance(item, str) and "@" in item and item.isprintable())
