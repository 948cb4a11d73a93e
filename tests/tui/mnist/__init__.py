"""Tests of the MNIST tab."""
