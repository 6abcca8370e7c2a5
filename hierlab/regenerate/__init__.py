"""Rebuild what ships, data/ and hierarchies/, byte for byte from named sources."""
