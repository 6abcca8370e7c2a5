"""Class lists and groupings, shipped or read from files."""
