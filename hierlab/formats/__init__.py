"""Foreign formats: one file each, read and written."""
