"""The experiments of the catalog, one file each: data, model and training loop. No file imports another."""
