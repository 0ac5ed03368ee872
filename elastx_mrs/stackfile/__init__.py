"""A stack's config as Pulumi reads it: the stack's file, the project's defaults, encrypted values, and their check."""
