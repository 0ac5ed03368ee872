"""A DNS provider of another package: this folder and its entry point are all that there is of it."""
