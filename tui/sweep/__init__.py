"""Sweeps on the screen: the list, the trials, the pictures, the forms."""
