"""What is verified of records that several publishers have."""

from typing import Any

from elastx_mrs.component.key import Key
from elastx_mrs.component.verification import _jobs
from elastx_mrs.config.parse import parse
from tests import golden

ARGS: Any = {
    "accounts": [golden.ACCOUNT],
    "dkim": {"external": True},
    "domains": [{"name": "example.com", "publish": ["cloudflare", "route53"]}],
    "cloudflare": {},
    "route53": {},
}
OLD = "v=spf1 include:elastx.email ~all"


def test_a_record_of_two_publishers_is_expected_once_and_as_it_was_declared() -> None:
    arguments = parse(ARGS, camel_case=False)
    records = {
        Key(publisher, record.resource("mail")): record
        for record in arguments.records()
        for publisher in ("cloudflare", "route53")
    }
    values: dict[Key, str | None] = {key: record.value for key, record in records.items()}
    for stale in ({}, {Key("route53", "mail-example.com-spf"): OLD}, {Key("cloudflare", "mail-example.com-spf"): OLD}):
        (job,) = _jobs(arguments, {"example.com": "require"}, records, values | stale)
        assert sorted(record.value for record in job.expected.records) == sorted(
            {record.value for record in records.values()}
        )
        assert job.expected.left_out == ()
    missing = Key("route53", "mail-example.com-dmarc")
    (job,) = _jobs(arguments, {"example.com": "require"}, records, values | {missing: None})
    assert job.expected.left_out == ("mail-example.com-dmarc (route53)",)
