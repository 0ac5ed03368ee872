"""What must be in DNS: pure functions from accounts and domains to TXT records.

No Pulumi, no network, no clock. Each kind of record has a module of that name with its rules.
"""

from elastx_mrs.records.record import DEFAULT_TTL, RecordError, Remark, TxtRecord

__all__ = ["DEFAULT_TTL", "RecordError", "Remark", "TxtRecord"]
