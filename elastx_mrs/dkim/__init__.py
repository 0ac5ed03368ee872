"""DKIM keys of one's own, and the rotation of keys."""
