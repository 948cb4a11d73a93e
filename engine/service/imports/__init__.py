"""Runs that are imported: their folders, and the process that reads their logs."""
