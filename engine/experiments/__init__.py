"""The experiments: one file, one lesson. They do not know each other."""
