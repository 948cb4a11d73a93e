"""Data sets: where they are published, how they are fetched, read and checked."""
