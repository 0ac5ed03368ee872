"""The inputs of ``elastx-mrs adopt`` for a stack: the chosen records, and what the stack's state has."""

from collections.abc import Sequence

from elastx_mrs.adopt.state import EXPORT, State, StateError, state_of
from elastx_mrs.cli.inputs import BadInput, json_file, source_name
from elastx_mrs.config.model import Arguments
from elastx_mrs.display import quoted
from elastx_mrs.records import RecordError, TxtRecord, names


def chosen(given: Arguments, domains: Sequence[str]) -> list[TxtRecord]:
    """Return the records to look for: those of the named domains, or all."""
    known = {domain.name for domain in given.domains}
    wanted = set()
    for text in domains:
        try:
            domain = names.sender_domain(text)
        except RecordError as error:
            raise BadInput(f"DOMAIN {quoted(text)}: {error}") from None
        if domain not in known:
            raise BadInput(f"DOMAIN {domain}: is not one of the config's domains")
        wanted.add(domain)
    return [record for record in given.records() if not wanted or record.domain in wanted]


def state_in(path: str | None, component: str) -> State:
    """Return what the state holds, from the output of ``pulumi stack export``."""
    if path is None:
        return State()
    content = json_file(path, EXPORT)
    try:
        return state_of(content, component)
    except StateError as error:
        raise BadInput(f"{source_name(path)}: {error}") from None
