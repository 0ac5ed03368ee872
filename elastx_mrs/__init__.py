"""Elastx Mail Relay's DNS records, declared with Pulumi."""

__version__ = "0.1.0"
