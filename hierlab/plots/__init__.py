"""Figures of a hierarchy: one a file, each with the CSV it was drawn from."""
