"""Training of language models: the LSTM in Keras and PyTorch, equal up to rounding, and the transformer."""
