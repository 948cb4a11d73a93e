"""The XOR tab."""
