"""A small authoritative DNS server on this machine, to try everything without an account and a network.

It is for trials and tests, not for production: it listens only on loopback, and does only what a trial needs.
"""
