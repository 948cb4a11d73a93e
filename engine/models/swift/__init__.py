"""Small image networks trained without a framework: compiled loops over sixteen images side by side."""
