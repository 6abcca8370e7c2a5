"""Training of progressive codecs: objective, data, loop, presets."""
