"""Colours and text of every page."""
