"""The lab's zones: files in its folder, loaded at the start, and written again at every change."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import dns.exception
import dns.name
import dns.node
import dns.rdatatype
import dns.zone

from elastx_mrs.lab.samples import SAMPLES


class LabError(Exception):
    """The lab cannot do what was asked; the message says what, where, and what to do."""


class LabZone(dns.zone.Zone):
    """A zone of class IN with absolute names, and always with an origin, which dnspython's own may lack."""

    origin: dns.name.Name

    def __init__(self, origin: dns.name.Name, nodes: Mapping[dns.name.Name, dns.node.Node]) -> None:
        super().__init__(origin, relativize=False)
        self.nodes = dict(nodes)

    def copy(self) -> Self:
        """Return a zone to change, while this one is served: a writer copies the nodes that it changes."""
        return type(self)(self.origin, self.nodes)


class ZoneStore:
    """Zones by name, kept in ``directory`` as ``<name>.zone`` in master file format (RFC 1035 §5).

    :param samples: what a new folder starts with, master files by zone name.
    :param added: zones that are made where the folder has none of that name.
    :raises LabError: where a file cannot be read.
    """

    def __init__(
        self, directory: Path, samples: Mapping[str, str] = SAMPLES, added: Mapping[str, str] | None = None
    ) -> None:
        """Load the zones, after making the sample ones where the folder is new, and those that are added."""
        self._directory = directory
        try:
            if not directory.exists():
                _make(directory, samples)
            for name, text in (added or {}).items():
                if not (path := directory / f"{name}.zone").exists():
                    _write(path, text)
        except OSError as error:
            raise LabError(f"{directory}: {error.strerror}; name another folder with --dir") from None
        self._zones: dict[dns.name.Name, LabZone] = {}
        for path in sorted(directory.glob("*.zone")):
            origin = dns.name.from_text(path.stem)
            try:
                loaded = dns.zone.from_file(str(path), origin, relativize=False)
            except (dns.exception.DNSException, OSError, ValueError) as error:
                raise LabError(
                    f"{path}: is not a zone file ({error}); fix it, or remove the folder to start again"
                ) from None
            self._zones[origin] = LabZone(origin, loaded.nodes)

    def zone_of(self, name: dns.name.Name) -> LabZone | None:
        """Return the zone with the longest name that ``name`` is, or is below."""
        while name not in self._zones:
            if name == dns.name.root:
                return None
            name = name.parent()
        return self._zones[name]

    def zone(self, origin: dns.name.Name) -> LabZone:
        """Return the zone of exactly that name.

        :raises KeyError: where there is none.
        """
        return self._zones[origin]

    def delegations(self) -> dict[str, list[str]]:
        """Return the names of all zones, each with those of its name servers, without a final dot."""
        return {
            origin.to_text(omit_final_dot=True): [
                server.target.to_text(omit_final_dot=True) for server in zone.find_rdataset(origin, dns.rdatatype.NS)
            ]
            for origin, zone in self._zones.items()
        }

    def keep(self, zone: LabZone) -> None:
        """Write a changed zone to its file, and serve it from then on.

        :raises OSError: where it cannot be written; the one before is still served.
        """
        _write(self._directory / f"{zone.origin.to_text(omit_final_dot=True)}.zone", zone.to_text(relativize=False))
        self._zones[zone.origin] = zone


def _make(directory: Path, samples: Mapping[str, str]) -> None:
    """Make the folder with all the samples at once, so that a start cut short leaves none with some of them."""
    unfinished = directory.with_name(f"{directory.name}.unfinished")
    unfinished.mkdir(parents=True, exist_ok=True)
    for name, text in samples.items():
        _write(unfinished / f"{name}.zone", text)
    unfinished.replace(directory)


def _write(path: Path, text: str) -> None:
    """Write a file so that a crash leaves the old one or the new one, never half of one."""
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name lasts only when the folder does
    finally:
        os.close(folder)
