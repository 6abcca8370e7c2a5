"""The codec as differentiable networks."""
