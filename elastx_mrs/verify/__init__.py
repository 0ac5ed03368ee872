"""Judges what the name servers answer: one verdict for each requirement, and what to do about it."""
