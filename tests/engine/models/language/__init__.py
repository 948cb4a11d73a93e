"""Tests of inference with language models."""
