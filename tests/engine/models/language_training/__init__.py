"""Tests of the training of LSTM language models."""
