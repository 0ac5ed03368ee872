"""moto's server as Route 53: it judges XML, lists, pages and GetChange.

It is no judge of compare-and-swap: it takes a stale DELETE, and a batch that fails leaves its first changes done.
"""

import logging
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from tests.publish.route53.api import SECRET

KEY_ID = "AKIDOFMOTO4711"

PRIVATE: dict[str, Any] = {
    "HostedZoneConfig": {"Comment": "", "PrivateZone": True},
    "VPC": {"VPCRegion": "eu-north-1", "VPCId": "vpc-1"},
}


@dataclass
class Moto:
    """A server with one account, which tests read and change through boto3."""

    url: str

    def environment(self) -> dict[str, str]:
        """What boto3 needs to find this and nothing else."""
        return {
            "AWS_ENDPOINT_URL_ROUTE_53": self.url,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def client(self) -> Any:
        """boto3's own."""
        keys = {"aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET}
        return boto3.client("route53", region_name="us-east-1", endpoint_url=self.url, **keys)

    def zone(self, name: str, **more: Any) -> str:
        """Create a hosted zone; return its id. There may be several of one name."""
        made = self.client.create_hosted_zone(Name=name, CallerReference=name, **more)
        return str(made["HostedZone"]["Id"]).removeprefix("/hostedzone/")

    def put(self, zone: str, *sets: Mapping[str, Any]) -> None:
        """Write record sets, as somebody else would."""
        changes = [{"Action": "UPSERT", "ResourceRecordSet": one} for one in sets]
        self.client.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})

    def txt(self, zone: str, owner: str) -> list[str]:
        """Return the values of a TXT set as they are stored."""
        pages = self.client.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone)
        sets = [one for page in pages for one in page["ResourceRecordSets"]]
        found = (one["ResourceRecords"] for one in sets if (one["Name"], one["Type"]) == (f"{owner}.", "TXT"))
        return [one["Value"] for one in next(found, [])]

    def reset(self) -> None:
        """Forget all zones."""
        request = urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")  # noqa: S310
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310


def record_set(name: str, kind: str, values: Sequence[str], ttl: int = 300) -> dict[str, Any]:
    """Return a record set as boto3 sends it."""
    return {"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": [{"Value": one} for one in values]}


@contextmanager
def serve() -> Iterator[Moto]:
    """Serve an empty account on a port of its own."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        yield Moto(f"http://127.0.0.1:{server.get_host_and_port()[1]}")
    finally:
        server.stop()
