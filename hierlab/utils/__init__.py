"""Files, terminal and text tables: what every package here writes with."""
