"""Tests of talking to a language model."""
