"""Tests of the language models at work."""
