"""What the NumPy models compute, against the frameworks that trained them."""
