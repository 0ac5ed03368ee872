"""A received message: did the whole chain work?"""
