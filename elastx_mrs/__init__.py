"""Every DNS record that Elastx Mail Relay needs, declared with Pulumi."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elastx_mrs.component.relay import MailRelay, stack_config

__version__ = "0.1.0"

__all__ = ["MailRelay", "__version__", "stack_config"]


def __getattr__(name: str) -> Any:
    """Load what needs Pulumi when it is asked for (PEP 562), so that the command starts without it."""
    if name in ("MailRelay", "stack_config"):
        from elastx_mrs.component import relay

        return getattr(relay, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
