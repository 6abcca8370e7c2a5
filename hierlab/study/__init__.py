"""Robustness studies: a grid of partitions and what moves them."""
