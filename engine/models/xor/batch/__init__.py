"""Training of thousands of XOR networks side by side, each exactly as if it were alone."""
