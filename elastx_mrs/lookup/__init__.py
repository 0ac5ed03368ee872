"""Queries name servers for the guard and verification, and reads their answers as mail receivers do."""
