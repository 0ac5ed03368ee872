"""Runs that are killed: whatever is killed, and when, the messages lead back to a zone in which nothing is lost.

``test_kill.py`` is the short one, of the suite; ``python -m tests.kill`` the long one, by hand.
"""
