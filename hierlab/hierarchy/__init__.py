"""The parts of a hierarchy below the label map: levels, names of clusters, trees, graphs."""
