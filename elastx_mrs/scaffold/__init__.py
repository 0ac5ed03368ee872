"""A first project: what it needs to know, its files in each language, and how they are written: all or none."""
