"""Data sets: where they are published, downloading, reading and checking them."""
