"""Stops a change that would break mail, before anything is written."""
