"""Text: hostile bytes, all ways to find a corpus, and batches that lose no word."""
