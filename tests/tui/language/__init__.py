"""Tests of the Language tab."""
