"""examples/gitops, run as a forge would run it."""
