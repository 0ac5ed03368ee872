"""``elastx-mrs lab-check``: are the records of a stack really in the lab's DNS?"""

import os
import sys

import click

from elastx_mrs.cli.inputs import BadInput, arguments
from elastx_mrs.records import TxtRecord
from elastx_mrs.records.text import join, show


@click.command("lab-check")
@click.option("--stack-config", metavar="FILE", required=True, help="The stack's file, such as stacks/Pulumi.lab.yaml.")
@click.option("--server", metavar="ADDRESS:PORT", help="[default: ELASTX_MRS_LAB_DNS, as elastx-mrs lab sets it]")
def command(stack_config: str, server: str | None) -> None:
    """Ask the lab's DNS server for every record of a stack.

    Prints a table of its answers; exits with 1 where one is not as it should be.
    """
    from tabulate import tabulate

    address = server or os.environ.get("ELASTX_MRS_LAB_DNS")
    if not address or not address.rpartition(":")[2].isdigit():
        raise BadInput("no server to ask; run this through elastx-mrs lab -- …, or write --server 127.0.0.1:PORT")
    host, _, port = address.rpartition(":")
    rows = []
    for record in arguments(stack_config, None, {}).records():
        verdict, seen = _ask(record, host, int(port))
        rows.append((verdict, record.kind, record.name, seen))
    click.echo(
        tabulate(rows, headers=("", "kind", "name", f"answer of {address}"), tablefmt="plain", disable_numparse=True)
    )
    wrong = [row for row in rows if row[0] != "ok"]
    click.echo(f"{len(rows) - len(wrong)} of {len(rows)} records ok")
    sys.exit(1 if wrong else 0)


def _ask(record: TxtRecord, host: str, port: int) -> tuple[str, str]:
    """Return ``ok`` or ``not ok``, and what was seen."""
    import dns.exception
    import dns.message
    import dns.query
    import dns.rdatatype

    query = dns.message.make_query(record.name, dns.rdatatype.TXT, payload=1232)
    try:
        answer, _tcp = dns.query.udp_with_fallback(query, host, timeout=5, port=port)
    except (dns.exception.DNSException, OSError) as error:
        return "not ok", f"no answer: {error}"
    values = [join(rdata.strings) for rrset in answer.answer if rrset.rdtype == dns.rdatatype.TXT for rdata in rrset]
    found = record.value.encode("ascii") in values
    shown = show(record.value.encode("ascii")) if found else " | ".join(map(show, values)) or "nothing"
    return ("ok" if found else "not ok"), shown if len(shown) <= 88 else f"{shown[:70]}… ({len(shown)} octets)"
