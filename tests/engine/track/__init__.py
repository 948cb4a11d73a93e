"""Tests of the module that training scripts import."""
