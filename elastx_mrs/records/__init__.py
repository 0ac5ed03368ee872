"""What must be in DNS: pure functions from accounts and domains to TXT records.

No Pulumi, no network, no clock. One module per kind of record, so that the rule for a record is found by its name.
"""

from elastx_mrs.records.record import DEFAULT_TTL, RecordError, Remark, TxtRecord

__all__ = ["DEFAULT_TTL", "RecordError", "Remark", "TxtRecord"]
