"""Tests of the training of XOR networks in batches."""
