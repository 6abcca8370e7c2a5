"""Checkpoint files: weights, integer tables and what they were trained for."""
