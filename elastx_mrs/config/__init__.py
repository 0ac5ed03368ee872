"""The stack's config: its shape, its rules, and what is worth saying of one that is right."""
