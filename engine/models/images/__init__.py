"""Image networks: their architecture as data, their layers in NumPy, and how well they classify."""
