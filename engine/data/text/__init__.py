"""Text corpora: finding, decoding, splitting into sentences and words, vocabularies and batches."""
