"""Carries one query to one server: over UDP and TCP, TLS or HTTPS."""
