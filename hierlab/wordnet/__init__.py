"""WordNet's nouns: synsets, taxonomy, Wu-Palmer, and which synset a class is."""
