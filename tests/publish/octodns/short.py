"""Providers of octoDNS that hold only short TXT values, on PowerDNS: one that says so in time, and two that do not."""

from typing import Any, ClassVar

from octodns_powerdns import PowerDnsProvider

MOST = 255


def too_long(record: Any) -> bool:
    return record._type == "TXT" and any(len(value.replace("\\;", ";")) > MOST for value in record.values)


class Declared(PowerDnsProvider):  # type: ignore[misc]
    """It says so where octoDNS asks while it plans."""

    made: ClassVar[list[str]] = []

    def __init__(self, id: str, **more: Any) -> None:
        self.made.append(id)
        super().__init__(id, **more)

    def _process_desired_zone(self, desired: Any) -> Any:
        for record in desired.records:
            if too_long(record):
                message = f"TXT values over {MOST} octets not supported for {record.fqdn}"
                self.supports_warn_or_except(message, "omitting record")
                desired.remove_record(record)
        return super()._process_desired_zone(desired)


class Cutting(PowerDnsProvider):  # type: ignore[misc]
    """It cuts the value, and logs that."""

    def _process_desired_zone(self, desired: Any) -> Any:
        for record in desired.records:
            if too_long(record):
                cut = record.copy()
                cut.values = [value[:MOST] for value in record.values]
                desired.add_record(cut, replace=True)
        return super()._process_desired_zone(desired)


class Confused(PowerDnsProvider):  # type: ignore[misc]
    """It needs what it has read before, which octoDNS's plan has done."""

    def _process_desired_zone(self, desired: Any) -> Any:
        raise KeyError(desired.name)


class Late(PowerDnsProvider):  # type: ignore[misc]
    """It says so when a change is sent."""

    def _apply(self, plan: Any) -> None:
        for change in plan.changes:
            if change.new is not None and too_long(change.new):
                raise ValueError(f"values of at most {MOST} octets")
        super()._apply(plan)
