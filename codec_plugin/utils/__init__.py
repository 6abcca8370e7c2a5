"""Threads, precision and the signature of our files."""
