"""Training of the LSTM language model in Keras and in PyTorch, with equal results up to rounding."""
