"""Text: corpora found, decoded, split into sentences and words, and dealt out in batches."""
