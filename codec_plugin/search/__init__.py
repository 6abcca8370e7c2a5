"""The encoder's search: what `--effort` lowers for one picture, and how."""
