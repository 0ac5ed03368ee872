"""Hostile zones, in memory, through everything that reads DNS: nothing that it answers ends in a traceback.

``python -m tests.fuzz --help`` is the long run.
"""
