"""XOR networks by the thousand, each trained exactly as if it were alone."""
