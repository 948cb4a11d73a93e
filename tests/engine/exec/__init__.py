"""Tests of the worker of commands, and of what a command is."""
