"""The octoDNS classes that most people use, with their keys: for ``elastx-mrs init`` and the table in the docs."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from elastx_mrs.start import Needs

PAGE = "https://github.com/elastx/elastx-mrs/blob/main/docs/octodns.md"

CLASSES: Mapping[str, Mapping[str, Any]] = {
    "octodns_azure.AzureProvider": {
        "client_id": "env/AZURE_APPLICATION_ID",
        "key": "env/AZURE_AUTHENTICATION_KEY",
        "directory_id": "env/AZURE_DIRECTORY_ID",
        "sub_id": "env/AZURE_SUBSCRIPTION_ID",
        "resource_group": "env/AZURE_RESOURCE_GROUP",
    },
    "octodns_desec.DesecProvider": {"token": "env/DESEC_TOKEN"},
    "octodns_digitalocean.DigitalOceanProvider": {"token": "env/DIGITALOCEAN_TOKEN"},
    "octodns_gandi.GandiProvider": {"token": "env/GANDI_TOKEN"},
    "octodns_googlecloud.GoogleCloudProvider": {
        "project": "env/GOOGLE_CLOUD_PROJECT",
        "credentials_file": "env/GOOGLE_APPLICATION_CREDENTIALS",
    },
    "octodns_hetzner.HetznerProvider": {"token": "env/HCLOUD_TOKEN", "backend": "hcloud"},
    "octodns_ns1.Ns1Provider": {"api_key": "env/NS1_API_KEY"},
    "octodns_ovh.OvhProvider": {
        "endpoint": "ovh-eu",
        "application_key": "env/OVH_APPLICATION_KEY",
        "application_secret": "env/OVH_APPLICATION_SECRET",
        "consumer_key": "env/OVH_CONSUMER_KEY",
    },
    "octodns_powerdns.PowerDnsProvider": {
        "host": "env/POWERDNS_HOST",
        "port": "env/POWERDNS_PORT/8081",
        "api_key": "env/POWERDNS_API_KEY",
    },
    "octodns_bind.Rfc2136Provider": {
        "host": "env/BIND_HOST",
        "key_name": "env/BIND_KEY_NAME",
        "key_secret": "env/BIND_KEY_SECRET",
        "key_algorithm": "hmac-sha256",
    },
}
"""The keys of each class."""

CANNOT_LIST = frozenset(
    {"octodns_googlecloud.GoogleCloudProvider", "octodns_ovh.OvhProvider", "octodns_bind.Rfc2136Provider"}
)
"""The classes that need the key ``zones``."""


def package(path: str) -> str:
    """Return the name of the package of a class."""
    return path.partition(".")[0].replace("_", "-")


def needs_zones(answers: Mapping[str, Any]) -> bool:
    """Return whether the class in the answers is known to need the key ``zones``."""
    return answers.get("class") in CANNOT_LIST


def of_answers(answers: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the settings for the answers of ``elastx-mrs init``: one provider, with the usual keys and those given.

    Its id is the name of the package, without ``octodns_``.
    """
    path = str(answers.get("class", ""))
    own = re.sub(r"\W", "_", path.partition(".")[0].removeprefix("octodns_"))[:63] or "own"
    given = {key: _value(value) for key, value in answers.items() if key not in ("class", "keys")}
    typed = dict(_typed(str(answers.get("keys", "")), own))
    return {own: {**({"class": path} if path else {}), **CLASSES.get(path, {}), **typed, **given}}


def needs(settings: Mapping[str, Any]) -> Needs:
    """Return what a project with these settings needs."""
    packages, credentials, notes = [], [], []
    for key, one in settings.items():
        if one["class"].startswith("octodns_"):  # by convention; another name would only be a guess
            packages.append(package(one["class"]))
        credentials += [
            f"{value.split('/')[1]}: {name} of octodns.{key}"
            for name, value in one.items()
            if isinstance(value, str) and value.startswith("env/") and value.count("/") == 1
        ]
        if not one.keys() - {"class", "zones"}:
            credentials.append(f"the keys of {one['class']} in the stack's file, as {PAGE} describes")
            notes.append("add the keys of this class, as its documentation names them; for a secret, write env/NAME")
    return Needs(packages, credentials, notes)


def _typed(text: str, own: str) -> Iterator[tuple[str, Any]]:
    """Yield the keys that were typed. A key without a value gets the name of a variable."""
    for one in text.replace(",", " ").split():
        key, equals, value = one.partition("=")
        yield key, _value(value) if equals else f"env/{f'{own}_{key}'.upper()}"


def _value(given: Any) -> Any:
    """Return a value that was typed, in its type."""
    if not isinstance(given, str):
        return given
    return int(given) if re.fullmatch(r"0|[1-9][0-9]{0,8}", given) else {"true": True, "false": False}.get(given, given)
