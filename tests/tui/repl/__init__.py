"""Tests of the REPL tab."""
