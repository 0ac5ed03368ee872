"""One verdict for each requirement, a module for each kind."""
