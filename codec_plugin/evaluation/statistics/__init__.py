"""Statistics over photographs: intervals, areas, rate differences, bytes to reach an accuracy."""
