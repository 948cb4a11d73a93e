"""Inference of trained language models in NumPy, from whichever framework: predict, generate, score."""
