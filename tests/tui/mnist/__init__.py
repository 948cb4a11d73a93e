"""Tests of the MNIST lab's own words."""
