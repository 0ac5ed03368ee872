"""What Pulumi's bridge says of settings and inputs that are wrong; it leaves the failure's property empty."""

_INVALID = "could not validate provider configuration: "
_TOKEN = (
    "Invalid Attribute Value. Attribute api_token API tokens must only contain characters a-z, A-Z, 0-9, hyphens and "
    "underscores"
)
_MEANING = {
    "name": "DNS record name (or @ for the zone apex) in Punycode.",
    "ttl": "Time To Live (TTL) of the DNS record in seconds. Setting to 1 means 'automatic'. Value must be between 60 "
    "and 86400, with the minimum reduced to 30 for Enterprise zones.",
    "type": "Record type.",
    "zoneId": "Identifier.",
}

MISSING = {key: f"Missing required property '{key}': {meaning}" for key, meaning in _MEANING.items()}
"""Why a ``DnsRecord`` without one of these inputs is none, by its name."""


def unknown_setting(provider: str, key: str) -> str:
    """Return what is said of a setting that the provider does not have.

    :param provider: the resource's name; that of the default provider begins with ``default``.
    """
    if not _is_default(provider):
        return f"{_INVALID}Invalid or unknown key. Examine values at '{provider}.{key}'."
    return (
        f"`cloudflare:{key}` is not a valid configuration key for the cloudflare provider. If the referenced key is "
        "not intended for the provider, please choose a different namespace from `cloudflare:`."
    )


def malformed_token(provider: str) -> str:
    """Return what is said of a token that has another form; see :func:`unknown_setting`."""
    if _is_default(provider):
        return f"{_INVALID}{_TOKEN}. Check `pulumi config get cloudflare:apiToken`."
    return f"{_INVALID}{_TOKEN}. Examine values at '{provider}.apiToken'."


def _is_default(provider: str) -> bool:
    return not provider or provider.startswith("default")
