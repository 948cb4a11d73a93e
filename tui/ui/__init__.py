"""Widgets and styles that every page uses."""
