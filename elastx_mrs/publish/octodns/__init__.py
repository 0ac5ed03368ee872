"""Publishes through octoDNS's providers: about 45 DNS hosts, each a package such as ``octodns-hetzner``."""
