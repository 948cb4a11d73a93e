"""Runs: submission, the state of each while it may change, transitions, removal, verification."""
