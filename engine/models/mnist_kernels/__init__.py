"""Compiled training steps of the small image networks: loops over sixteen images side by side."""
