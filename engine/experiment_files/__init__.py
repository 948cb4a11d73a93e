"""Experiments that are files of the user's own: described and kept with runs; only workers import them."""
