"""Latents to bytes and back: symbol order and quantisation."""
