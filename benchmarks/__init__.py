"""Measured speed, as ratios in one run."""
