"""DNS on this machine: a small authoritative server, so that everything can be tried with no account and no network.

A tool for trying and testing, not for serving: it listens on loopback alone, and does what the trial needs.
"""
