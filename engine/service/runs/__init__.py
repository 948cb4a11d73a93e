"""Runs: submission, the state of each unsettled run, transitions, removal, verification."""
