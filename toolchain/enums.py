"""The names that the plugin's SDKs give to the values of keys which have a fixed list of them.

TypeScript takes the values as they are, such as ``"softfail"``. Go and Python have a constant for each, such as
``SpfAllSoftfail`` and ``SpfAll.SOFTFAIL``.
"""

from typing import NamedTuple

from elastx_mrs.records.names import TSIG_ALGORITHMS


class Choice(NamedTuple):
    """One value: its name in code, how it is written, and what it means."""

    name: str
    value: str
    description: str


class Enum(NamedTuple):
    """A type whose values are listed."""

    name: str
    description: str
    choices: tuple[Choice, ...]

    @property
    def values(self) -> tuple[str, ...]:
        """The values, in the order of the model."""
        return tuple(one.value for one in self.choices)


def _algorithm(value: str) -> Choice:
    mac, hash_, *bits = value.split("-")
    name = f"{mac.capitalize()}{hash_.capitalize()}{''.join(f'Truncated{one}' for one in bits)}"
    cut = "".join(f", truncated to {one} bits" for one in bits)
    return Choice(name, value, f"{mac.upper()}-{hash_.upper()}{cut} (RFC 8945 §6).")


ENUMS = (
    Enum(
        "SpfAll",
        "The SPF result for mail from servers that the record does not list (RFC 7208 §5.1).",
        (
            Choice("Fail", "fail", "Such mail is not authorized: -all."),
            Choice("Softfail", "softfail", "Such mail is probably not authorized: ~all."),
            Choice("Neutral", "neutral", "The record says nothing about such mail: ?all."),
        ),
    ),
    Enum(
        "DmarcPolicy",
        "What receivers do with mail that fails DMARC (RFC 9989 §4.7).",
        (
            Choice("None", "none", "Deliver it, and report it."),
            Choice("Quarantine", "quarantine", "Treat it as suspicious, for example as spam."),
            Choice("Reject", "reject", "Reject it."),
        ),
    ),
    Enum(
        "DmarcAlignment",
        "How a domain must match the domain of the sender (RFC 9989 §4.7).",
        (
            Choice("Relaxed", "r", "The organizational domains match."),
            Choice("Strict", "s", "The domains are the same."),
        ),
    ),
    Enum(
        "DmarcTesting",
        "Whether the policy is only tested (RFC 9989 §4.7).",
        (
            Choice("Yes", "y", "Receivers apply a weaker policy than the record says."),
            Choice("No", "n", "Receivers apply the policy."),
        ),
    ),
    Enum(
        "Mode",
        "What a failed check does.",
        (
            Choice("Require", "require", "The run fails."),
            Choice("Warn", "warn", "The run continues with a warning."),
            Choice("Off", "off", "Nothing is checked."),
        ),
    ),
    Enum(
        "Via",
        "The servers to query.",
        (
            Choice(
                "Delegation",
                "delegation",
                "The name servers of the zone, which are found by following the delegation from the root.",
            ),
            Choice("Resolvers", "resolvers", "Recursive resolvers only."),
        ),
    ),
    Enum(
        "TsigAlgorithm",
        "The algorithm of a TSIG key.",
        tuple(map(_algorithm, TSIG_ALGORITHMS)),
    ),
)
