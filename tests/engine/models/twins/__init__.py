"""Tests of the twins."""
