"""Training of thousands of XOR networks as one batch; each ends with the bits it has when trained alone."""
