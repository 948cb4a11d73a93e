"""Checks of this machine for `dltui doctor`, one module per topic."""
