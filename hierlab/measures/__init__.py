"""Measures of a hierarchy: data in, frozen results out."""
