"""Publishes records in the DNS: a folder for each provider, and the guard that looks before anything is written."""
