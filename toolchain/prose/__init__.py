"""Checks the project's text against the style of its pages: short sentences, and none of a few phrases."""
