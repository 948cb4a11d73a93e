"""Small networks trained by compiled loops."""
