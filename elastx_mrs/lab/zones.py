"""The lab's zones: files in its folder, loaded at the start and written at every change."""

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
    """The lab cannot continue; the message has the place, the problem and the fix."""


class LabZone(dns.zone.Zone):
    """A zone of class IN with absolute names and an origin, which is optional in dnspython's own class."""

    origin: dns.name.Name

    def __init__(self, origin: dns.name.Name, nodes: Mapping[dns.name.Name, dns.node.Node]) -> None:
        super().__init__(origin, relativize=False)
        self.nodes = dict(nodes)

    def copy(self) -> Self:
        """Return a copy to change while this one is served; a writer copies the nodes that it changes."""
        return type(self)(self.origin, self.nodes)


class ZoneStore:
    """Zones by name, stored in ``directory`` as ``<name>.zone`` in master file format (RFC 1035 §5).

    :param samples: the zones of a new folder: master files by zone name.
    :param added: zones to create if the folder has none with that name.
    :raises LabError: if a file cannot be read.
    """

    def __init__(
        self, directory: Path, samples: Mapping[str, str] = SAMPLES, added: Mapping[str, str] | None = None
    ) -> None:
        """Create the sample zones in a new folder and the added zones; then load all zones."""
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
        """Return the zone with the longest name at or above ``name``."""
        while name not in self._zones:
            if name == dns.name.root:
                return None
            name = name.parent()
        return self._zones[name]

    def zone(self, origin: dns.name.Name) -> LabZone:
        """Return the zone with exactly that name.

        :raises KeyError: if there is none.
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
        """Write a changed zone to its file, and serve it from now on.

        :raises OSError: if it cannot be written; the old zone is then still served.
        """
        _write(self._directory / f"{zone.origin.to_text(omit_final_dot=True)}.zone", zone.to_text(relativize=False))
        self._zones[zone.origin] = zone


def _make(directory: Path, samples: Mapping[str, str]) -> None:
    """Create the folder with all samples at once, so an interrupted start never leaves a partial folder."""
    unfinished = directory.with_name(f"{directory.name}.unfinished")
    unfinished.mkdir(parents=True, exist_ok=True)
    for name, text in samples.items():
        _write(unfinished / f"{name}.zone", text)
    unfinished.replace(directory)


def _write(path: Path, text: str) -> None:
    """Write a file atomically: a crash leaves the old file or the new one."""
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name is safe only after the folder is
    finally:
        os.close(folder)
