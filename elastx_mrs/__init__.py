"""Every DNS record that Elastx Mail Relay needs, declared with Pulumi."""

import gc
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elastx_mrs.component.args import (
        CloudflareArgs,
        DkimArgs,
        DmarcArgs,
        DomainArgs,
        GuardArgs,
        MailRelayArgs,
        OctodnsArgs,
        ProfileArgs,
        Rfc2136Args,
        Route53Args,
        SpfArgs,
        VerificationArgs,
    )
    from elastx_mrs.component.relay import MailRelay, stack_config

__version__ = "0.1.0"

__all__ = [
    "CloudflareArgs",
    "DkimArgs",
    "DmarcArgs",
    "DomainArgs",
    "GuardArgs",
    "MailRelay",
    "MailRelayArgs",
    "OctodnsArgs",
    "ProfileArgs",
    "Rfc2136Args",
    "Route53Args",
    "SpfArgs",
    "VerificationArgs",
    "__version__",
    "stack_config",
]


def __getattr__(name: str) -> Any:
    """Load what needs Pulumi when it is asked for (PEP 562), so that the command starts without it."""
    if name in __all__:
        # What is loaded stays until the end: looking for garbage in it is a tenth of the import's time.
        collecting = gc.isenabled()
        gc.disable()
        try:
            if name.endswith("Args"):
                from elastx_mrs.component import args

                return getattr(args, name)
            from elastx_mrs.component import relay

            return getattr(relay, name)
        finally:
            if collecting:
                gc.enable()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
