"""What trained models compute, in NumPy alone: no framework, no files."""
