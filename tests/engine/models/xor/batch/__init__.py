"""Tests of the networks trained by the thousand."""
