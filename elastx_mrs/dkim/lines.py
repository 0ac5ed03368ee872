"""The lines of a stack's config for a key of one's own."""

import yaml

from elastx_mrs.display import comment_line


def of_new(selector: str, record: str) -> str:
    """Return a key as an item of the list ``dkim``, as YAML. Nothing signs with it yet."""
    item = {"selector": selector, "own": True, "record": record, "signs": False}
    return yaml.safe_dump([item], sort_keys=False, width=100_000)


def of_record(selector: str, record: str) -> str:
    """Return the record as a comment: its owner name and its value."""
    return comment_line(f"{selector}._domainkey.<domain> TXT {record}")
