"""Tests of experiments that are files."""
