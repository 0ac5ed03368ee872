"""Tests of publishing through providers of octoDNS."""
