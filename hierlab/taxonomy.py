"""WordNet as a graph of noun synsets."""


class Taxonomy:
    """Placeholder for the owner of this file."""
