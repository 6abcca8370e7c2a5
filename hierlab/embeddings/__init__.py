"""Text vectors of classes: prompts, encoders, prototypes and similarity tables."""
