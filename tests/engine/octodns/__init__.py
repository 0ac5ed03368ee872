"""Stacks that publish through octoDNS, on the real engine."""
