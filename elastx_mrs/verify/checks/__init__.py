"""The checks of a domain, a module for each kind."""
