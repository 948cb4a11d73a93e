"""Training of the LSTM language model in Keras and in PyTorch, equal number for number."""
