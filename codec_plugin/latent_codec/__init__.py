"""Latents to bytes and back: symbol order, quantisation, search."""
