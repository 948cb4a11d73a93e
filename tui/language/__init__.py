"""The Language tab."""
