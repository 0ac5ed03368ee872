"""Builds Pulumi where the machine has none."""
