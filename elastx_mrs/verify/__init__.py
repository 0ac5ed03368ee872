"""Checks the answers of the name servers: a verdict for each requirement, and how to fix what is wrong."""
