"""Widgets, tables and panels that several pages share."""
