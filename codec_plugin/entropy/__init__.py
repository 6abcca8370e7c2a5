"""Probabilities of the latent: float networks for training, integers for coding."""
