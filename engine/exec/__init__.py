"""Runs of any command, `dltui exec`: what a command is, and the worker that starts it."""
