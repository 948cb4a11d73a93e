"""Models, a folder per subject: inference in NumPy; training in NumPy, Numba, PyTorch and Keras."""
