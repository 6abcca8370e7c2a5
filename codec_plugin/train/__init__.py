"""Training of progressive codecs: settings and presets, start, objective, loop, export."""
