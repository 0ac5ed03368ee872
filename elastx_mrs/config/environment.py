"""The table of this project's environment variables. Code that reads or names one takes its name from here.

Cloudflare's, Pulumi's and boto3's own variables are not here. This module imports no other package, because it is
loaded by the process of a dynamic provider at every ``up``.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from elastx_mrs.identity import DEFAULT_PROFILE

_RFC2136 = "ELASTX_MRS_RFC2136_"
_SECRET = re.compile(r"(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD|PASSPHRASE)$", re.IGNORECASE)


class Variable(NamedTuple):
    """An environment variable. Its texts are for the reference, in Markdown.

    :param name: its name in the environment.
    :param description: its effect, in one sentence.
    :param values: its possible values.
    :param default: the value that counts if it is unset or empty.
    """

    name: str
    description: str
    values: str
    default: str

    def __str__(self) -> str:
        """Return the name, for a message."""
        return self.name

    @property
    def names(self) -> tuple[str, ...]:
        """Every form of its name."""
        return (self.name,)


class PrimaryVariable(Variable):
    """A variable for an RFC 2136 primary. Each named profile has its own."""

    def of(self, profile: str) -> str:
        """Return the name of a profile's variable.

        It contains the name of the profile in capitals: ``ELASTX_MRS_RFC2136_INTERNAL_SERVER``.
        """
        own = "" if profile == DEFAULT_PROFILE else f"{profile.upper().replace('-', '_')}_"
        return f"{_RFC2136}{own}{self.name.removeprefix(_RFC2136)}"

    @property
    def names(self) -> tuple[str, ...]:
        """Its name without a profile, and its form with a profile."""
        return (self.name, self.of("<profile>"))


GUARD = Variable(
    "ELASTX_MRS_GUARD",
    "Sets the guard's mode for all domains, in this run.",
    "`require`, `warn` or `off`",
    "`guard` in the config",
)
VERIFICATION = Variable(
    "ELASTX_MRS_VERIFICATION",
    "Sets the mode of verification for all domains, in this run.",
    "`require`, `warn` or `off`",
    "`verification` in the config",
)
ADOPT = Variable(
    "ELASTX_MRS_ADOPT",
    "Adds names to `adopt` in the config, for this run: the stack takes over published records there.",
    "names of records, separated by commas",
    "only `adopt` in the config",
)
NAMESERVERS = Variable(
    "ELASTX_MRS_NAMESERVERS",
    "Queries only these DNS servers in this run; the option `--nameserver` takes precedence.",
    "addresses, separated by commas",
    "the servers in `verification` in the config, otherwise the public DNS",
)
RFC2136_SERVER = PrimaryVariable(
    f"{_RFC2136}SERVER",
    "Sets the address of the primary that accepts updates.",
    "an address, `[address]:port` or `name:port`",
    "`server` in the config, otherwise the primary in the zone's SOA",
)
RFC2136_KEY_NAME = PrimaryVariable(
    f"{_RFC2136}KEY_NAME",
    "Sets the name of the TSIG key that signs updates.",
    "a name, such as `mail-relay`",
    "`keyName` in the config, otherwise the name in the key's file",
)
RFC2136_KEY = PrimaryVariable(
    f"{_RFC2136}KEY",
    "Holds the TSIG key that signs updates.",
    "its secret in base64, or the content of a file from `tsig-keygen`",
    f"`{_RFC2136}KEY_FILE`, otherwise `tsigKey` (of a profile: `tsigKeys`) or `keyFile` in the config",
)
RFC2136_KEY_FILE = PrimaryVariable(
    f"{_RFC2136}KEY_FILE",
    "Names a file with the TSIG key; the variable with the key itself takes precedence.",
    "the path of a file from `tsig-keygen`",
    "`tsigKey` (of a profile: `tsigKeys`), otherwise `keyFile` in the config",
)
RFC2136_ALGORITHM = PrimaryVariable(
    f"{_RFC2136}ALGORITHM",
    "Names the algorithm of the TSIG key.",
    "`hmac-sha256`, or another [algorithm](#tsigalgorithm)",
    "`algorithm` in the config, then the one in the key's file, then `hmac-sha256`",
)
SMTP_PASSWORD = Variable(
    "ELASTX_MRS_SMTP_PASSWORD",
    "Holds the password for `elastx-mrs smtp --login`.",
    "the password",
    "the command prompts for it",
)
DEBUG = Variable(
    "ELASTX_MRS_DEBUG",
    "Shows the traceback of an internal error, which can contain values from your config.",
    "`1` or `0`",
    "`0`",
)
LAB_CLOCK = Variable(
    "ELASTX_MRS_LAB_CLOCK",
    "Speeds up the clock of Cloudflare's rate limit, in the lab and in its commands; for tests only.",
    "a factor, such as `10`",
    "`1`",
)
LAB_TODAY = Variable(
    "ELASTX_MRS_LAB_TODAY",
    "Sets the date of today for the states of DKIM keys; for tests and the lab only.",
    "a date or a time in UTC, such as `2026-11-30` or `2026-11-30T10:15Z`",
    "today's date in UTC",
)
LAB_DNS = Variable(
    "ELASTX_MRS_LAB_DNS",
    "Tells the COMMAND of `elastx-mrs lab` where the lab's DNS server is; elastx-mrs itself does not read it.",
    "the address and port of the lab's DNS server",
    "unset",
)
COMPLETE = Variable(
    "_ELASTX_MRS_COMPLETE",
    "Requests completions for the shell; only the script of `elastx-mrs completion` sets it.",
    "set by that script",
    "unset",
)

VARIABLES: tuple[Variable, ...] = (
    GUARD,
    VERIFICATION,
    ADOPT,
    NAMESERVERS,
    RFC2136_SERVER,
    RFC2136_KEY_NAME,
    RFC2136_KEY,
    RFC2136_KEY_FILE,
    RFC2136_ALGORITHM,
    SMTP_PASSWORD,
    DEBUG,
    LAB_CLOCK,
    LAB_TODAY,
    LAB_DNS,
    COMPLETE,
)
"""The table, in the order of the reference."""


def holds_secret(name: str) -> bool:
    """Return whether a variable of any program holds a secret, judged by its name."""
    return _SECRET.search(name) is not None


def secrets(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the secrets that an environment holds."""
    return tuple(value for name, value in environment.items() if value and holds_secret(name))
