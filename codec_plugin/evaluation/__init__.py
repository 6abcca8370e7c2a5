"""Honest curves: real file bytes, quality and recognition, per photograph and cut."""
