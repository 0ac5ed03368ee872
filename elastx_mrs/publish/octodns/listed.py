"""The zones that a config lists for one of octoDNS's providers. Every ``up`` reads them, so this needs no pydantic."""

from collections.abc import Iterator
from typing import Any

from elastx_mrs.records import RecordError, names
from elastx_mrs.registry import Problem


def zone_faults(path: str, given: Any, listed: dict[str, str]) -> Iterator[Problem]:
    """Yield the faults of a provider's zones.

    :param listed: the path at which each zone of the providers before is listed; this one's are added.
    """
    if given is None:
        return
    if not isinstance(given, list) or not given:
        yield path, "is not a list of zones; write one, such as [example.com], or leave it out to list all zones"
        return
    for index, zone in enumerate(given):
        where = f"{path}[{index}]"
        try:
            name = names.sender_domain(zone) if isinstance(zone, str) else ""
        except RecordError as error:
            yield where, str(error)
            continue
        if not name:
            yield where, "is not text; write the name of a zone, such as example.com"
        elif name in listed:
            yield where, f"{name} is in {listed[name]} too; list it for one provider only"
        else:
            listed[name] = path
