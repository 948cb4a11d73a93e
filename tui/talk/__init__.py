"""Talking to a language model: what can be said, and what the answers look like."""
