"""The twins: one LSTM language model to train, in Keras and in PyTorch, number for number the same."""
