"""Readers of the logs of other programs, and the process that runs them; service and app import none."""
