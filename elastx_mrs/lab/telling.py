"""Prints how to use a lab from a shell."""

import os
import shlex
from collections.abc import Sequence

from elastx_mrs.lab import plugins
from elastx_mrs.lab.keys import key_file, token_file
from elastx_mrs.lab.sharing import Access


def tell(lab: Access, zones: Sequence[str], end: str) -> int:
    """Print how to use a lab; return the exit code.

    :param end: the last sentence, without its final period.
    """
    host, _, port = lab.address.rpartition(":")
    name = "example.com" if "example.com" in zones else zones[0]
    missing = plugins.advice(os.environ | lab.environment())
    print(
        f"The lab's DNS server answers at {lab.address}, over UDP and TCP. "
        "Use it for tests, not in production.\n"
        f"\n  dig @{host} -p {port} {name} TXT\n"
        f"\nCloudflare's API answers at {lab.url}, for the same zones:\n"
        f'\n  curl -H "Authorization: Bearer $(cat {shlex.quote(str(token_file(lab.directory)))})"'
        f" {lab.url}/zones\n"
        f"\nIt logs each request as a line in {lab.directory / 'cloudflare' / 'requests.jsonl'}.\n"
        + (f"\n{missing}\n" if missing else "")
        + f"\nThe zones are {', '.join(zones)}. Their files are in {lab.directory / 'zones'}.\n"
        f"Updates need the TSIG key {lab.key_name} (hmac-sha256), which is in {key_file(lab.directory)}.\n"
        f"\n{_exports(lab)}\n"
        "\nTo run a command with these variables, in this or another terminal: "
        "elastx-mrs lab -- COMMAND\n"
        f"{end}.",
        flush=True,
    )
    return 0


def _exports(lab: Access) -> str:
    """Return shell commands that set the variables; secrets come from files, so they are not on the screen."""
    files = {lab.key: key_file(lab.directory), lab.token: token_file(lab.directory)}
    return "\n".join(
        f"  export {name}={shlex.quote(value)}"
        if value not in files
        else f'  export {name}="$(cat {shlex.quote(str(files[value]))})"'
        for name, value in lab.environment().items()
    )
