"""XOR networks: forward pass, presets, initial weights; `batch` trains thousands side by side."""
